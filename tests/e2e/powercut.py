#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R2: the power goes away under load (EXT4_IOC_SHUTDOWN without log flush), the disk comes back, the server starts. Every
second cut falls between two syncs, so that all the server says afterwards can be held against it; the others fall anywhere.

  powercut.py [--rounds N] [--seed N] [--mount data=ordered|data=writeback]
"""
import argparse
import pathlib
import random
import tempfile
import time

from lib import load, report
from lib.drill import Drill
from lib.mounts import PowerCutDisk, Unavailable


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--mount", default="data=ordered")
    options = parser.parse_args()

    name = f"power cut ({options.mount})"
    with tempfile.TemporaryDirectory(prefix="postrider-power-") as folder:
        try:
            disk = PowerCutDisk(pathlib.Path(folder), 1024, options.mount)
        except Unavailable as why:
            return report.skip(name, why)
        try:
            drill = Drill(options.seed, data=disk.path / "data", settings=["limits.spool=512MB"])
            drill.server.log_path = pathlib.Path(folder) / "server.log"
            try:
                cut_and_restart(drill, disk, options.rounds)
                found = drill.judge(window=2.0)
                print(drill.verdict(found, drill=name, seed=options.seed, rounds=options.rounds), flush=True)
                report.case(f"{name}, {options.rounds} times: nothing lost, {found.duplicates} duplicates inside the window",
                            found.holds(), found.why())
                report.case(f"{name}: no sanitizer and no assertion complains", not drill.complaint(), drill.complaint())
                report.case(f"{name}: nothing was quarantined", "journal_quarantined" not in drill.server.log(),
                            f"see the log: {drill.server.log()[-2000:]}")
            finally:
                drill.close()
        finally:
            disk.close()


def cut_and_restart(drill, disk, rounds):
    drill.server.start()
    for round_ in range(rounds):
        running = drill.new_load()
        time.sleep(drill.rng.uniform(0.05, 0.5))
        between_syncs = round_ % 2 == 0
        if between_syncs:
            drill.server.freeze()
        cut = drill.cuts[drill.server.life] = time.monotonic()
        disk.cut()
        if between_syncs:
            drill.server.thaw()
        time.sleep(drill.rng.uniform(0, 0.1))  # whatever is acknowledged now, on a dead disk, counts
        drill.cut()
        asked = drill.keep(running)
        if not between_syncs:
            # Linux lets a sync that the cut overtakes return 0 and loses what it wrote (one in forty with a bare program, no
            # Postrider involved); no real power cut can be survived by the process that hears such an answer.
            for request in asked:
                request.judged = request.answered < cut
        disk.unmount()
        disk.restore()
        drill.server.start()
        load.retry(drill.server, asked)


if __name__ == "__main__":
    report.main(main)
