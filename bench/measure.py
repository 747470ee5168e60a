"""What one run of a command costs: wall and CPU seconds, peak bytes."""
import os
import re
import threading
import time


def measure(command, environment=None):
    """Wall and CPU seconds and peak bytes of one process."""
    null = os.open(os.devnull, os.O_RDWR)
    quiet = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, {**os.environ, **(environment or {})}, file_actions=quiet)
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
