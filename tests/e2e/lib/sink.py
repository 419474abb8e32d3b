# SPDX-License-Identifier: Apache-2.0
"""A mail server that takes everything, writes down what came over which connection, and can be told to be difficult."""
import asyncio
import dataclasses
import hashlib
import re
import ssl
import subprocess
import threading
import time

from .server import life_of


@dataclasses.dataclass
class Delivery:
    """One completed DATA."""
    connection: int
    life: int  # of the server it came from
    recipients: list
    sender: str
    message_id: str
    content: str  # SHA-256 of everything but the signatures: attempts of one message agree in it
    dot: float  # when the final dot arrived (time.monotonic)
    tls: bool
    raw: bytes | None = None


def certificate(folder):
    """A self-signed certificate for the sink: (certificate, key)."""
    cert, key = f"{folder}/sink.pem", f"{folder}/sink.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=sink.test", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


def unsigned(raw):
    """The message without its DKIM-Signature fields."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = re.sub(rb"(?ims)^DKIM-Signature:.*?\r\n(?![ \t])", b"", head + b"\r\n")
    return fields + b"\r\n" + body


class Sink:
    """Runs in a thread of its own. `deliveries` and `arrived` grow; `deferring` makes it answer 451 to every RCPT."""

    def __init__(self, folder, keep_raw=False):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate(folder))
        self.keep_raw = keep_raw
        self.deliveries = []
        self.arrived = set()  # recipients; what waits for them asks ten times a second, and the sink needs the interpreter too
        self.deferring = False
        self.offering_tls = True
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()

    def _run(self, started):
        asyncio.set_event_loop(self._loop)

        async def listen():
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20, backlog=256)
            self.port = server.sockets[0].getsockname()[1]
            started.set()

        self._loop.run_until_complete(listen())
        self._loop.run_forever()

    def received(self):
        """Recipient -> its deliveries, in order."""
        by_recipient = {}
        for delivery in list(self.deliveries):
            for recipient in delivery.recipients:
                by_recipient.setdefault(recipient, []).append(delivery)
        return by_recipient

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            await self._converse(self.connections, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass  # a peer that was killed
        finally:
            writer.close()

    async def _converse(self, connection, reader, writer):
        tls, sender, recipients = False, "", []
        life = life_of(writer.get_extra_info("peername")[0])

        async def say(line):
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 sink.test ESMTP")
        while line := await reader.readline():
            verb, _, rest = line.decode(errors="surrogateescape").rstrip("\r\n").partition(" ")
            match verb.upper():
                case "EHLO":
                    words = ["sink.test", "PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 40000000"]
                    words += ["STARTTLS"] if self.offering_tls and not tls else []
                    await say("\r\n".join(f"250-{word}" for word in words[:-1]) + f"\r\n250 {words[-1]}")
                case "STARTTLS":
                    await say("220 go ahead")
                    await writer.start_tls(self.context)
                    tls = True
                case "MAIL":
                    sender, recipients = rest[rest.index("<") + 1:rest.index(">")], []
                    await say("250 2.1.0 ok")
                case "RCPT":
                    if self.deferring:
                        await say("451 4.3.0 later")
                        continue
                    recipients.append(rest[rest.index("<") + 1:rest.index(">")])
                    await say("250 2.1.5 ok")
                case "DATA":
                    if not recipients:
                        await say("554 5.5.1 no recipients")
                        continue
                    await say("354 go ahead")
                    raw = await self._message(reader)
                    self._write_down(connection, life, sender, recipients, raw, tls)
                    await say("250 2.0.0 taken")
                case "RSET":
                    recipients = []
                    await say("250 2.0.0 ok")
                case "QUIT":
                    await say("221 2.0.0 bye")
                    return
                case _:
                    await say("500 5.5.2 what?")

    @staticmethod
    async def _message(reader):
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line.endswith(b"\r\n"):
                raise asyncio.IncompleteReadError(line, None)  # the peer was cut off
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _write_down(self, connection, life, sender, recipients, raw, tls):
        found = re.search(rb"(?im)^Message-ID:\s*(\S+)", raw)
        self.deliveries.append(Delivery(
            connection, life, recipients, sender, found.group(1).decode() if found else "",
            hashlib.sha256(unsigned(raw)).hexdigest(), time.monotonic(), tls, raw if self.keep_raw else None))
        self.arrived.update(recipients)
