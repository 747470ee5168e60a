"""What is timed: which image over which link, by which tools, and what the first of them is to reach."""
import os


class Case:
    """One table. `goals` maps a peer to how many times faster than it the first tool is to be."""

    def __init__(self, name, image, link, tools, goals, runs=None):
        self.name, self.image, self.link, self.tools, self.goals, self.runs = name, image, link, tools, goals, runs


CASES = [
    Case("multi", "multi", "near", ["mcjr", "crane"], {"crane": 1.6}),
    Case("big", "big", "near", ["mcjr", "crane"], {"crane": 1.6}),
    Case("many", "many", "near", ["mcjr", "crane"], {"crane": 1.6}),
    Case("big-tls", "big", "tls", ["mcjr", "crane"], {"crane": 1.4}),
    Case("big-far", "big", "far", ["mcjr", "crane"], {"crane": 10}, runs=3),
    Case("big-far-8", "big", "far", ["mcjr-8", "curl-8"], {"curl-8": 0.95}),
    Case("multi-far", "multi", "far", ["mcjr", "crane", "oras", "jib"], {"crane": 8, "oras": 3, "jib": 3}, runs=3),
    Case("many-far", "many", "far", ["mcjr", "crane", "oras"], {"crane": 8, "oras": 3}),
    Case("multi-raw", "multi", "near", ["mcjr-raw", "skopeo"], {"skopeo": 3}),
    # Debian's skopeo (1.9) cannot do it; Jib decodes zstd, but writes the layers as they are.
    Case("zstd", "zstd", "near", ["mcjr", "jib"], {"jib": 1}),
    Case("java", "multi", "near", ["java", "mcjr"], {}),
    Case("crowd", "multi", "near", ["crowd"], {}, runs=3),
    Case("layers-1", "layers-1", "near", ["mcjr"], {}),
    Case("layers-10", "layers-10", "near", ["mcjr"], {}),
    Case("layers-100", "layers-100", "near", ["mcjr"], {}),
    Case("layers-1000", "layers-1000", "near", ["mcjr"], {}),
    Case("gib-0.1", "gib-0.1", "near", ["mcjr"], {}),
    Case("gib-1", "gib-1", "near", ["mcjr"], {}),
    Case("gib-10", "gib-10", "near", ["mcjr"], {}, runs=3),
]


def command(tool, case, hostport, out, blobs, given, tls):
    """The command line of `tool`, and what it needs in its environment."""
    repository, peers = f"bench/{case.image}", given.peers
    scheme = "https" if case.link == "tls" else "http"
    mcjr = [given.mcjr, "pull", "--quiet", "--endpoint", f"{scheme}://{hostport}"]
    if case.link == "tls":
        mcjr += ["--ca", f"{tls}/ca.pem"]
    ours = {"mcjr": [], "mcjr-8": ["--max-connections", "8"], "mcjr-raw": ["--layers", "uncompressed"]}
    if tool in ours:
        return mcjr + ours[tool] + [f"{repository}:1", out], {}
    if tool == "crane":
        return [f"{peers}/crane", "pull", f"{hostport}/{repository}:1", out], {"SSL_CERT_FILE": f"{tls}/ca.pem"}
    if tool == "oras":
        return [f"{peers}/oras", "backup", "--no-tty", "--plain-http", "--output", out, f"{hostport}/{repository}:1"], {}
    if tool == "skopeo":
        return ["skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false",
                f"docker://{hostport}/{repository}:1", f"docker-archive:{out}:{repository}:1"], {}
    if tool == "jib":
        classes = os.path.join(given.work, "jib/target")
        return ["java", "-cp", f"{classes}/jibbench-1.jar:{classes}/lib/*", "JibPull", f"{hostport}/{repository}:1", out,
                f"{out}.cache"], {}
    if tool == "java":
        return ["java", "-cp", given.java, "Twice", f"http://{hostport}", f"{repository}:1", out, "1"], {}
    if tool == "crowd":
        here = os.path.dirname(os.path.abspath(__file__))
        library = os.path.join(os.path.dirname(given.mcjr), "libmulticloudj_registry.so")
        return ["python3", f"{here}/crowd.py", library, f"http://{hostport}", f"{repository}:1", out], {}
    if tool == "curl-8":
        # The blobs alone, to files, in ranges of 16 MiB over eight connections: no hash, no tar.
        return ["curl", "-sS", "-Z", "--parallel-max", "8", "-K", curl_config(hostport, repository, blobs, out)], {}
    raise SystemExit(f"no tool {tool}")


def curl_config(hostport, repository, blobs, out):
    config, part = f"{out}.curl", 16 << 20
    with open(config, "w") as file:
        for digest, size in blobs:
            for start in range(0, size, part):
                end = min(start + part, size) - 1
                file.write(f"{'next' if file.tell() else ''}\nurl=http://{hostport}/v2/{repository}/blobs/{digest}\n"
                           f"output={out}.{start}.part\nrange={start}-{end}\nsilent\nshow-error\nfail\n")
    return config
