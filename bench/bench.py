#!/usr/bin/env python3
"""Times pulls from a registry on loopback, tool beside tool. The method, and what it leaves out, is in README.md."""
import argparse
import hashlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tarfile
import threading
import time

import images

MIB = 1 << 20


class Registry:
    """Debian's docker-registry on a free port."""

    def __init__(self, work, scale):
        # One folder a scale: images of one are not those of another.
        self.dir = os.path.join(work, f"registry-{scale}")
        os.makedirs(self.dir, exist_ok=True)
        config, log = os.path.join(self.dir, "config.yml"), os.path.join(self.dir, "log")
        with open(config, "w") as file:
            file.write("version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\n"
                       f"storage: {{filesystem: {{rootdirectory: {self.dir}/data, maxthreads: 100}}}}\n"
                       "http: {addr: '127.0.0.1:0', secret: none}\n")
        with open(log, "w") as out:
            self.process = subprocess.Popen(["docker-registry", "serve", config], stdout=out, stderr=out)
        for _ in range(500):
            found = re.search(r"listening on ([0-9.]+:[0-9]+)", open(log).read())
            if found:
                self.hostport = found[1]
                return
            time.sleep(0.02)
        self.stop()
        raise SystemExit(f"docker-registry is not up, see {log}")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure(command):
    """Wall and CPU seconds and peak bytes of one process."""
    null = os.open(os.devnull, os.O_RDWR)
    quiet = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=quiet)
    peak, done = [0], threading.Event()

    def sample():
        # Not wait4's ru_maxrss: it counts the pages of this interpreter, which the child had before it became the tool.
        # The high water mark is the kernel's, so only what is grown in the last few milliseconds can be missed.
        while not done.is_set():
            try:
                with open(f"/proc/{pid}/status") as status:
                    found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
            except OSError:
                return
            if found:
                peak[0] = int(found[1]) * 1024
            done.wait(0.005)

    watcher = threading.Thread(target=sample)
    watcher.start()
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    done.set()
    watcher.join()
    os.close(null)
    if status:
        raise SystemExit(f"{' '.join(command)}: exit {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime, peak[0]


def check(tar, manifest):
    """The archive holds the manifest's layers, in order, byte for byte: a fast pull of something else is no pull."""
    with tarfile.open(tar) as archive:
        names = json.load(archive.extractfile("manifest.json"))[0]["Layers"]
        got = ["sha256:" + hashlib.file_digest(archive.extractfile(name), "sha256").hexdigest() for name in names]
    want = [layer["digest"] for layer in manifest["layers"]]
    if got != want:
        raise SystemExit(f"{tar}: layers {got}, not {want}")


def table(name, manifest, runs):
    size = sum(layer["size"] for layer in manifest["layers"])
    print(f"\n{name}: {len(manifest['layers'])} layers, {size / 1e6:.0f} MB, {len(next(iter(runs.values())))} runs each")
    print(f"  {'':14}{'wall s: median (min..max)':28}{'CPU s':>8}{'peak MiB':>10}")
    middle = {}
    for tool, measured in runs.items():
        walls = [run[0] for run in measured]
        middle[tool] = [statistics.median(column) for column in zip(*measured)]
        wall, cpu, peak = middle[tool]
        spread = f"{wall:.2f} ({min(walls):.2f}..{max(walls):.2f})"
        print(f"  {tool:14}{spread:28}{cpu:8.2f}{peak / MIB:10.1f}")
    wall, cpu, peak = (ours / theirs for ours, theirs in zip(middle["mcjr pull"], middle["crane pull"]))
    print(f"  {'mcjr / crane':14}{f'{wall:.2f}':28}{cpu:8.2f}{peak:10.2f}")


def version(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()[0]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scale", type=float, default=1.0, help="size of the images; 1.0 is 1024 and 600 MiB")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--only", default="multi,big", help="images, comma-separated")
    options.add_argument("--mcjr", required=True)
    options.add_argument("--crane", required=True)
    options.add_argument("--work", required=True, help="folder for the registry's content and the archives")
    given = options.parse_args()

    work = os.path.abspath(given.work)
    out = os.path.join(work, "out.tar")
    os.makedirs(work, exist_ok=True)
    print(f"{os.cpu_count()} cores, {cpu_model()}, Linux {platform.release()}")
    print(f"{version(given.mcjr, '--version')}; crane {version(given.crane, 'version')}; {version('docker-registry', '--version')}")
    registry = Registry(work, given.scale)
    try:
        for name in given.only.split(","):
            if not images.exists(registry.hostport, f"bench/{name}"):
                print(f"making {name} (once)", file=sys.stderr, flush=True)
                images.make(registry.hostport, name, given.scale, work)
            compare(registry, name, given, out)
    finally:
        registry.stop()
        if os.path.exists(out):
            os.unlink(out)


def compare(registry, name, given, out):
    hostport, repository = registry.hostport, f"bench/{name}"
    manifest = json.loads(images.request(hostport, "GET", f"/v2/{repository}/manifests/1", None,
                                         {"Accept": images.OCI + "manifest.v1+json"}, 200)[2])
    tools = {
        "mcjr pull": [given.mcjr, "pull", "--quiet", "--endpoint", f"http://{hostport}", f"{repository}:1", out],
        "crane pull": [given.crane, "pull", f"{hostport}/{repository}:1", out],
    }
    runs = {tool: [] for tool in tools}
    for turn in range(given.runs + 1):
        for tool, command in tools.items():
            if os.path.exists(out):
                os.unlink(out)
            measured = measure(command)
            if turn == 0:
                check(out, manifest)  # the first turn warms the page cache and is not counted
            else:
                runs[tool].append(measured)
    table(name, manifest, runs)


def cpu_model():
    with open("/proc/cpuinfo") as info:
        found = re.search(r"model name\s*: (.*)", info.read())
    return found[1] if found else platform.machine()


if __name__ == "__main__":
    main()
