#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A site that has offered TLS is not spoken to in the clear, over a restart too, until an operator says so."""
import json
import pathlib
import tempfile

from lib import load, report
from lib.server import Server
from lib.sink import Sink
from lib.waiting import wait_for


def send(server, address):
    body = {"personalizations": [{"to": [{"email": address}]}], "from": {"email": "hello@sender.test"}, "subject": address,
            "content": [{"type": "text/plain", "value": address}]}
    return load.ask(server, load.Request(address, [address], json.dumps(body).encode(), address)).message


def events(server, message):
    try:
        return server.command("message", "show", f"{message}.postrider.0")["events"]
    except server.Refused:
        return []


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-tls-") as folder:
        sink = Sink(folder)
        site = f"127.0.0.1:{sink.port}"
        server = Server(pathlib.Path(folder) / "data", settings=[f"delivery.route=*={site}"])
        try:
            server.start()
            first = send(server, "a@d.test")
            arrived = wait_for(lambda: sink.received().get("a@d.test"))
            report.case("what is offered is used", arrived and arrived[0].tls)
            told = wait_for(lambda: [event for event in events(server, first) if event["event"] == "delivered"])
            report.case("the event says by which policy", told and told[0].get("tls_policy") == "opportunistic", told)
            known = [row["site"] for row in server.command("tls", "list")["sites"]]
            report.case("the site is remembered", known == [site], known)
            server.stop()

            sink.offering_tls = False
            server.start()
            second = send(server, "b@d.test")
            told = wait_for(lambda: [event for event in events(server, second) if event["event"] == "deferred"])
            report.case("after a restart, without the offer, the mail waits",
                        told and "b@d.test" not in sink.received() and told[0].get("tls_policy") == "remembered"
                        and f"postrider tls forget {site}" in told[0]["response"], told)

            forgotten = server.command("tls", "forget", site)
            server.command("queue", "retry", "--all")
            arrived = wait_for(lambda: sink.received().get("b@d.test"), timeout=90)
            report.case("an operator lets it go in the clear", forgotten["forgotten"] and arrived and not arrived[0].tls)
            report.case("it drains", (status := server.stop()) == 0, status)
            known = server.command("tls", "list")["sites"]
            report.case("what was forgotten stays so", known == [], known)
        finally:
            server.kill()


if __name__ == "__main__":
    report.main(main)
