# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged against what arrived: the properties L (never lose), D (never twice) and E (the events say so) of
the crash drills."""
import dataclasses
import statistics
import time

from . import activity

TRACED = 10  # recipients without their event, of whom everything is told


@dataclasses.dataclass
class Verdict:
    requests: int = 0
    acknowledged: int = 0  # recipients
    arrived: int = 0
    lost: list = dataclasses.field(default_factory=list)  # the server at rest, and still not arrived
    late: list = dataclasses.field(default_factory=list)  # arrived after the first wait: (recipient, what the server said then)
    given_up: list = dataclasses.field(default_factory=list)  # the server says so of mail that the sink would have taken
    duplicates: int = 0
    unproven: list = dataclasses.field(default_factory=list)  # duplicates outside the commit window: (recipient, why)
    silent: list = dataclasses.field(default_factory=list)  # acknowledged, arrived, and not exactly one event says so
    unsettled: dict = dataclasses.field(default_factory=dict)  # what the metrics say is still under way at the end
    window_ms: list = dataclasses.field(default_factory=list)  # final dot at the sink -> the cut, per duplicate

    def holds(self):
        troubles = (self.lost, self.given_up, self.unproven, self.silent, self.unsettled)
        return not any(troubles) and self.proves_something()

    def proves_something(self):
        """Requests have several recipients: a load of which most was refused has put little at risk."""
        return self.acknowledged > self.requests

    def summary(self):
        return {"requests": self.requests, "acknowledged": self.acknowledged, "arrived": self.arrived,
                "lost": len(self.lost), "late": len(self.late), "given_up": len(self.given_up),
                "duplicates": self.duplicates,
                "unproven": self.unproven[:10], "silent": self.silent[:10], "unsettled": self.unsettled,
                "window_ms_median": round(statistics.median(self.window_ms), 1) if self.window_ms else None,
                "window_ms_max": round(max(self.window_ms), 1) if self.window_ms else None}

    def why(self):
        return (f"lost {self.lost[:5]}, given up {self.given_up[:5]}, duplicates outside the window {self.unproven[:5]}, "
                f"without their event {self.silent[:5]}, late {self.late[:5]}, under way at the end {self.unsettled}, "
                f"{self.acknowledged} recipients of {self.requests} requests acknowledged")


def drained(sink, requests, timeout):
    """Waits until everything acknowledged has arrived; what is missing then."""
    wanted = {address for request in requests if request.acknowledged() for address in request.recipients}
    deadline = time.monotonic() + timeout
    while True:
        missing = wanted - sink.arrived
        if not missing or time.monotonic() > deadline:
            return missing
        time.sleep(0.1)


def delivered(server, sink, requests, timeout):
    """The same, while an operator says "now" again and again: what is in flight then keeps its own next time."""
    deadline = time.monotonic() + timeout
    while True:
        missing = drained(sink, requests, timeout=min(3.0, max(0.0, deadline - time.monotonic())))
        if not missing or time.monotonic() > deadline:
            return missing
        server.command("queue", "retry", "--all")


def whereabouts(server, message, n):
    """All that the server says of a recipient that has not ended."""
    said = []
    for noun in ("message", "queue"):
        try:
            said.append(server.command(noun, "show", f"{message}.postrider.{n}"))
        except server.Refused as refusal:
            said.append(str(refusal))
    return said


def judge(server, sink, requests, cuts, window=1.0, timeout=60):
    """The server runs and the sink takes everything. `cuts` says when each earlier life of the server was cut off. What is
    still missing when the wait ends may be on its way: only when the server is at rest is anything lost."""
    verdict = Verdict(requests=len(requests))
    late = overdue(server, requests, drained(sink, requests, timeout))
    verdict.unsettled = activity.at_rest(server, timeout)
    told = activity.events(server)
    missing = drained(sink, requests, timeout=0)
    verdict.late = [(address, said) for address, said in late if address not in missing]
    received = sink.received()
    for request in requests:
        if request.acknowledged():
            verdict.acknowledged += len(request.recipients)
        for n, address in enumerate(request.recipients):
            ends = activity.ended(told.get((request.message, n), []))
            if address in missing:
                given_up = ends and all(event.kind != "delivered" for event in ends)
                (verdict.given_up if given_up else verdict.lost).append((address, ends, when(request, cuts)))
                continue
            arrivals = received.get(address, [])
            verdict.arrived += bool(arrivals)
            if request.acknowledged() and [event.kind for event in ends] != ["delivered"]:
                verdict.silent.append((address, ends, len(verdict.silent) < TRACED and whereabouts(server, request.message, n)))
            if len(arrivals) > 1:
                verdict.duplicates += 1
                if why := unproven(request, ends, arrivals, cuts, window, verdict):
                    verdict.unproven.append((address, why))
    return verdict


def overdue(server, requests, missing):
    """(recipient, all that the server says of it now) for each that is missing; of more than TRACED only the address."""
    found = []
    for request in requests:
        for n, address in enumerate(request.recipients):
            if address in missing:
                found.append((address, len(found) < TRACED and whereabouts(server, request.message, n)))
    return found


def when(request, cuts):
    """When a lost request was acknowledged."""
    answered = f"acknowledged{' again' if request.replayed else ''} in life {request.life}"
    if cut := cuts.get(request.life):
        answered += f", {cut - request.answered:.3f} s before its cut"
    return answered


def unproven(request, ends, arrivals, cuts, window, verdict):
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
    if not any(event.possible_duplicate for event in ends):
        return f"the server did not count it: {ends}"
    return ""
