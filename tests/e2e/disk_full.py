#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R5: the disk fills, by our own mail and by somebody else. Mail is refused in time, nothing that was taken is lost, and mail
is taken again without anybody's help."""
import os
import pathlib
import random
import tempfile
import time

from lib import ledger, load, report
from lib.mounts import Unavailable, small_disk
from lib.server import Server
from lib.sink import Sink

MEGABYTES = 1280  # a gigabyte of it is the reserve that intake leaves alone


def fill(server, rng, name):
    """Asks until three requests in a row are refused; everything asked."""
    asked, refused = [], 0
    while refused < 3 and len(asked) < 20_000:
        request = load.ask(server, load.make_request(f"{name}{len(asked)}", rng, big_share=0.5))
        asked.append(request)
        refused = refused + 1 if request.status != 202 else 0
    return asked


def taken_of(asked):
    return [request for request in asked if request.acknowledged()]


def free_share(path):
    stat = os.statvfs(path)
    return stat.f_bavail / stat.f_blocks


def taken_again(server, rng, timeout):
    until = time.monotonic() + timeout
    count = 0
    while time.monotonic() < until:
        count += 1
        if load.ask(server, request := load.make_request(f"again{count}", rng, big_share=0)).status == 202:
            return request
        time.sleep(0.2)
    return None


def watermark(server, sink, disk, rng):
    """Nothing can be delivered: intake stops while there is room, and starts again when deliveries have made some."""
    sink.deferring = True
    asked = fill(server, rng, "mark")
    last, free, taken = asked[-1], free_share(disk), taken_of(asked)
    report.case("a full spool is answered 503", last.status == 503, f"{last.status} after {len(asked)} requests")
    report.case("it is refused before the disk is full", free > 0.2, f"{free:.2%} free")
    report.case("up to there mail is taken", len(taken) > 100, f"{len(taken)} taken")
    sink.deferring = False
    # What is in flight when the operator says "now" keeps its own next time: say it again until nothing is left.
    for _ in range(16):
        server.command("queue", "retry", "--all")
        missing = ledger.drained(sink, taken, timeout=15)
        if not missing:
            break
    report.case("everything taken is delivered", not missing, f"{len(missing)} missing")
    report.case("mail is taken again by itself", taken_again(server, rng, timeout=30) is not None)


def not_a_byte_left(server, sink, disk, rng):
    """Somebody else fills the disk to the last byte."""
    before = taken_of([load.ask(server, load.make_request(f"before{i}", rng, big_share=0)) for i in range(20)])
    with open(disk / "ballast", "wb") as ballast:
        try:
            while True:
                ballast.write(bytes(1 << 20))
        except OSError:
            pass
    asked = fill(server, rng, "full")
    report.case("a disk without a byte left is answered 503", asked[-1].status == 503, asked[-1].status)
    (disk / "ballast").unlink()
    again = taken_again(server, rng, timeout=30)
    report.case("with room again mail is taken again by itself", again is not None)
    taken = before + taken_of(asked) + ([again] if again else [])
    missing = ledger.drained(sink, taken, timeout=90)
    report.case("everything taken before, meanwhile and after is delivered", not missing, f"{len(missing)} missing")


def drill(folder, disk):
    rng = random.Random(5)
    sink = Sink(folder)
    server = Server(disk / "data", settings=[f"delivery.route=*=127.0.0.1:{sink.port}"])
    server.log_path = folder / "server.log"
    server.start()
    try:
        watermark(server, sink, disk, rng)
        not_a_byte_left(server, sink, disk, rng)
        server.kill()
        server.start()
        report.case("a restart finds the journal whole", "journal_quarantined" not in server.log(), server.log()[-500:])
    finally:
        server.kill()


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-full-") as folder:
        folder = pathlib.Path(folder)
        try:
            with small_disk(folder / "disk", MEGABYTES) as disk:
                drill(folder, disk)
        except Unavailable as why:
            report.skip("disk full", why)


if __name__ == "__main__":
    report.main(main)
