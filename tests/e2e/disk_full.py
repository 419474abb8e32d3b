#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R5: disks fill, by our own mail and by somebody else's files: the spool's, the store's, the log's, each by itself. The spool's
refuses mail in time; the other two stop neither acceptance nor delivery. Whatever was taken is delivered, what it came to is
told, and with room again everything goes on within 5 s without anybody's help.

  disk_full.py [--every] [--only NAME] [--seed N]      --every: 99 % of the spool, too
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import sqlite3
import tempfile
import time

from lib import ledger, load, report
from lib.mounts import Unavailable, big_disk, small_disk
from lib.server import Server
from lib.sink import Sink

LEVELS = (90, 95, 99, 100)  # % of the disk that is taken
MEGABYTES = 384  # of the disk that our own mail fills: intake leaves an eighth of it to files made in advance
RECOVERY = 5.0  # seconds
POLLS = 1.5  # seconds within which the server has looked at its disk again
SLACK = 100 << 20  # bytes of files that the journal makes in advance, for settling
FILLER = "some text " * 15_000


def ask(server, name, rng, big_share=0.0):
    return load.ask(server, load.make_request(name, rng, big_share=big_share))


def ask_some(server, name, rng, count=10):
    return [ask(server, f"{name}n{i}", rng) for i in range(count)]


def taken_of(asked):
    return [request for request in asked if request.acknowledged()]


def ready(server):
    """The status of /health/ready and what it says."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    connection.request("GET", "/health/ready")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def within(seconds, what):
    """How long it took until it was so; None when it never was."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.05)
    return time.monotonic() - began


def free_bytes(disk):
    stat = os.statvfs(disk)
    return stat.f_bavail * stat.f_frsize


class Ballast:
    """Somebody else's file, which takes what of a disk is not to be free."""

    def __init__(self, disk):
        self.disk, self.path = disk, disk / "ballast"

    def fill(self, percent):
        """Until `percent` of the disk are taken; by 100 to the last byte."""
        stat = os.statvfs(self.disk)
        missing = stat.f_bavail * stat.f_frsize - stat.f_blocks * stat.f_frsize * (100 - percent) // 100
        with open(self.path, "ab") as file:
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), file.tell(), max(1, missing))
        if percent == 100:
            self.drain()

    def drain(self):
        """What fallocate, which is all or nothing, has left."""
        with open(self.path, "ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def free(self):
        self.path.unlink(missing_ok=True)


class Drill:
    """A server whose `where` lies on `disk`."""

    def __init__(self, folder, name, disk, rng, settings=()):
        self.disk, self.rng, self.name = disk, rng, name
        self.sink = Sink(folder)
        self.server = Server(folder / name, settings=[f"delivery.route=*=127.0.0.1:{self.sink.port}", *settings])
        self.taken = []
        self.figures = {}

    def case(self, what, passed, why=""):
        report.case(f"{self.name}: {what}", passed, why)

    def take(self, name, count=10):
        asked = ask_some(self.server, name, self.rng, count)
        self.taken += taken_of(asked)
        return asked

    def delivered(self, what, timeout=60):
        missing = ledger.delivered(self.server, self.sink, self.taken, timeout)
        self.case(what, not missing, f"{len(missing)} missing")

    def fill(self, name):
        """Mail until three requests in a row are refused, large ones and then small ones; all that was asked."""
        asked = []
        for filler in (FILLER, ""):
            until = 0
            while until < 3 and len(asked) < 5000:
                asked.append(load.ask(self.server, load.make_request(f"{name}n{len(asked)}", self.rng, 0, filler)))
                until = 0 if asked[-1].acknowledged() else until + 1
        self.taken += taken_of(asked)
        return asked

    def goes_on(self, why, figure):
        """Mail is taken soon; it is asked all the time."""
        took = within(4 * RECOVERY, lambda: self.take(f"{figure}{time.monotonic_ns()}", count=1)[0].acknowledged())
        self.figures[figure] = took and round(took, 2)
        self.case(f"{why}: mail is taken again within {RECOVERY:.0f} s", took is not None and took <= RECOVERY, took)

    def close(self):
        self.server.kill()
        print(json.dumps({"drill": f"disk full: {self.name}", "taken": len(self.taken), **self.figures}), flush=True)


def spool_by_others(folder, disk, rng, levels):
    """Somebody else fills the spool's disk, so large that 5 % are more than the gigabyte that is left alone anyway."""
    drill = Drill(folder, "spool", disk, rng, settings=[f"journal.url=file:{disk}/journal"])
    server, ballast = drill.server, Ballast(disk)
    server.start()
    try:
        for level in levels:
            drill.sink.deferring = True
            drill.take(f"before{level}")
            ballast.fill(level)
            time.sleep(POLLS)
            if level < 95:
                drill.case(f"at {level} % mail is taken", all(request.acknowledged() for request in drill.take(f"at{level}")))
                drill.sink.deferring = False
                drill.delivered(f"at {level} % it is delivered")
            else:
                refuses_in_time(drill, level)
                ballast.free()
                drill.goes_on(f"after {level} %", f"again_after_{level}_s")
        restart_without_room(drill, ballast)
    finally:
        drill.close()


def refuses_in_time(drill, level):
    """Nothing can be delivered: mail is taken into files that are on the disk already at most, and what is taken waits."""
    before = free_bytes(drill.disk)
    asked = drill.fill(f"at{level}")
    drill.figures[f"taken_at_{level}"] = len(taken_of(asked))
    drill.case(f"at {level} % mail is answered 503", asked[-1].status == 503, f"{asked[-1].status} after {len(asked)}")
    shrunk = before - free_bytes(drill.disk)
    drill.case(f"at {level} % the rest of the disk is left alone", shrunk <= SLACK, f"{shrunk} bytes taken")
    # A few bytes below the mark the smallest mail may still be taken, and then the server is ready for it.
    told = within(2 * POLLS, lambda: drill.take(f"full{level}at{time.monotonic_ns()}", count=1) and ready(drill.server)[0] == 503)
    drill.case(f"at {level} % /health/ready says so", told is not None and "full" in ready(drill.server)[1], ready(drill.server))
    drill.sink.deferring = False
    drill.delivered(f"at {level} % what waits is delivered")


def restart_without_room(drill, ballast):
    """The process dies with mail in its spool while there is not a byte left."""
    drill.sink.deferring = True
    drill.take("last")
    ballast.fill(100)
    drill.server.kill()
    drill.server.start()
    drill.case("it starts without a byte left, and refuses", (asked := drill.take("started", count=1))[0].status == 503, asked)
    ballast.free()
    drill.goes_on("with room again", "again_with_room_s")
    drill.sink.deferring = False
    drill.delivered("everything taken is delivered")
    drill.case("it drains", (status := drill.server.stop()) == 0, status)
    verdict = drill.server.command("journal", "verify")
    drill.case("the journal is whole", verdict["sound"], verdict)


def spool_by_mail(folder, disk, rng, _):
    """Our own mail fills a small disk, for nothing can be delivered."""
    drill = Drill(folder, "own mail", disk, rng, settings=[f"journal.url=file:{disk}/journal"])
    drill.server.start()
    try:
        drill.sink.deferring = True
        count, refused = 0, 0
        while refused < 3 and count < 20_000:
            request = ask(drill.server, f"mark{count}", rng, big_share=0.5)
            drill.taken += taken_of([request])
            refused = refused + 1 if request.status != 202 else 0
            count += 1
        free = free_bytes(disk)
        drill.case("a full spool is answered 503", request.status == 503, f"{request.status} after {count} requests")
        drill.case("it is refused before the disk is full", free > 1 << 20, f"{free} bytes free")
        drill.case("up to there mail is taken", len(drill.taken) > 100, f"{len(drill.taken)} taken")
        drill.sink.deferring = False
        drill.delivered("everything taken is delivered", timeout=240)
        drill.goes_on("deliveries make room", "again_s")
        drill.server.kill()
        drill.server.start()
        drill.case("a restart finds the journal whole", "journal_quarantined" not in drill.server.log(), drill.server.log()[-500:])
    finally:
        drill.close()


def store(folder, disk, rng, levels):
    """The store's disk: what happened cannot be shown, new domains cannot be added; mail goes in and out."""
    drill = Drill(folder, "store", disk, rng, settings=[f"store.url=sqlite:{disk}/postrider.db"])
    server, ballast = drill.server, Ballast(disk)
    server.start()
    try:
        for level in levels:
            ballast.fill(level)
            # Until the file's own slack is used up, too.
            asked = drill.take(f"at{level}", count=60 if level == 100 else 10)
            drill.case(f"at {level} % mail is taken", all(request.acknowledged() for request in asked),
                       {request.status for request in asked})
            drill.delivered(f"at {level} % it is delivered")
        waits = within(10, lambda: "waits" in ready(server)[1])
        drill.case("/health/ready warns that events are not shown", waits is not None, ready(server))
        try:
            server.command("domain", "add", "late.test")
            drill.case("a new domain is refused in words", False, "it was added")
        except server.Refused as why:
            drill.case("a new domain is refused in words", "full" in str(why), why)
        drill.figures["database_mb"] = round((disk / "postrider.db").stat().st_size / 2**20, 1)

        ballast.free()
        last = drill.taken[-1]
        took = within(4 * RECOVERY, lambda: shows_end(server, last))
        drill.figures["caught_up_s"] = took and round(took, 2)
        drill.case(f"with room again what happened is shown within {RECOVERY:.0f} s", took is not None and took <= RECOVERY, took)
        drill.case("/health/ready warns no more", "warning" not in ready(server)[1], ready(server))
        drill.case("a domain is added", server.command("domain", "add", "late.test")["domain"] == "late.test")
        silent = [request.name for request in drill.taken if not shows_end(server, request)]
        drill.case("every message has its end", not silent, silent[:5])
        drill.case("it drains", (status := server.stop()) == 0, status)
        with sqlite3.connect(disk / "postrider.db") as db:
            verdict = db.execute("PRAGMA integrity_check").fetchone()
        drill.case("the database is whole", verdict == ("ok",), verdict)
    finally:
        drill.close()


def shows_end(server, request):
    try:
        shown = server.command("message", "show", f"{request.message}.postrider.{len(request.recipients) - 1}")
    except server.Refused:
        return False
    return [event["event"] for event in shown["events"]][-1:] == ["delivered"]


def log(folder, disk, rng, levels):
    """The log's disk: nobody but the reader of the log notices, and he is told how much he has missed."""
    drill = Drill(folder, "log", disk, rng)
    server, ballast = drill.server, Ballast(disk)
    server.log_path = disk / "server.log"
    server.start()
    try:
        for level in levels:
            ballast.fill(level)
            asked = drill.take(f"at{level}")
            write_lines(server)
            drill.case(f"at {level} % mail is taken", all(request.acknowledged() for request in asked))
            drill.delivered(f"at {level} % it is delivered")
        drill.case("/health/ready is ready", ready(server)[0] == 200, ready(server))
        ballast.free()
        server.command("queue", "list")
        drill.case("with room again the log goes on and says how many lines are missing", "log_lines_lost" in server.log(),
                   server.log()[-500:])
        drill.case("it drains", (status := server.stop()) == 0, status)
        odd = [line for line in server.log().splitlines() if line and not line.startswith("20")]
        drill.case("every line is whole or cut off at its end", not odd, odd[:3])
    finally:
        drill.close()


def write_lines(server, most=100):
    """Until the log has no room: a page of the disk takes what it takes, however full the disk."""
    size = -1
    while (before := size) != (size := server.log_path.stat().st_size) and most > 0:
        server.command("queue", "list")  # a line of the log
        most -= 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--only", metavar="NAME", default="", help="spool_by_others, spool_by_mail, store or log")
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    drills = {spool_by_others: lambda path: big_disk(path, 24 << 10), spool_by_mail: lambda path: small_disk(path, MEGABYTES),
              store: lambda path: small_disk(path, 24), log: lambda path: small_disk(path, 1)}
    for drill, disk in drills.items():
        if options.only not in drill.__name__:
            continue
        with tempfile.TemporaryDirectory(prefix="postrider-full-") as folder:
            folder = pathlib.Path(folder)
            try:
                with disk(folder / "disk") as path:
                    drill(folder, path, rng, LEVELS if options.every or drill is not spool_by_others else (90, 95, 100))
            except Unavailable as why:
                report.skip(f"disk full: {drill.__name__}", why)


if __name__ == "__main__":
    report.main(main)
