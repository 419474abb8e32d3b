# SPDX-License-Identifier: Apache-2.0
"""What /proc says about a process and about the machine."""
import os
import pathlib
import threading

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def pss_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no Pss in smaps_rollup")


class PeakPss:
    """The highest PSS seen while the block runs, looked at four times a second."""

    def __init__(self, pid):
        self.pid, self.bytes = pid, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def look(self):
        self.bytes = max(self.bytes, pss_bytes(self.pid))

    def watch(self):
        while not self.over.wait(0.25):
            self.look()

    def __enter__(self):
        self.look()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.look()


class Busy:
    """Share of all cores' time that was not idle, from here to share(), whoever used it."""

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        with open("/proc/stat") as stat:
            times = [int(word) for word in stat.readline().split()[1:9]]
        idle = times[3] + times[4]  # idle and waiting for the disk
        return sum(times) - idle, sum(times)

    def share(self):
        busy, total = self.now()
        return (busy - self.start[0]) / max(1, total - self.start[1])
