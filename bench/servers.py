"""The registry, plain and with TLS over the same content, and the shaped link in front of it."""
import os
import re
import subprocess
import time


class Server:
    """A process that is stopped with us and tells its port in its log."""

    def __init__(self, work, name, command, pattern):
        self.log = os.path.join(work, f"{name}.log")
        with open(self.log, "w") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        for _ in range(500):
            found = re.search(pattern, open(self.log).read())
            if found:
                self.hostport = found[1]
                return
            time.sleep(0.02)
        self.stop()
        raise SystemExit(f"{name} is not up, see {self.log}")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def registry(work, scale, tls=None):
    """Debian's docker-registry on a free port; `tls` is a folder with server.pem and server.key."""
    # One folder a scale: images of one are not those of another.
    data = os.path.join(work, f"registry-{scale}")
    os.makedirs(data, exist_ok=True)
    name = "registry-tls" if tls else "registry"
    config = os.path.join(work, f"{name}.yml")
    certificate = f", tls: {{certificate: {tls}/server.pem, key: {tls}/server.key}}" if tls else ""
    with open(config, "w") as file:
        file.write("version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\n"
                   f"storage: {{filesystem: {{rootdirectory: {data}/data, maxthreads: 100}}}}\n"
                   f"http: {{addr: '127.0.0.1:0', secret: none{certificate}}}\n")
    return Server(work, name, ["docker-registry", "serve", config], r"listening on ([0-9.]+:[0-9]+)")


def shaper(work, binary, target):
    """20 ms round trip, 40 MB/s a connection, slow start: an object store that is far away."""
    return Server(work, "shaper", [binary, "--listen", "127.0.0.1:0", "--to", target, "--rtt-ms", "20", "--conn-mbps", "40"],
                  r"listening on ([0-9.]+:[0-9]+)")


def authority(work):
    """A private CA and a certificate of it for 127.0.0.1."""
    folder = os.path.join(work, "tls")
    if os.path.exists(f"{folder}/server.pem"):
        return folder
    os.makedirs(folder, exist_ok=True)

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=bench", "-days", "3650")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    with open(f"{folder}/san", "w") as file:
        file.write("subjectAltName=IP:127.0.0.1")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650",
            "-extfile", "san", "-out", "server.pem")
    return folder
