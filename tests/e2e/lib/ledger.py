# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged against what arrived: the properties L (never lose), D (never twice) and E (the events say so) of
the crash drills."""
import dataclasses
import random
import statistics
import time

SAMPLED = 25  # requests whose events are looked at


@dataclasses.dataclass
class Verdict:
    requests: int = 0
    acknowledged: int = 0  # recipients
    arrived: int = 0
    lost: list = dataclasses.field(default_factory=list)
    duplicates: int = 0
    unproven: list = dataclasses.field(default_factory=list)  # duplicates outside the commit window: (recipient, why)
    silent: list = dataclasses.field(default_factory=list)  # arrived, and no event says how it ended
    window_ms: list = dataclasses.field(default_factory=list)  # final dot at the sink -> the cut, per duplicate

    def holds(self):
        return not self.lost and not self.unproven and not self.silent

    def summary(self):
        return {"requests": self.requests, "acknowledged": self.acknowledged, "arrived": self.arrived,
                "lost": len(self.lost), "duplicates": self.duplicates, "unproven": self.unproven[:10], "silent": len(self.silent),
                "window_ms_median": round(statistics.median(self.window_ms), 1) if self.window_ms else None,
                "window_ms_max": round(max(self.window_ms), 1) if self.window_ms else None}

    def why(self):
        return f"lost {self.lost[:5]}, duplicates outside the window {self.unproven[:5]}, without an event {self.silent[:5]}"


def drained(sink, requests, timeout):
    """Waits until everything acknowledged has arrived; what is missing then."""
    wanted = {address for request in requests if request.acknowledged() for address in request.recipients}
    deadline = time.monotonic() + timeout
    while True:
        missing = wanted - sink.received().keys()
        if not missing or time.monotonic() > deadline:
            return missing
        time.sleep(0.1)


def terminal(server, message, n):
    """The events that end this recipient; none while it waits, or when nobody knows it."""
    try:
        shown = server.command("message", "show", f"{message}.postrider.{n}")
    except server.Refused:
        return []
    return [event for event in shown["events"] if event["event"] in ("delivered", "bounce", "dropped")]


def told(server, message, n, timeout=10):
    """Its last events, once the reader has come to them."""
    deadline = time.monotonic() + timeout
    while not (ended := terminal(server, message, n)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return ended


def judge(server, sink, requests, cuts, window=1.0, timeout=60):
    """The server runs and the sink takes everything. `cuts` says when each earlier life of the server was cut off."""
    verdict = Verdict(requests=len(requests))
    missing = drained(sink, requests, timeout)
    received = sink.received()
    for request in requests:
        if request.acknowledged():
            verdict.acknowledged += len(request.recipients)
        for n, address in enumerate(request.recipients):
            if address in missing:
                if not terminal(server, request.message, n):
                    verdict.lost.append((address, when(request, cuts)))
                continue
            arrivals = received.get(address, [])
            verdict.arrived += bool(arrivals)
            if len(arrivals) > 1:
                verdict.duplicates += 1
                if why := unproven(server, request, n, arrivals, cuts, window, verdict):
                    verdict.unproven.append((address, why))
    arrived = [request for request in requests if request.acknowledged() and request.recipients[-1] not in missing]
    for request in random.Random(1).sample(arrived, min(SAMPLED, len(arrived))):
        n = len(request.recipients) - 1
        if [event["event"] for event in told(server, request.message, n)] != ["delivered"]:
            verdict.silent.append(request.recipients[n])
    return verdict


def when(request, cuts):
    """When a lost request was acknowledged."""
    answered = f"acknowledged{' again' if request.replayed else ''} in life {request.life}"
    if cut := cuts.get(request.life):
        answered += f", {cut - request.answered:.3f} s before its cut"
    return answered


def unproven(server, request, n, arrivals, cuts, window, verdict):
    """Why a duplicate is not what the commit window allows; empty when it is. Between the two a life of the server must
    have been cut off, within `window` of the earlier final dot; both must be the same message, and the server itself must
    have counted it as possible. `cuts` are by life, taken just before the blow."""
    for earlier, later in zip(arrivals, arrivals[1:]):
        if earlier.life >= later.life:
            return f"both came from life {earlier.life} of the server"
        open_for = cuts[earlier.life] - earlier.dot  # negative: the sink was slow to read what had been sent
        verdict.window_ms.append(max(open_for, 0) * 1000)
        if open_for > window:
            return f"the first was answered {open_for:.3f} s before the cut"
        if (earlier.message_id, earlier.content) != (later.message_id, later.content):
            return "the two differ"
    if request.message is None:
        return ""  # never acknowledged, so its id is unknown here; the sink's side of the proof stands
    ended = told(server, request.message, n)
    if not any(event.get("possible_duplicate") for event in ended):
        return f"the server did not count it: {ended}"
    return ""
