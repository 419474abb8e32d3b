#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A reader whose cursor is ahead of its log is held: mail goes on, and the probes say so."""
import contextlib
import json
import pathlib
import sqlite3
import tempfile
import time
import urllib.request

from lib import report
from lib.server import Server

HELD = 'postrider_reader_held{reader="activity"}'


def ask(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=30) as answer:
        return answer.read().decode()


def held(server):
    return next(line.split()[-1] for line in ask(server, "/metrics").splitlines() if line.startswith(HELD))


def wait_for(what, timeout=30):
    until = time.monotonic() + timeout
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-held-") as folder:
        server = Server(pathlib.Path(folder) / "data")
        store = server.data / "store/postrider.db"
        try:
            server.start()
            ready = json.loads(ask(server, "/health/ready"))
            report.case("a reader that follows is nothing to speak of", ready == {"status": "ready"} and held(server) == "0", ready)
            server.stop()

            with contextlib.closing(sqlite3.connect(store)) as database:
                moved = database.execute("UPDATE reader_cursors SET sequence = sequence + 1000000").rowcount
                database.commit()
            report.case("there is a cursor to move", moved == 1, moved)
            server.start()
            report.case("the metric shows it", wait_for(lambda: held(server) == "1"))
            ready = json.loads(ask(server, "/health/ready"))
            report.case("it is ready for mail and says what is wrong",
                        ready["status"] == "ready" and "reader is held" in ready.get("warning", ""), ready)
            report.case("it drains", (status := server.stop()) == 0, status)
        finally:
            server.kill()


if __name__ == "__main__":
    report.main(main)
