# SPDX-License-Identifier: Apache-2.0
"""What the server's own store says became of every recipient: read from a copy of it, because `message show` tells of one."""
import base64
import collections
import http.client
import pathlib
import shutil
import sqlite3
import tempfile
import time

KINDS = {1: "processed", 2: "deferred", 3: "delivered", 4: "bounce", 5: "dropped"}
ENDS = ("delivered", "bounce", "dropped")
BUSY = ("postrider_queue_waiting", "postrider_queue_parked", "postrider_queue_in_flight", "postrider_queue_settling",
        "postrider_queue_held", "postrider_commit_waiting", "postrider_reader_lag_events")

Event = collections.namedtuple("Event", "kind possible_duplicate")


def busy(server):
    """What of BUSY is not nought."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    connection.request("GET", "/metrics")
    values = {}
    for line in connection.getresponse().read().decode().splitlines():
        name = line.split("{")[0].split(" ")[0]
        if name in BUSY:
            values[name] = values.get(name, 0) + float(line.rsplit(" ", 1)[1])
    connection.close()
    return {name: value for name, value in values.items() if value}


def at_rest(server, timeout):
    """Waits until nothing waits, is under way or is still to be read; what is left when nothing has changed for `timeout`
    seconds, or after ten times that."""
    now = time.monotonic()
    stands, end = now + timeout, now + 10 * timeout
    before = None
    while left := busy(server):
        now = time.monotonic()
        if left != before:
            before, stands = left, now + timeout
        if now > min(stands, end):
            break
        time.sleep(0.2)
    return left


def events(server):
    """(X-Message-Id, n) -> its events but `processed`. The server stands still while its store is copied."""
    told = collections.defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="postrider-store-") as folder:
        server.freeze()
        try:
            for file in (server.data / "store").glob("postrider.db*"):
                if not file.name.endswith("-shm"):
                    shutil.copy(file, folder)
        finally:
            server.thaw()
        with sqlite3.connect(pathlib.Path(folder) / "postrider.db") as db:
            for message, n, kind, doubt in db.execute("SELECT message, n, kind, possible_duplicate FROM activity_event"):
                told[written(message), n].append(Event(KINDS[kind], bool(doubt)))
    return told


def written(message):
    """An id as X-Message-Id has it."""
    return base64.urlsafe_b64encode(message).decode().rstrip("=")


def ended(told):
    """Those of its events that end a recipient."""
    return [event for event in told if event.kind in ENDS]
