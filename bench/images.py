"""Makes images out of this machine's own files and pushes them to a registry on loopback.

  big       one gzip layer of about 1024 MiB * scale, 5 % of it noise
  multi     twelve gzip layers of 170 to 2 MiB * scale, about 600 MiB * scale in all
  zstd      the same files in zstd layers
  many      one hundred gzip layers of 1 to 300 KiB
  layers-N  N layers of 64 KiB of noise
  gib-N     one layer of N GiB * scale, the same 64 MiB of noise over and over
The same files give the same bytes: times are kept, the owner is root, the order is sorted.
"""
import hashlib
import http.client
import json
import os
import random
import shutil
import stat
import subprocess
import tarfile
import tempfile

MIB = 1 << 20
HOME = os.path.expanduser("~")
TREES = ["/usr/lib", HOME + "/.rustup", "/usr/local", HOME + "/.cargo", HOME + "/go", "/usr/share", "/usr/bin"]
OCI = "application/vnd.oci.image."
MULTI = [170, 120, 90, 70, 50, 40, 25, 15, 10, 5, 3, 2]


def exists(hostport, repository):
    return request(hostport, "HEAD", f"/v2/{repository}/manifests/1", headers={"Accept": OCI + "manifest.v1+json"})[0] == 200


def make(hostport, name, scale, work):
    files, repository = tree_files(), f"bench/{name}"
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        if name == "big":
            size = int(1024 * MIB * scale)
            noise = random.Random(7).randbytes(size // 20)
            layers = [Layer(scratch, files, size - len(noise), noise)]
        elif name in ("multi", "zstd"):
            layers = [Layer(scratch, files, int(size * MIB * scale), packer=name) for size in MULTI]
        elif name == "many":
            sizes, files = random.Random(11), tree_files(["/usr/share", "/usr/include"], 200_000)
            # By what goes in: of so little the packer still holds all when the next file comes.
            layers = [Layer(scratch, files, raw=sizes.randint(1, 300) * 3 << 10) for _ in range(100)]
        elif name.startswith("layers-"):
            noise = random.Random(13)
            layers = [Noise(scratch, 64 << 10, noise) for _ in range(int(name.split("-")[1]))]
        else:
            layers = [Noise(scratch, int(float(name.split("-")[1]) * 1024 * MIB * scale), random.Random(17))]
        push(hostport, repository, layers)


def tree_files(trees=TREES, largest=600 * MIB):
    """Regular files and symlinks, an inode once."""
    seen = set()
    for tree in trees:
        for root, dirs, names in os.walk(tree):
            dirs.sort()
            for name in sorted(names):
                path = os.path.join(root, name)
                try:
                    info = os.lstat(path)
                except OSError:
                    continue
                usable = stat.S_ISLNK(info.st_mode) or stat.S_ISREG(info.st_mode) and info.st_size < largest
                if usable and info.st_ino not in seen:
                    seen.add(info.st_ino)
                    yield path


class Hashing:
    """Passes on what the tar writer writes, and hashes it: the diffID."""

    def __init__(self, out):
        self.out, self.hash, self.size = out, hashlib.sha256(), 0

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        return self.out.write(data)


class Layer:
    """Takes files until `size` bytes are packed, or `raw` bytes are in."""

    media_type = OCI + "layer.v1.tar+gzip"

    def __init__(self, work, files, size=0, noise=None, packer="gzip", raw=0):
        self.path = tempfile.mktemp(dir=work)
        if packer == "zstd":
            self.media_type = OCI + "layer.v1.tar+zstd"
            packer = ["zstd", "-3", "-T2", "-q", "-c"]
        else:
            packer = ["pigz", "-6", "-n", "-c"] if shutil.which("pigz") else ["gzip", "-6", "-n", "-c"]
        with open(self.path, "wb") as packed:
            process = subprocess.Popen(packer, stdin=subprocess.PIPE, stdout=packed)
            hashing = Hashing(process.stdin)
            with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 18) as tar:
                for path in files:
                    self.add(tar, path)
                    # What the packer still holds is not counted; on these sizes that is nothing.
                    if hashing.size >= raw if raw else os.fstat(packed.fileno()).st_size >= size:
                        break
                if noise:
                    entry = tarfile.TarInfo("var/noise")
                    entry.size = len(noise)
                    tar.addfile(entry, Bytes(noise))
            process.stdin.close()
            if process.wait():
                raise SystemExit(f"{packer[0]} failed")
        self.diff_id = "sha256:" + hashing.hash.hexdigest()
        with open(self.path, "rb") as packed:
            self.digest = "sha256:" + hashlib.file_digest(packed, "sha256").hexdigest()
        self.size = os.path.getsize(self.path)

    @staticmethod
    def add(tar, path):
        try:
            with open(path, "rb") as file:
                entry = tar.gettarinfo(path, path.lstrip("/"))
                entry.uid = entry.gid = 0
                entry.uname = entry.gname = ""
                tar.addfile(entry, file if entry.isreg() else None)
        except OSError:
            pass  # unreadable, or a dangling link


class Noise:
    """A layer that is no tar: nobody who keeps layers as stored looks into it."""
    media_type = OCI + "layer.v1.tar"

    def __init__(self, work, size, noise):
        self.path, self.size = tempfile.mktemp(dir=work), size
        block, left, digest = noise.randbytes(min(size, 64 * MIB)), size, hashlib.sha256()
        with open(self.path, "wb") as file:
            while left:
                piece = block[:left]
                file.write(piece)
                digest.update(piece)
                left -= len(piece)
        self.digest = self.diff_id = "sha256:" + digest.hexdigest()


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def read(self, size):
        piece = self.data[self.at:self.at + size]
        self.at += len(piece)
        return piece


def push(hostport, repository, layers):
    config = json.dumps({
        "created": "2024-01-01T00:00:00Z", "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
    }).encode()
    for layer in layers:
        with open(layer.path, "rb") as file:
            upload(hostport, repository, layer.digest, layer.size, file)
    digest = "sha256:" + hashlib.sha256(config).hexdigest()
    upload(hostport, repository, digest, len(config), config)
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
        "config": {"mediaType": OCI + "config.v1+json", "digest": digest, "size": len(config)},
        "layers": [{"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size} for layer in layers],
    }).encode()
    request(hostport, "PUT", f"/v2/{repository}/manifests/1", manifest, {"Content-Type": OCI + "manifest.v1+json"}, 201)


def upload(hostport, repository, digest, size, body):
    location = request(hostport, "POST", f"/v2/{repository}/blobs/uploads/", b"", {}, 202)[1]["location"]
    path = "/" + location.split("://", 1)[-1].split("/", 1)[-1]
    path += ("&" if "?" in path else "?") + "digest=" + digest
    headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
    request(hostport, "PUT", path, body, headers, 201)


def request(hostport, method, path, body=None, headers=None, want=None):
    connection = http.client.HTTPConnection(hostport, timeout=600)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    if want and answer.status != want:
        raise SystemExit(f"{method} {path}: {answer.status} {data[:300]!r}")
    return answer.status, {key.lower(): value for key, value in answer.getheaders()}, data
