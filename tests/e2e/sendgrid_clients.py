#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SendGrid's own clients send through `postrider serve` to a mail server; what arrives is signed and is what was sent."""
import base64
import json
import pathlib
import random
import tempfile
import time

import dkim

from lib import node, report
from lib.server import Server
from lib.sink import Sink

TEXT = "Grüße aus Köln, 数据 ✓\n.a line that starts with a dot\nFrom here it looks like mbox\n" + "x" * 2000 + "\nlast line"
HTML = "<html><body><p>Grüße &amp; ✓</p>\r\n<p>" + "wide " * 500 + "</p>\n.\n</body></html>"


def attachment(name, kind, content, **more):
    return {"filename": name, "type": kind, "content": base64.b64encode(content).decode(), **more}


def job():
    rng = random.Random(7)
    attachments = [attachment("Übersicht 2024 – 数据.pdf", "application/pdf", rng.randbytes(70_001)),
                   attachment("plain.txt", "text/plain", b"no newline at the end, \r\n.\r\n and a dot", disposition="attachment"),
                   attachment("logo.png", "image/png", rng.randbytes(999), disposition="inline", content_id="logo")]
    mail = {"to": {"email": "zoe@d1.test", "name": "Zoë, with a comma"}, "from": {"email": "hello@sender.test", "name": "Søren"},
            "subject": "Ünïcode subject ✓ " + "long " * 40, "text": TEXT, "html": HTML, "attachments": attachments}
    client = {"personalizations": [{"to": [{"email": f"p{i}@d2.test"}], "substitutions": {"-name-": f"Name {i} ü"}}
                                   for i in range(3)],
              "from": {"email": "hello@sender.test"}, "subject": "for -name-", "categories": ["e2e"],
              "content": [{"type": "text/plain", "value": "Dear -name-,\nthis is yours.\n"}]}
    return {"mail": mail, "client": client}


def same_text(sent, got):
    def normal(text):
        return (text or "").replace("\r\n", "\n").rstrip("\n")
    return normal(sent) == normal(got)


def check_dkim(delivery, records):
    """Debian's python3-dkim, every signature."""
    for index, kind in enumerate(("first", "second")):
        verified = dkim.DKIM(delivery.raw).verify(
            idx=index, dnsfunc=lambda name, timeout=5: records.get(name.decode().rstrip("."), "").encode())
        report.case(f"python3-dkim verifies the {kind} signature of {delivery.recipients[0]}", verified)


def check_read(delivery, read):
    algorithms = sorted(result["algo"] for result in read["dkim"] if result["result"] == "pass")
    report.case(f"mailauth verifies RSA and Ed25519 of {delivery.recipients[0]}",
                algorithms == ["ed25519-sha256", "rsa-sha256"], read["dkim"])


def check_content(sent, read):
    report.case("mailparser returns the subject", read["subject"] == sent["subject"].strip(), read["subject"])
    report.case("mailparser returns the names", (read["from"][0]["name"], read["to"][0]["name"]) ==
                (sent["from"]["name"], sent["to"]["name"]), (read["from"], read["to"]))
    report.case("mailparser returns the text", same_text(sent["text"], read["text"]), repr(read["text"])[:300])
    report.case("mailparser returns the html", same_text(sent["html"], read["html"]), repr(read["html"])[:300])
    got = {found["filename"]: found for found in read["attachments"]}
    for one in sent["attachments"]:
        found = got.get(one["filename"], {})
        report.case(f"attachment {one['filename']} arrives byte for byte",
                    (found.get("content"), found.get("contentType")) == (one["content"], one["type"]), sorted(got))


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-e2e-") as folder:
        folder = pathlib.Path(folder)
        sink = Sink(folder, keep_raw=True)
        server = Server(folder / "data", settings=[f"delivery.route=*=127.0.0.1:{sink.port}"]).start()
        try:
            sent = job()
            (folder / "job.json").write_text(json.dumps(sent))
            answer = node.script("send.mjs", JOB=str(folder / "job.json"), API_KEY=server.api_key,
                                 BASE_URL=f"http://{server.host}:{server.port}")
            for name in ("mail", "client"):
                report.case(f"@sendgrid/{name} is answered 202 with an X-Message-Id",
                            answer[name]["status"] == 202 and len(answer[name]["id"]) == 22, answer[name])
            report.case("a foreign from address is refused: 403, field from",
                        (answer["refused"]["status"], answer["refused"]["field"]) == (403, "from"), answer["refused"])

            deadline = time.monotonic() + 20
            while len(sink.received()) < 4 and time.monotonic() < deadline:
                time.sleep(0.05)
            received = sink.received()
            report.case("all four recipients' mail arrives, over TLS", sorted(received) ==
                        ["p0@d2.test", "p1@d2.test", "p2@d2.test", "zoe@d1.test"] and all(d.tls for d in sink.deliveries),
                        sorted(received))

            records = {record["name"]: record["value"] for record in server.domains["sender.test"]["dkim"]}
            (folder / "records.json").write_text(json.dumps(records))
            for address in ("zoe@d1.test", "p1@d2.test"):
                delivery = received[address][0]
                check_dkim(delivery, records)
                (folder / "message").write_bytes(delivery.raw)
                read = node.script("read.mjs", MESSAGE=str(folder / "message"), RECORDS=str(folder / "records.json"),
                                   SENDER=delivery.sender)
                check_read(delivery, read)
                if address == "zoe@d1.test":
                    check_content(sent["mail"], read)
                else:
                    report.case("substitutions are made", read["text"].startswith("Dear Name 1 ü,") and
                                read["subject"] == "for Name 1 ü", read)
            shown = server.command("message", "show", f"{answer['mail']['id']}.postrider.0")
            report.case("message show tells processed, delivered", [event["event"] for event in shown["events"]] ==
                        ["processed", "delivered"], shown)
        finally:
            server.kill()


if __name__ == "__main__":
    report.main(main)
