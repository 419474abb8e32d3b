#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R3 and R4: system calls and allocations fail under the real binary. The k-th write, sync, open … fails once; the server
answers 202 or 503 or ends, and when it lives on it delivers what it took without help; then a clean restart must find
everything that was acknowledged, and nothing twice outside the window. What the kernel may do on any day, interrupted calls
and short transfers, happens again and again and is noticed by nobody.

  faults.py [--every] [--memory] [--seed N]
      --every   k = 1, 2, 3 … and from 64 on in steps of 5 %, until it no longer fires, for every fault
      --memory  allocations instead (a binary without a sanitizer, whose allocator would be the one to fail)
"""
import argparse
import contextlib
import dataclasses
import random
import signal
import subprocess
import time

from lib import activity, inject, ledger, load, report
from lib.drill import Drill
from lib.inject import Fault
from lib.server import NotReady

# Every fault with the k of its sample, at start-up or under the load; calls that become rare once the disk has been written
# to come first.
ONCE = [(Fault("fallocate", "EDQUOT"), (2,)), (Fault("fallocate", "ENOSPC"), (1,)), (Fault("ftruncate", "ENOSPC"), (1,)),
        (Fault("fdatasync", "EIO"), (2, 5, 11)), (Fault("fdatasync", "EDQUOT"), (7,)), (Fault("fdatasync", "EINTR"), (4,)),
        (Fault("fsync", "EIO"), (1, 3)),
        (Fault("pwrite64", "ENOSPC"), (3, 30)), (Fault("pwrite64", "EDQUOT"), (25,)), (Fault("pwrite64", "EIO"), (35,)),
        (Fault("pread64", "EIO"), (4,)),
        (Fault("write", "ENOSPC", preload=True), (1,)), (Fault("write", "EIO", preload=True), (1,)),
        (Fault("open", "EMFILE", preload=True), (20,)), (Fault("open", "ENOSPC", preload=True), (30,)),
        (Fault("open", "EDQUOT", preload=True), (25,)), (Fault("open", "ENOMEM", preload=True), (28,)),
        (Fault("renameat,renameat2", "EIO", after_death=True), (1,)),
        (Fault("renameat,renameat2", "ENOSPC", after_death=True), (1,)),
        (Fault("unlink,unlinkat", "EIO"), (1,)),
        (Fault("socket", "EMFILE"), (4,)), (Fault("accept4", "EMFILE"), (2,)), (Fault("accept4", "ENOMEM"), (3,))]
ANY_DAY = [(Fault(call, "EINTR", preload=True, harmless=True), (1,)) for call in (*inject.TRANSFERS, "open")]
ANY_DAY += [(Fault(call, inject.SHORT, preload=True, harmless=True), (1,)) for call in inject.TRANSFERS]
ANY_DAY += [(Fault(call, "EINTR", harmless=True), (1,)) for call in ("fallocate", "accept4", "epoll_wait")]
MEMORY = [(Fault("malloc", "ENOMEM", preload=True), (1_000, 30_000)), (Fault("mmap", "ENOMEM"), (20, 60))]
OUT_OF_MEMORY = r"terminate called .*'std::(bad_alloc|system_error)'"  # an end like any other; system_error: no new thread
FINE_UPTO = 64


@dataclasses.dataclass
class Tally:
    """What became of one fault over all its k."""
    runs: int = 0
    fired: int = 0
    last: int = 0  # the largest k that fired
    ended: int = 0  # runs in which the server ended
    stopped: int = 0  # runs in which it stopped taking mail

    def over(self, k):
        """Nobody comes to a k-th call any more."""
        return k > self.last + 1 and k > self.last * 1.1


class Faults:
    def __init__(self, seed):
        self.drill = Drill(seed)
        self.injector = inject.Injector(self.drill.folder.name)
        self.tallies = {}
        self.problems = []

    def once(self, fault, k):
        """One life under one fault, and a clean one after it. False = it did not happen."""
        drill, tally = self.drill, self.tallies.setdefault(fault, Tally())
        lives_on = fault.harmless or drill.rng.random() < 0.5
        if fault.after_death:
            self.dies_at_work()
        drill.cut()
        # What nobody could deliver before the cut only the journal can give back.
        drill.sink.deferring = not lives_on and drill.rng.random() < 0.5
        asked, problems = [], []
        try:
            self.injector.start(drill.server, fault, k)
        except NotReady:
            tally.ended += 1
            problems += ["it does not start"] if fault.harmless else []
        else:
            asked = self.under_load(fault, lives_on, tally, problems)
        drill.cut()
        try:
            drill.server.start()
        except NotReady as why:
            raise NotReady(f"after {fault} at {k}: {why}") from why
        if drill.sink.deferring:
            drill.sink.deferring = False
            drill.server.command("queue", "retry", "--all")
        load.retry(drill.server, asked)
        fired = self.injector.fired() > 0
        tally.runs += 1
        tally.fired += fired
        if fired:
            tally.last = max(tally.last, k)
        self.problems += [f"{fault} at {k}: {problem}" for problem in problems]
        return fired

    def dies_at_work(self):
        """As of a bug, with messages in its hands; only the next life counts that."""
        running = self.drill.new_load(per_second=200)
        time.sleep(0.3)
        self.drill.cut(signal.SIGABRT)
        self.drill.keep(running)

    def under_load(self, fault, lives_on, tally, problems):
        drill = self.drill
        running = drill.new_load(per_second=100, big_share=0.05)
        time.sleep(0.5)
        if not lives_on:
            drill.cut()
            asked = drill.keep(running)
        else:
            began = time.monotonic()
            asked = drill.keep(running)
            if time.monotonic() - began > 20:
                problems.append("a request had no answer for 20 s")
            self.lives_on(asked, fault, tally, problems)
        wrong = {request.status for request in asked} - ({202} if fault.harmless else {202, 503, None})
        if wrong:
            problems.append(f"answers {wrong}")
        return asked

    def lives_on(self, asked, fault, tally, problems):
        """Without a restart: it takes mail and delivers all of it, or says that it has stopped, or has ended."""
        drill = self.drill
        try:
            problem = self.why_it_does_not_go_on(asked)
        except (*load.NO_ANSWER, drill.server.Refused) as error:
            problem = f"{type(error).__name__}: {error}"  # by now it has ended or stopped, or this one is its fault
        if not drill.server.running():
            tally.ended += 1
            problems += ["it ended"] if fault.harmless else []
        elif failed_at := drill.server.logged_at("alarm journal_failed"):
            drill.cuts[drill.server.life] = failed_at  # from then on nothing is settled
            tally.stopped += 1
        elif problem:
            problems.append(problem)

    def why_it_does_not_go_on(self, asked):
        drill = self.drill
        deadline = time.monotonic() + 10
        while drill.server.running():
            probe = load.make_request(f"probe{drill.server.life}at{len(asked)}", drill.rng, big_share=0)
            asked.append(probe)
            drill.requests.append(probe)
            with contextlib.suppress(*load.NO_ANSWER):  # the fault met this one
                load.ask(drill.server, probe)
            if probe.status == 202:
                break
            if drill.server.logged_at("alarm journal_failed"):
                return "it has stopped"
            if time.monotonic() > deadline:
                return f"{probe.status} for 10 s after one failure, and no alarm"
            time.sleep(0.2)
        missing = ledger.delivered(drill.server, drill.sink, asked, timeout=30)
        return f"{len(missing)} recipients wait for a restart" if missing else ""

    def stops_after_failed_sync(self):
        """R4: from the failed sync on nothing is acknowledged, the operator is told, and only a restart helps."""
        drill = self.drill
        drill.cut()
        drill.server.start(env=inject.UNDER_TRACE)
        running = drill.new_load(per_second=100)
        trace = self.injector.trace()
        tracer = subprocess.Popen(inject.command(Fault("fdatasync,fsync", "EIO"), 1, trace, to=drill.server.process.pid))
        deadline = time.monotonic() + 10
        while not inject.times(trace) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        late = [load.ask(drill.server, load.make_request(f"late{i}", drill.rng, big_share=0)) for i in range(5)]
        report.case("after a failed sync nothing is acknowledged", all(request.status == 503 for request in late),
                    [request.status for request in late])
        report.case("after a failed sync the log has an alarm", "journal_stopped" in drill.server.log())
        drill.cut()
        tracer.wait()
        asked = drill.keep(running)
        drill.requests += late
        drill.server.start()
        load.retry(drill.server, asked)
        report.case("a restart takes mail again",
                    load.ask(drill.server, load.make_request("after", drill.rng, big_share=0)).status == 202)

    def each_k(self, fault):
        k = 1
        while True:
            self.once(fault, k)
            if self.tallies[fault].over(k):
                return
            k += 1 if k < FINE_UPTO else k // 20

    def close(self):
        self.drill.close()


def run(faults, chosen, every, name, seed):
    drill = faults.drill
    drill.server.start()
    for fault, sample in chosen:
        if every:
            faults.each_k(fault)
        else:
            for k in sample:
                faults.once(fault, k)
    if name == "faults":
        faults.stops_after_failed_sync()
    held = drill.server.command("queue", "release", "--all")["recipients"]  # whoever two deaths in a row were put down to
    deadline = time.monotonic() + 120
    while activity.at_rest(drill.server, timeout=3) and time.monotonic() < deadline:
        drill.server.command("queue", "retry", "--all")
    found = drill.judge(window=2.0)  # a failed sync stops settlement well before the cut
    tallies = {str(fault): vars(tally) for fault, tally in faults.tallies.items()}
    runs, fired = (sum(tally[key] for tally in tallies.values()) for key in ("runs", "fired"))
    print(drill.verdict(found, drill=name, seed=seed, runs=runs, fired=fired, held=held, faults=tallies), flush=True)
    report.case(f"{name}: {fired} of {runs} fired: nothing lost, {found.duplicates} duplicates inside the window", found.holds(),
                found.why())
    report.case(f"{name}: 202 or 503 or an end, and whoever lives on delivers", not faults.problems, faults.problems[:10])
    idle = [fault for fault, tally in tallies.items() if (not tally["fired"] if every else tally["fired"] < tally["runs"])]
    report.case(f"{name}: each of {len(tallies)} faults happened", not idle, idle)
    if every:
        coarse = {fault: tally["last"] for fault, tally in tallies.items() if tally["last"] > FINE_UPTO}
        print(f"{name}: every k up to {FINE_UPTO}, then steps of 5 % to the last k that fired: {coarse}", flush=True)
    complaint = drill.complaint(OUT_OF_MEMORY if name == "memory" else None)
    report.case(f"{name}: no sanitizer and no assertion complains", not complaint, complaint)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--only", metavar="TEXT", default="", help="only faults whose name has this")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    options = parser.parse_args()
    if lacking := inject.Injector.missing():
        return report.skip("faults", f"{lacking} is not there")

    chosen = [entry for entry in (MEMORY if options.memory else ONCE + ANY_DAY) if options.only in str(entry[0])]
    faults = Faults(options.seed)
    try:
        run(faults, chosen, options.every, "memory" if options.memory else "faults", options.seed)
    finally:
        faults.close()


if __name__ == "__main__":
    report.main(main)
