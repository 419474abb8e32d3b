#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R5: nothing can be delivered and the disk fills. Mail is refused before the disk is full, what was taken is delivered
once the receiver is back, and mail is taken again without anybody's help."""
import os
import pathlib
import random
import tempfile
import time

from lib import ledger, load, report
from lib.mounts import Unavailable, small_disk
from lib.server import Server
from lib.sink import Sink

MEGABYTES = 192


def fill(server, rng):
    """Asks until three requests in a row are refused; (everything asked, what the last said)."""
    asked, refused = [], 0
    while refused < 3 and len(asked) < 20_000:
        request = load.ask(server, load.make_request(f"f{len(asked)}", rng, big_share=0.5))
        asked.append(request)
        refused = refused + 1 if request.status != 202 else 0
    return asked


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


def drill(folder, disk):
    rng = random.Random(5)
    sink = Sink(folder)
    sink.deferring = True
    server = Server(disk / "data", settings=[f"delivery.route=*=127.0.0.1:{sink.port}"])
    server.log_path = folder / "server.log"
    server.start()
    try:
        asked = fill(server, rng)
        last, free = asked[-1], free_share(disk)
        taken = [request for request in asked if request.acknowledged()]
        report.case("a full disk is answered 503", last.status == 503, f"{last.status} after {len(asked)} requests")
        report.case("it is refused before the disk is full", free > 0.005, f"{free:.2%} free")
        report.case("a good part of the disk was used first", free < 0.5, f"{free:.2%} free, {len(taken)} taken")
        sink.deferring = False
        server.command("queue", "retry", "--all")
        missing = ledger.drained(sink, taken, timeout=90)
        report.case("everything taken is delivered from the full disk", not missing, f"{len(missing)} missing")
        again = taken_again(server, rng, timeout=30)
        report.case("mail is taken again by itself", again is not None)
        if again:
            report.case("and delivered", not ledger.drained(sink, [again], timeout=20))
        server.kill()
        server.start()
        report.case("a restart finds the journal whole", "quarantine" not in server.log(), server.log()[-500:])
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
