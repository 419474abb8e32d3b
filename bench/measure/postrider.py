# SPDX-License-Identifier: Apache-2.0
"""The server under measurement."""
import re
import time
import urllib.request

from lib.server import Server

from measure import machine

DOMAIN = "bench.example"
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


class Postrider(Server):
    def __init__(self, data, settings=()):
        super().__init__(data, settings=settings, domains=(DOMAIN,))

    def records(self):
        """{name: TXT record} of its DKIM keys."""
        return {key["name"]: key["value"] for key in self.domains[DOMAIN]["dkim"]}

    def route_to(self, sink):
        self.settings = [setting for setting in self.settings if not setting.startswith("delivery.route=")]
        self.settings.append(f"delivery.route=*=127.0.0.1:{sink.port}")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def metrics(self):
        """{name: value}; of a metric with a label, {'name.value of the label': value}."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        found = {}
        for name, labels, value in filter(None, (SAMPLE.match(line) and SAMPLE.match(line).groups()
                                                 for line in text.splitlines())):
            label = re.search(r'="([^"]*)"', labels or "")
            found[f"{name}.{label[1]}" if label else name] = float(value)
        return found

    def cpu(self):
        return machine.cpu_seconds(self.pid)

    def settle(self, waiting=0, timeout=600):
        """Until every reader is at the tail and nobody but `waiting` recipients waits; the metrics then."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            now = self.metrics()
            lag = sum(value for name, value in now.items() if name.startswith("postrider_reader_lag_events"))
            if lag == 0 and now["postrider_queue_in_flight"] == 0 and now["postrider_queue_waiting"] <= waiting:
                return now
            time.sleep(0.1)
        raise RuntimeError(f"did not come to rest in {timeout} s: {now}")


def threads(before, after):
    """{kind of thread: CPU seconds between two looks at the metrics}."""
    prefix = "postrider_thread_cpu_seconds_total."
    return {name.removeprefix(prefix): after[name] - before[name] for name in after if name.startswith(prefix)}
