# SPDX-License-Identifier: Apache-2.0
"""Medians with their range, and the lines the acceptance asks for."""
import statistics


def median(repetitions, name):
    return statistics.median(figures[name] for figures in repetitions)


def number(value):
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def show(title, repetitions):
    print(f"\n{title}: median [lowest .. highest] of {len(repetitions)}")
    for name in repetitions[0]:
        values = [figures[name] for figures in repetitions]
        print(f"  {name:34} {number(statistics.median(values)):>10}  [{number(min(values))} .. {number(max(values))}]")


# (scenario, figure, what is asked, bound, limit): of the median, or of every repetition where the first differs from
# the others by nature, as the first restart after a crash does
ASKED = [
    ("hundred", "cpu_ratio", "CPU without signing / one RSA-2048 signature, 100 per request", "at most", 0.35),
    ("hundred", "machine_busy", "both cores busy, 100 per request", "at least", 0.90),
    ("single", "machine_busy", "both cores busy, single requests", "at least", 0.90),
    ("single", "journal_ratio", "journal bytes / rendered message, single requests", "at most", 1.5),
    ("hundred", "journal_ratio", "journal bytes / rendered message, 100 per request", "at most", 0.3),
    ("backlog_hundred", "backlog_ratio", "unsigned CPU with the backlog / empty, 100 per request", "at most", 1.25),
    ("backlog_hundred", "bytes_per_waiting", "bytes per waiting recipient, 100 per request", "at most", 256),
    ("backlog_hundred", "ready_seconds", "seconds from start to ready after a crash, 100 per request", "always at most", 10),
    ("backlog_single", "backlog_ratio", "unsigned CPU with the backlog / empty, single requests", "at most", 1.25),
    ("backlog_single", "bytes_per_waiting", "bytes per waiting recipient, single requests", "at most", 256),
    ("backlog_single", "ready_seconds", "seconds from start to ready after a crash, single requests", "always at most", 10),
]


DISTURBED = 0.05  # share of the machine that others had


def acceptance(results):
    print("\nasked for")
    for scenario, figure, what, bound, limit in ASKED:
        if scenario not in results:
            continue
        value = max(figures[figure] for figures in results[scenario]) if bound.startswith("always") else median(
            results[scenario], figure)
        met = value >= limit if bound == "at least" else value <= limit
        others = statistics.median(figures.get("share_of_others", 0) for figures in results[scenario])
        note = f"; disturbed, others had {others:.0%} of the machine" if others > DISTURBED else ""
        print(f"  {'met   ' if met else 'MISSED'} {what}: {number(value)} ({bound} {limit}){note}")
