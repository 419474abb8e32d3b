# SPDX-License-Identifier: Apache-2.0
"""What is measured. A scenario returns a list of repetitions, each a flat dictionary of figures."""
import itertools
import shutil
import sys
import time

from measure import machine, profile
from measure.postrider import Postrider
from measure.run import measured

ALL = ("tools", "hundred", "single", "unsigned", "paced", "backlog_hundred", "backlog_single")
UNSIGNED = ("delivery.sign=false",)
AN_HOUR = 3600
PACE = 0.5  # of the throughput just measured


class Bench:
    def __init__(self, options, programs, folder, profile_to):
        self.options, self.programs, self.folder = options, programs, folder
        self.profile_to = profile_to
        self.numbers = itertools.count()
        self.load = {"connections": options.connections, "domains": options.domains}

    # --- throughput ---

    def hundred(self):
        """100 personalizations per request, signed."""
        return self.repeated(per_request=100)

    def single(self):
        """One recipient per request, signed."""
        return self.repeated(per_request=1)

    def unsigned(self):
        """100 per request without signatures: what everything but signing costs."""
        return self.repeated(UNSIGNED, per_request=100)

    def paced(self):
        """Single requests at half the rate the server can take: latency without a queue."""
        whole = self.repetition((), per_request=1)["messages_per_second"]
        return self.repeated(per_request=1, rate=max(1, int(PACE * whole)))

    def repeated(self, settings=(), **load):
        return [self.told(self.repetition(settings, **load)) for _ in range(self.options.runs)]

    def repetition(self, settings, **load):
        """A fresh server; the machine's own cost of a signature and of a sync beside it."""
        server = self.server(settings)
        machine_now = self.machine_cost()
        with self.programs.sink(server.records()) as sink:
            self.start(server, sink)
            try:
                figures = self.stretch(server, sink, **load)
            finally:
                self.remove(server)
        return {**figures, **machine_now, "cpu_ratio": figures["cpu_us_without_signing"] / machine_now["rsa_two_us"]}

    def machine_cost(self):
        sync = self.programs.sync(self.folder)
        return {"rsa_one_us": self.programs.sign(1)["cpu_us"], "rsa_two_us": self.programs.sign(2)["cpu_us"],
                "ed25519_us": self.programs.sign(2, "ed25519", milliseconds=300)["cpu_us"],
                "sync_p50_us": sync["p50_us"], "sync_p99_us": sync["p99_us"]}

    # --- a million waiting ---

    def backlog_hundred(self):
        return self.backlog(per_request=100)

    def backlog_single(self):
        return self.backlog(per_request=1)

    def backlog(self, per_request):
        """Recipients due in an hour: their memory, a restart with them, and what other mail then costs."""
        empty, full = self.server(UNSIGNED), self.server(UNSIGNED)
        with self.programs.sink() as sink:
            once = self.fill(full, sink, per_request)
            pairs = [self.told({**once, **self.pair(empty, full, sink)}) for _ in range(self.options.runs)]
        self.remove(empty)
        self.remove(full)
        return pairs

    def fill(self, server, sink, per_request):
        recipients = self.options.recipients
        self.start(server, sink)
        self.stretch(server, sink, per_request=100)  # so that what any work leaves in memory is there before
        lean = machine.pss_bytes(server.pid)
        cpu, began = server.cpu(), time.monotonic()
        self.programs.load(server.address, server.api_key, recipients, per_request=per_request, send_after=AN_HOUR,
                           **self.load)
        took = time.monotonic() - began
        self.all_wait(server)
        cpu = server.cpu() - cpu
        heavy = machine.pss_bytes(server.pid)
        server.kill()
        return {"recipients": recipients, "filled_per_second": recipients / took, "fill_cpu_us": cpu * 1e6 / recipients,
                "bytes_per_waiting": (heavy - lean) / recipients}

    def pair(self, empty, full, sink):
        self.start(empty, sink)
        lean = machine.pss_bytes(empty.pid)
        without = self.stretch(empty, sink, per_request=100)
        empty.stop()
        self.start(full, sink)
        ready, heavy = full.starts[-1], machine.pss_bytes(full.pid)
        self.all_wait(full)
        with_backlog = self.stretch(full, sink, per_request=100)
        full.kill()  # every start with the backlog is one after a crash
        return {"ready_seconds": ready, "bytes_per_waiting_after_restart": (heavy - lean) / self.options.recipients,
                "cpu_us_empty": without["cpu_us"], "cpu_us_backlog": with_backlog["cpu_us"],
                "backlog_ratio": with_backlog["cpu_us"] / without["cpu_us"],
                "messages_per_second_empty": without["messages_per_second"],
                "messages_per_second_backlog": with_backlog["messages_per_second"]}

    def all_wait(self, server):
        waiting = server.settle(waiting=self.options.recipients)["postrider_queue_waiting"]
        if waiting != self.options.recipients:
            raise RuntimeError(f"{waiting:.0f} of {self.options.recipients} recipients wait")

    # --- the measuring programs themselves ---

    def tools(self):
        """The sink against a pump, the load against a door that does nothing: what they can do, and cost."""
        return [self.told(self.tool_cost(self.options.messages)) for _ in range(self.options.runs)]

    def tool_cost(self, messages):
        with self.programs.sink() as sink:
            before = sink.ask("count")["cpu_us"]
            pumped = self.programs.pump(sink.address, messages, connections=8 * self.options.domains)
            sink_cpu = sink.ask("count")["cpu_us"] - before
        figures = {"sink_per_second": messages / pumped["seconds"], "sink_cpu_us": sink_cpu / messages}
        with self.programs.door() as door:
            for name, each in (("single", 1), ("hundred", 100)):
                done = self.programs.load(door.address, "none", messages * each, per_request=each, **self.load)
                figures[f"load_{name}_per_second"] = done["messages"] / done["seconds"]
                figures[f"load_{name}_cpu_us"] = done["cpu_us"] / done["messages"]
        return {**figures, **self.machine_cost()}

    # ---

    def server(self, settings):
        return Postrider(self.folder / f"data{next(self.numbers)}", [*settings, *self.options.set])

    def start(self, server, sink):
        server.route_to(sink)
        server.start(timeout=300)

    def remove(self, server):
        if server.running():
            server.stop()
        shutil.rmtree(server.data)

    def stretch(self, server, sink, **load):
        path = str(self.profile_to / f"perf-{next(self.numbers)}.data") if self.options.profile else None
        figures = measured(self.programs, server, sink, self.options.messages, profile=path, **{**self.load, **load})
        if path:
            profile.show(path, self.options.messages)
        return figures

    @staticmethod
    def told(figures):
        print("  " + " ".join(f"{name}={value:.4g}" for name, value in figures.items()), file=sys.stderr, flush=True)
        return figures
