#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: what can change while the server runs does, what cannot is named, and a mistake in the file changes nothing."""
import json
import pathlib
import signal
import socket
import tempfile
import urllib.request

from lib import report
from lib.server import Server
from lib.waiting import wait_for


def send(server, to):
    body = {"from": {"email": "me@sender.test"}, "personalizations": [{"to": [{"email": to}]}], "subject": "s",
            "content": [{"type": "text/plain", "value": "hello"}]}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/v3/mail/send", json.dumps(body).encode(),
                                     {"Authorization": f"Bearer {server.api_key}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-reload-") as folder:
        server = Server(pathlib.Path(folder) / "data")
        file = server.data / "postrider.toml"

        def reload(text, *words):
            """Whether the server says all these words about a file with this text."""
            before = len(server.log())
            file.write_text(text)
            server.process.send_signal(signal.SIGHUP)
            return wait_for(lambda: all(word in server.log()[before:] for word in words))

        def captured():
            return len(server.command("capture", "list"))

        try:
            file.write_text("")
            server.start()
            send(server, "a@routed.test")
            report.case("without a route it is captured", wait_for(lambda: captured() == 1), captured())
            report.case("a mistake is said, and nothing changes",
                        reload("[log]\nlevel = \"loud\"\n", "not_reloaded", "log.level: must be"), server.log()[-500:])
            with socket.create_server(("127.0.0.1", 0)) as sink:
                sink.settimeout(30)
                route = f"[[delivery.route]]\ndomain = \"routed.test\"\nhost = \"127.0.0.1\"\nport = {sink.getsockname()[1]}\n"
                report.case("what changed is named", reload(route, "reloaded", "delivery.route"), server.log()[-500:])
                send(server, "b@routed.test")
                report.case("mail goes by a new route", bool(sink.accept()))
            report.case("what a restart is needed for is named",
                        reload("[node]\nname = \"other.test\"\n[log]\nlevel = \"warning\"\n", "restart_needed", "node.name"),
                        server.log()[-500:])
            send(server, "c@routed.test")
            report.case("without the route it is captured again", wait_for(lambda: captured() >= 2), captured())
            report.case("it drains", (status := server.stop()) == 0, status)
        finally:
            server.kill()


if __name__ == "__main__":
    report.main(main)
