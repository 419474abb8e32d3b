#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R3 and R4: system calls fail under the real binary. The k-th write, sync, open … of a thread fails once; then a clean
restart must find everything that was acknowledged, and nothing twice outside the window.

  faults.py [--every] [--seed N]      --every: k = 1, 2, 3 … until it no longer fires, for every call and error
"""
import argparse
import random
import shutil
import subprocess
import time

from lib import load, report
from lib.drill import Drill
from lib.server import NotReady

# (system call, error); strace counts calls per thread, so a small k meets start-up and the journal thread alike.
FAULTS = [("fdatasync", "EIO"), ("fsync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("write", "ENOSPC"),
          ("openat", "EMFILE"), ("openat", "ENOSPC"), ("ftruncate", "ENOSPC"), ("fallocate", "ENOSPC"), ("rename", "EIO"),
          ("pread64", "EIO"), ("mmap", "ENOMEM")]
SAMPLE = [("fdatasync", "EIO", 2), ("fdatasync", "EIO", 5), ("fdatasync", "EIO", 11), ("fsync", "EIO", 1), ("fsync", "EIO", 3),
          ("pwrite64", "ENOSPC", 3), ("pwrite64", "EIO", 9), ("openat", "EMFILE", 40), ("fallocate", "ENOSPC", 1), ("rename", "EIO", 1),
          ("write", "ENOSPC", 20), ("pread64", "EIO", 4), ("ftruncate", "ENOSPC", 1), ("openat", "ENOSPC", 60)]
UNDER_TRACE = {"ASAN_OPTIONS": "detect_leaks=0"}  # the leak checker cannot work beside a tracer
EVERY_MOST = 200  # of one call and error


def inject(trace, call, error, k):
    return ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={k}"]


def fired(trace):
    try:
        with open(trace) as lines:
            return any("(INJECTED)" in line for line in lines)
    except FileNotFoundError:
        return False


def fail_once(drill, call, error, k, seconds=0.6):
    """One run with one fault, and a clean restart after it. False = no thread came to its k-th call."""
    drill.cut()
    trace = f"{drill.folder.name}/trace-{call}-{error}-{k}"
    asked = []
    try:
        drill.server.start(env=UNDER_TRACE, before=inject(trace, call, error, k))
        running = drill.new_load(per_second=100, big_share=0.02)
        time.sleep(seconds)
        drill.cut()
        asked = drill.keep(running)
    except NotReady:
        drill.cut()
    drill.server.start()
    load.retry(drill.server, asked)
    return fired(trace)


def stops_after_failed_sync(drill):
    """R4: from the failed sync on nothing is acknowledged, the operator is told, and only a restart helps."""
    drill.cut()
    drill.server.start(env=UNDER_TRACE)
    running = drill.new_load(per_second=100)
    trace = f"{drill.folder.name}/trace-sync"
    tracer = subprocess.Popen([*inject(trace, "fdatasync,fsync", "EIO", 1), "-p", str(drill.server.process.pid)])
    deadline = time.monotonic() + 10
    while not fired(trace) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    late = [load.ask(drill.server, load.make_request(f"late{i}", drill.rng, big_share=0)) for i in range(5)]
    report.case("after a failed sync nothing is acknowledged", all(request.status == 503 for request in late),
                [request.status for request in late])
    report.case("after a failed sync the log has an alarm", "journal_stopped" in drill.server.log())
    drill.cut()
    tracer.wait()
    asked = drill.keep(running)
    drill.requests += late
    drill.server.start()
    load.retry(drill.server, asked)
    report.case("a restart takes mail again",
                load.ask(drill.server, load.make_request("after", drill.rng, big_share=0)).status == 202)


def every():
    for call, error in FAULTS:
        for k in range(1, EVERY_MOST + 1):
            yield call, error, k


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    options = parser.parse_args()
    if not shutil.which("strace"):
        return report.skip("faults", "strace is not there")

    drill = Drill(options.seed)
    runs, hits, over = 0, 0, set()
    try:
        drill.server.start()
        for call, error, k in every() if options.every else SAMPLE:
            if (call, error) in over:
                continue
            runs += 1
            if fail_once(drill, call, error, k):
                hits += 1
            elif options.every:
                over.add((call, error))
        stops_after_failed_sync(drill)
        found = drill.judge(window=2.0)  # a failed sync stops settlement well before the cut
        print(drill.verdict(found, drill="faults", seed=options.seed, runs=runs, fired=hits), flush=True)
        report.case(f"{hits} of {runs} faults fired: nothing lost, {found.duplicates} duplicates inside the window",
                    found.holds() and hits > 0, found.why())
        report.case("no sanitizer and no assertion complains", not drill.complaint(), drill.complaint())
    finally:
        drill.close()


if __name__ == "__main__":
    report.main(main)
