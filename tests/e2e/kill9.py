#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R1: kill -9 under load. At random moments, then at named crash points: those on the way of every message and some others.

  kill9.py [--rounds N] [--seed N] [--points all|some|none|NAME,...]
"""
import argparse
import random
import re
import time

from lib import load, report
from lib.drill import Drill
from lib.server import SOURCE, NotReady

ALWAYS = ["committer.durable", "intake.before_answer", "deliver.intent_durable", "deliver.before_dot", "deliver.answered"]
SOME = 6  # others


def crash_points():
    names = set()
    for path in (SOURCE / "src").rglob("*.cpp"):
        if "/testing/" not in str(path):
            names |= set(re.findall(r'PR_CRASH_POINT\("([^"]+)"\)', path.read_text()))
    return sorted(names)


def chosen(wanted, rng):
    match wanted:
        case "none":
            return []
        case "all":
            return crash_points()
        case "some":
            return ALWAYS + rng.sample(sorted(set(crash_points()) - set(ALWAYS)), SOME)
    return wanted.split(",")


def random_moments(drill, rounds):
    """The server dies up to half a second after the load starts; what got no answer is asked again after the restart."""
    for _ in range(rounds):
        running = drill.new_load()
        time.sleep(drill.rng.uniform(0, 0.5))
        drill.cut()
        asked = drill.keep(running)
        drill.server.start()
        load.retry(drill.server, asked)


def named_point(drill, point, patience=2.0):
    """The server kills itself where CRASH_AT says, at start or under load. False = it never came there."""
    drill.cut()
    try:
        drill.server.start(env={"CRASH_AT": point})
    except NotReady:
        drill.cut()
        drill.server.start()
        return True
    running = drill.new_load(big_share=0.1)
    until = time.monotonic() + patience
    while drill.server.running() and time.monotonic() < until:
        time.sleep(0.001)
    reached = not drill.server.running()
    drill.cut()
    asked = drill.keep(running)
    drill.server.start()
    load.retry(drill.server, asked)
    return reached


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--points", default="some")
    options = parser.parse_args()
    points = chosen(options.points, random.Random(options.seed))

    drill = Drill(options.seed)
    try:
        drill.server.start()
        random_moments(drill, options.rounds)
        reached = [point for point in points if named_point(drill, point)]
        found = drill.judge()
        print(drill.verdict(found, drill="kill9", seed=options.seed, rounds=options.rounds, points=len(points),
                            points_reached=reached), flush=True)
        report.case(f"kill -9, {options.rounds} random moments and {len(reached)} crash points: nothing lost, "
                    f"{found.duplicates} duplicates inside the window", found.holds(), found.why())
        if missing := set(ALWAYS) & set(points) - set(reached):
            report.case("the crash points on the way of every message are reached", False, sorted(missing))
        report.case("no sanitizer and no assertion complains", not drill.complaint(), drill.complaint())
        report.case("every restart within 8 s, sanitizers and a busy machine allowed for", max(drill.server.starts) <= 8.0,
                    f"{max(drill.server.starts):.2f} s")
        report.case("SIGTERM drains and ends with status 0", (status := drill.server.stop()) == 0, f"status {status}")
    finally:
        drill.close()


if __name__ == "__main__":
    report.main(main)
