#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: what can change while the server runs does, what cannot is named, and a mistake in the file changes nothing."""
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

from lib import report
from lib.server import Server
from lib.waiting import wait_for


def send(server, to, headers=(), text="hello"):
    body = {"from": {"email": "me@sender.test"}, "personalizations": [{"to": [{"email": to}]}], "subject": "s",
            "content": [{"type": "text/plain", "value": text}]}
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/v3/mail/send", json.dumps(body).encode(),
                                     {"Authorization": f"Bearer {server.api_key}", "Content-Type": "application/json",
                                      **dict(headers)})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def certificate(folder, name):
    """The setting's lines for a new self-signed certificate."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                    "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
                   check=True, capture_output=True)
    return f"[http.tls]\ncertificate = \"{folder}/{name}.pem\"\nkey = \"{folder}/{name}.key\"\n"


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

            before = len(server.log())
            captured()
            quiet = server.log()[before:]
            reload("", "reloaded")
            before = len(server.log())
            captured()
            report.case("the log's level counts at once", "command" not in quiet and "command" in server.log()[before:], quiet)

            def keyed(key):
                return send(server, "d@routed.test", {"Idempotency-Key": key}.items())

            first = keyed("one")
            reload("[limits]\nidempotency_keys = 1\n", "reloaded", "limits.idempotency_keys")
            second = keyed("two")
            reload("", "reloaded", "limits.idempotency_keys")
            third = keyed("two")
            report.case("so does the number of Idempotency-Keys", first == third == 202 and second == 429,
                        (first, second, third))

            reload("[limits]\nspool = \"1MB\"\n", "reloaded", "limits.spool")
            large = "ten octets" * 300_000
            tight = send(server, "e@routed.test", text=large)
            reload("", "reloaded", "limits.spool")
            wide = send(server, "e@routed.test", text=large)
            report.case("so does the spool's size", tight >= 400 and wide == 202, (tight, wide))

            folder = pathlib.Path(folder)
            first, second = certificate(folder, "first.test"), certificate(folder, "second.test")
            report.case("TLS begins with a restart only", reload(first, "not_reloaded", "a restart is needed"),
                        server.log()[-500:])
            report.case("it drains", (status := server.stop()) == 0, status)

            def shown():
                presented = ssl.get_server_certificate(("127.0.0.1", server.port), timeout=30)
                return next((name for name in ("first.test", "second.test")
                             if presented.strip() == (folder / f"{name}.pem").read_text().strip()), None)

            server.start()
            report.case("the certificate it was started with", shown() == "first.test", shown())
            report.case("a new one is shown at once",
                        reload(second, "reloaded", "http.tls.certificate", "http.tls.key") and shown() == "second.test", shown())
            (folder / "second.test.pem").write_text("no certificate\n")
            report.case("one that cannot be read is refused", reload(second, "not_reloaded"), server.log()[-500:])
            report.case("TLS ends with a restart only", reload("", "not_reloaded", "a restart is needed"), server.log()[-500:])
            report.case("and it goes on as it was", send(server, "f@routed.test") == 202)
        finally:
            server.kill()


if __name__ == "__main__":
    report.main(main)
