#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""simulate … | pairs.py   which pairs of state and crash point that docs/queue-states.md marks possible were reached.

Reads the lines "reached<TAB>state<TAB>point<TAB>count" and prints a case for the tests' runner."""
import pathlib
import re
import sys

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/queue-states.md"


def tables(text):
    """Every table as a list of rows of cells."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        yield [rows[0], *rows[2:]]


def possible(text):
    points, pairs = {}, set()
    for header, *rows in tables(text):
        if header[:2] == ["group", "points"]:
            points = {row[0]: re.findall(r"`([^`]+)`", row[1]) for row in rows}
        elif header[0] == "state" and header[1:] == list(points):
            pairs = {(row[0], point) for row in rows for group, cell in zip(header[1:], row[1:]) if cell != "-"
                     for point in points[group]}
    return pairs


def main():
    wanted = possible(DOCUMENT.read_text())
    reached = {}
    for line in sys.stdin:
        if line.startswith("reached\t"):
            _, state, point, count = line.rstrip("\n").split("\t")
            reached[state, point] = reached.get((state, point), 0) + int(count)
        else:
            print(line, end="")
    missing = sorted(wanted - reached.keys())
    for state, point in missing:
        print(f"not reached: {state} at {point}")
    name = f"{len(wanted) - len(missing)} of {len(wanted)} pairs of state and crash point are reached"
    print(f"ok {name}" if wanted and not missing else f"not ok {name}: see the log")
    return 0 if wanted and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
