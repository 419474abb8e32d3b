# SPDX-License-Identifier: Apache-2.0
"""Load, a cut, a restart, again and again; then the ledger. What the cut is, the drill that uses this says."""
import json
import pathlib
import random
import re
import shutil
import signal
import statistics
import tempfile
import time

from . import ledger, load
from .server import SOURCE, Server
from .sink import Sink

COMPLAINTS = r"(Address|Thread|Leak)Sanitizer|runtime error:|Assertion|terminate called"


class Drill:
    """One server, one sink, and everything that was ever asked of them."""

    def __init__(self, seed, data=None, settings=()):
        self.rng = random.Random(seed)
        self.folder = tempfile.TemporaryDirectory(prefix="postrider-drill-")
        self.sink = Sink(self.folder.name)
        self.server = Server(data or pathlib.Path(self.folder.name) / "data",
                             settings=[f"delivery.route=*=127.0.0.1:{self.sink.port}", *settings])
        self.requests = []
        self.cuts = {}  # life of the server -> when it was cut off
        self.rounds = 0

    def new_load(self, **options):
        self.rounds += 1
        return load.Load(self.server, f"r{self.rounds}", self.rng, **options).start()

    def cut(self, by=signal.SIGKILL):
        """This life of the server ends: note the moment, then strike."""
        self.cuts.setdefault(self.server.life, time.monotonic())
        self.server.kill(by)

    def keep(self, running):
        """What a load asked, for the ledger."""
        asked = running.stop()
        self.requests += asked
        return asked

    def judge(self, **options):
        found = ledger.judge(self.server, self.sink, self.requests, self.cuts, **options)
        for address, said in found.late[:3]:
            print(f"late: {address}: {said}", flush=True)
        if not found.holds():
            self.save()
        return found

    def save(self):
        """All that this drill knows, for whoever finds out why it failed."""
        kept = SOURCE / "build/e2e-logs" / pathlib.Path(self.folder.name).name
        shutil.copytree(self.folder.name, kept, ignore=shutil.ignore_patterns("control.sock"), dirs_exist_ok=True)
        for name, list_ in (("requests", self.requests), ("deliveries", self.sink.deliveries)):
            (kept / name).write_text("".join(f"{one}\n" for one in list_))
        print(f"kept: {kept}", flush=True)

    def complaint(self, excused=None):
        """What a sanitizer or an assertion said first in any life of the server; empty when nothing. `excused` is a pattern of
        what is no complaint in this drill."""
        lines = self.server.log().splitlines()
        return next(("\n".join(lines[i:i + 20]) for i, line in enumerate(lines)
                     if re.search(COMPLAINTS, line) and not (excused and re.search(excused, line))), "")

    def verdict(self, found, **more):
        """The JSON line that becomes evidence."""
        starts = sorted(self.server.starts)
        return json.dumps({**more, "cuts": len(self.cuts), **found.summary(),
                           "restart_s_median": round(statistics.median(starts), 3),
                           "restart_s_max": round(starts[-1], 3)})

    def close(self):
        self.server.kill()
        self.folder.cleanup()
