#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A reader whose cursor is ahead of its log is held: mail goes on, the probes say so, and an operator lets it go on."""
import contextlib
import json
import pathlib
import sqlite3
import tempfile
import urllib.request

from lib import report
from lib.server import Refused, Server, run
from lib.waiting import wait_for

HELD = 'postrider_reader_held{reader="activity"}'


def ask(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=30) as answer:
        return answer.read().decode()


def held(server):
    return next(line.split()[-1] for line in ask(server, "/metrics").splitlines() if line.startswith(HELD))


def refused(server, reader, words):
    try:
        run("reader", "resume", reader, data=server.data)
    except Refused as why:
        return words in str(why)
    return False


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
            listed = run("reader", "list", data=server.data)["readers"]
            report.case("a command says which and why", [r["reader"] for r in listed if r["held"] and "ahead" in r["why"]] == ["activity"], listed)
            report.case("nobody else is let go on", refused(server, "nobody", "no reader is called"))
            run("reader", "resume", "activity", data=server.data)
            report.case("let go on, it follows", wait_for(lambda: held(server) == "0"))
            ready = json.loads(ask(server, "/health/ready"))
            report.case("and nothing is wrong any more", ready == {"status": "ready"}, ready)
            report.case("who follows needs no letting go", refused(server, "activity", "is not held"))
            with contextlib.closing(sqlite3.connect(store)) as database:
                noted = database.execute("SELECT actor, object FROM audit_entries WHERE action = 'reader.resume'").fetchall()
            report.case("it is written down who did it", len(noted) == 1 and noted[0][0].startswith("operator:"), noted)
            report.case("it drains", (status := server.stop()) == 0, status)
            with contextlib.closing(sqlite3.connect(store)) as database:
                database.execute("UPDATE reader_cursors SET held = 'as a test said'")
                database.commit()
            run("reader", "resume", "activity", "--from", "newest", data=server.data)
            listed = run("reader", "list", data=server.data)["readers"]
            report.case("without a server it is done on the files", listed[0]["held"] is False and listed[0]["behind"] == 0, listed)
        finally:
            server.kill()


if __name__ == "__main__":
    report.main(main)
