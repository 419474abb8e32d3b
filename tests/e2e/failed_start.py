#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A start that finds its port taken ends in words, sends nothing, blames no message for it and loses none."""
import random
import socket
import time

from lib import load, report
from lib.drill import Drill
from lib.server import NotReady

STARTS = 6  # two deaths by one message would hold it as suspected


def main():
    drill = Drill(random.SystemRandom().getrandbits(32))
    try:
        drill.server.start()
        drill.sink.deferring = True
        running = drill.new_load()
        time.sleep(0.5)
        drill.cut()
        asked = drill.keep(running)
        drill.sink.deferring = False
        with socket.create_server(("127.0.0.1", 0)) as taken:
            drill.server.settings.append(f"http.listen=127.0.0.1:{taken.getsockname()[1]}")
            for n in range(STARTS):
                ended_in_words(drill, n + 1)
            drill.server.settings.pop()
        report.case("and sends nothing", not drill.sink.deliveries, len(drill.sink.deliveries))
        drill.server.start()
        load.retry(drill.server, asked)
        drill.server.command("queue", "retry", "--all")
        found = drill.judge()
        report.case("nothing is lost", found.holds(), found.why())
        log = drill.server.log()
        report.case("no message is taken for the cause", "died_by_signal" not in log and "suspected" not in log, log[-1000:])
        report.case("no sanitizer and no assertion complains", not drill.complaint(), drill.complaint())
    finally:
        drill.close()


def ended_in_words(drill, n):
    try:
        drill.server.start()
        report.case(f"start {n} fails", False, "it is ready")
    except NotReady as why:
        report.case(f"start {n} fails in words", "in use" in str(why) and not drill.complaint(), why)
    drill.cut()


if __name__ == "__main__":
    report.main(main)
