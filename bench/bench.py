#!/usr/bin/env python3
"""Times pulls from a registry, tool beside tool. The method, and what it leaves out, is in README.md."""
import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tarfile

import images
import servers
from cases import CASES, command
from measure import measure

MIB = 1 << 20
# Whose archives have a manifest.json with layers as stored: what they hold is checked.
AS_STORED = {"mcjr", "mcjr-8", "crane", "java"}


def check(tar, digests):
    """The archive holds the manifest's layers, in order, byte for byte: a fast pull of something else is no pull."""
    with tarfile.open(tar) as archive:
        names = json.load(archive.extractfile("manifest.json"))[0]["Layers"]
        got = ["sha256:" + hashlib.file_digest(archive.extractfile(name), "sha256").hexdigest() for name in names]
    if got != digests:
        raise SystemExit(f"{tar}: layers {got}, not {digests}")


def documents(hostport, repository):
    accept = {"Accept": images.OCI + "manifest.v1+json"}
    manifest = json.loads(images.request(hostport, "GET", f"/v2/{repository}/manifests/1", None, accept, 200)[2])
    config = json.loads(images.request(hostport, "GET", f"/v2/{repository}/blobs/{manifest['config']['digest']}", want=200)[2])
    return manifest, config["rootfs"]["diff_ids"]


def compare(case, hostport, plain, given, tls):
    manifest, diff_ids = documents(plain, f"bench/{case.image}")
    blobs = [(layer["digest"], layer["size"]) for layer in manifest["layers"]]
    # An archive a tool: the page cache treats a file that is written over unlike a new one.
    tools = [tool for tool in case.tools if tool != "jib" or os.path.isdir(f"{given.work}/jib/target/lib")]
    count, runs = case.runs or given.runs, {tool: [] for tool in tools}
    for turn in range(count + 1):
        for tool in tools:
            clean(given.work)
            out = os.path.join(given.work, "out", f"{tool}.tar")
            words, environment = command(tool, case, hostport, out, blobs, given, tls)
            measured = measure(words, environment)
            if turn == 0:  # warms the page cache and is not counted
                if tool in AS_STORED and case.image != "zstd":
                    check(out, [digest for digest, _ in blobs])
                elif tool in ("mcjr", "mcjr-raw", "skopeo"):
                    check(out, diff_ids)
            else:
                runs[tool].append(measured)
    clean(given.work)
    return table(case, blobs, runs)


def clean(work):
    shutil.rmtree(os.path.join(work, "out"), ignore_errors=True)
    os.makedirs(os.path.join(work, "out"))


def table(case, blobs, runs):
    size = sum(size for _, size in blobs)
    print(f"\n{case.name}: {len(blobs)} layers, {size / 1e6:.0f} MB, {case.link}, {len(next(iter(runs.values())))} runs each")
    print(f"  {'':10}{'wall s: median (min..max)':28}{'CPU s':>8}{'peak MiB':>10}{'  x mcjr':>9}")
    first = next(iter(runs))
    ours = statistics.median(run[0] for run in runs[first])
    for tool, measured in runs.items():
        walls = [run[0] for run in measured]
        wall, cpu, peak = (statistics.median(column) for column in zip(*measured))
        spread = f"{wall:.2f} ({min(walls):.2f}..{max(walls):.2f})"
        goal = case.goals.get(tool)
        reached = f"  goal {goal}: {'reached' if wall / ours >= goal else 'MISSED'}" if goal else ""
        print(f"  {tool:10}{spread:28}{cpu:8.2f}{peak / MIB:10.1f}{wall / ours:9.2f}{reached}", flush=True)
    return {"case": case.name, "link": case.link, "bytes": size, "layers": len(blobs), "runs": runs}


def version(*words):
    return subprocess.run(words, capture_output=True, text=True).stdout.strip().splitlines()[0]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scale", type=float, default=1.0, help="size of the images; 1.0 is 1024 and 600 MiB")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--only", default="", help="cases, comma-separated")
    options.add_argument("--mcjr", required=True)
    options.add_argument("--peers", required=True, help="folder with crane, oras and shaper")
    options.add_argument("--java", required=True, help="class path with Twice and the jar")
    options.add_argument("--work", required=True, help="folder for the registry's content and the archives")
    given = options.parse_args()
    given.work = os.path.abspath(given.work)
    os.makedirs(given.work, exist_ok=True)
    wanted = [case for case in CASES if not given.only or case.name in given.only.split(",")]

    print(f"{os.cpu_count()} cores, {cpu_model()}, Linux {platform.release()}, scale {given.scale}")
    print(f"{version(given.mcjr, '--version')}; crane {version(f'{given.peers}/crane', 'version')}; "
          f"{version('skopeo', '--version')}; {version('docker-registry', '--version')}")
    tls = servers.authority(given.work)
    running = [servers.registry(given.work, given.scale), servers.registry(given.work, given.scale, tls)]
    running.append(servers.shaper(given.work, f"{given.peers}/shaper", running[0].hostport))
    hosts = dict(zip(("near", "tls", "far"), (server.hostport for server in running)))
    try:
        results = []
        for case in wanted:
            if not images.exists(hosts["near"], f"bench/{case.image}"):
                print(f"making {case.image} (once)", file=sys.stderr, flush=True)
                images.make(hosts["near"], case.image, given.scale, given.work)
            results.append(compare(case, hosts[case.link], hosts["near"], given, tls))
        with open(os.path.join(given.work, "runs.json"), "w") as file:
            json.dump(results, file, indent=1)
        print(f"\nEach run's wall and CPU seconds and peak bytes: {given.work}/runs.json")
    finally:
        for server in running:
            server.stop()
        clean(given.work)


def cpu_model():
    with open("/proc/cpuinfo") as info:
        found = re.search(r"model name\s*: (.*)", info.read())
    return found[1] if found else platform.machine()


if __name__ == "__main__":
    main()
