# SPDX-License-Identifier: Apache-2.0
"""One measured stretch: a load against a running server, until every reader is at the tail."""
import os
import time

from measure import machine
from measure.postrider import threads
from measure.profile import Profile

WARM_UP = 500  # messages, so that connections are open and caches warm


def until_taken(sink, recipients, timeout=600):
    """Until the sink has taken that many; its count then."""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        count = sink.ask("count")
        if count["distinct"] >= recipients:
            return count
        time.sleep(0.02)
    raise RuntimeError(f"{count['distinct']} of {recipients} arrived in {timeout} s")


def measured(programs, server, sink, messages, profile=None, **load):
    """One stretch of `messages`; flat figures. Who waits in the queue already stays there."""
    waiting = int(server.metrics()["postrider_queue_waiting"])
    sink.ask("reset")
    programs.load(server.address, server.api_key, WARM_UP, **{**load, "rate": 0})
    until_taken(sink, WARM_UP)
    before = server.settle(waiting)
    sink.ask("reset")

    sink_before = sink.ask("count")
    with machine.PeakPss(server.pid) as peak, Profile(server.pid, profile):
        busy, began, cpu = machine.Busy(), time.monotonic(), server.cpu()
        loaded = programs.load(server.address, server.api_key, messages, **load)
        arrived = until_taken(sink, messages)
        share, wall = busy.share(), time.monotonic() - began
        after = server.settle(waiting)
        cpu = server.cpu() - cpu
        settled = time.monotonic() - began
    verified = sink.ask("verify")
    if verified["signatures"] != verified["passed"]:
        raise RuntimeError(f"{verified['signatures'] - verified['passed']} signatures of the sample are not valid")

    each = 1e6 / messages
    by_thread = threads(before, after)
    written = after["postrider_journal_bytes_written_total"] - before["postrider_journal_bytes_written_total"]
    rendered = (verified["bytes"] - verified["signature_bytes"]) / verified["samples"]
    sink_cpu = (arrived["cpu_us"] - sink_before["cpu_us"]) / messages
    return {
        "messages": messages,
        "messages_per_second": messages / ((arrived["last_us"] - loaded["begun_us"]) / 1e6),
        "settled_seconds": settled,
        "cpu_us": cpu * each,
        "cpu_us_without_signing": (cpu - by_thread["sign"]) * each,
        **{f"cpu_us_{name}": seconds * each for name, seconds in by_thread.items()},
        "cpu_us_other": (cpu - sum(by_thread.values())) * each,
        "journal_bytes": written / messages,
        "message_bytes": arrived["bytes"] / arrived["messages"],
        "rendered_bytes": rendered,
        "journal_ratio": written / messages / rendered,
        "journal_batches": after["postrider_journal_batches_total"] - before["postrider_journal_batches_total"],
        "accept_per_second": loaded["messages"] / loaded["seconds"],
        "accept_p50_us": loaded["accept_p50_us"],
        "accept_p99_us": loaded["accept_p99_us"],
        "first_byte_p50_us": arrived["first_byte_p50_us"],
        "first_byte_p99_us": arrived["first_byte_p99_us"],
        "peak_pss_mb": peak.bytes / 1e6,
        "signatures_per_message": verified["signatures"] / verified["samples"],
        "duplicates": arrived["recipients"] - arrived["distinct"],
        "refused": loaded["refused"],
        "machine_busy": share,
        "load_cpu_us": loaded["cpu_us"] / messages,
        "sink_cpu_us": sink_cpu,
        "share_of_others": max(0.0, share - (cpu + loaded["cpu_us"] / 1e6 + sink_cpu * messages / 1e6)
                               / wall / os.cpu_count()),
    }
