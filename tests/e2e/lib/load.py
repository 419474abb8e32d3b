# SPDX-License-Identifier: Apache-2.0
"""Clients of POST /v3/mail/send that write down what they asked and what they were told."""
import base64
import dataclasses
import http.client
import json
import random
import threading
import time

DESTINATIONS = 8
NO_ANSWER = (OSError, http.client.HTTPException)
BIG = base64.b64encode(random.Random(1).randbytes(400_000)).decode()  # over the journal's inline limit


@dataclasses.dataclass
class Request:
    name: str
    recipients: list  # addresses nobody else writes to
    body: bytes
    idempotency: str | None
    status: int | None = None  # None = the connection ended without an answer
    message: str | None = None  # X-Message-Id
    asked: float = 0.0
    answered: float = 0.0
    life: int = 0  # of the server that answered
    replayed: bool = False
    judged: bool = True  # False: the answer was heard, but cannot be held against the server

    def acknowledged(self):
        return self.status == 202 and self.judged


def make_request(name, rng, big_share=0.01, filler=""):
    """1-5 personalizations of 1-3 recipients, about 3 KB and the filler; every second one may be repeated under its
    idempotency key."""
    personalizations, recipients = [], []
    for _ in range(rng.randint(1, 5)):
        to = []
        for _ in range(rng.randint(1, 3)):
            address = f"{name}-{len(recipients)}@d{rng.randrange(DESTINATIONS)}.test"
            recipients.append(address)
            to.append({"email": address})
        personalizations.append({"to": to, "substitutions": {"-name-": f"Zoë {len(recipients)}"}})
    body = {"personalizations": personalizations, "from": {"email": "hello@sender.test", "name": "Sender"},
            "subject": f"Message {name} for -name-", "custom_args": {"request": name},
            "content": [{"type": "text/plain", "value": f"Dear -name-,\n{'some text ' * 150}\n{filler}"},
                        {"type": "text/html", "value": f"<p>Dear -name-,</p><p>{'some text ' * 150}</p>"}]}
    if rng.random() < big_share:
        body["attachments"] = [{"content": BIG, "filename": "big.bin", "type": "application/octet-stream"}]
    return Request(name, recipients, json.dumps(body).encode(), name if rng.random() < 0.5 else None)


class Load:
    """Asks at a steady rate from a few threads until stop(). Requests without an answer may be asked again: retry()."""

    def __init__(self, server, prefix, rng, per_second=200, threads=4, big_share=0.01):
        self.server, self.prefix, self.big_share = server, prefix, big_share
        self.requests = []
        self._rngs = [random.Random(rng.getrandbits(64)) for _ in range(threads)]
        self._pause = threads / per_second
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(i,), daemon=True) for i in range(threads)]

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        return self.requests

    def _ask(self, i):
        connection = None
        due = time.monotonic()
        count = 0
        while not self._stopping.is_set():
            request = make_request(f"{self.prefix}t{i}n{count}", self._rngs[i], self.big_share)
            count += 1
            self.requests.append(request)
            try:
                connection = connection or connect(self.server)
                ask(self.server, request, connection)
            except NO_ANSWER:
                connection = None
                if not self.server.running():
                    return
            due += self._pause
            self._stopping.wait(max(0.0, due - time.monotonic()))



def connect(server, timeout=30):
    return http.client.HTTPConnection(server.host, server.port, timeout=timeout)


def ask(server, request, connection=None):
    """Sends it and fills in the answer; raises when there was none."""
    own = connection is None
    connection = connection or connect(server)
    headers = {"Authorization": f"Bearer {server.api_key}", "Content-Type": "application/json"}
    if request.idempotency:
        headers["Idempotency-Key"] = request.idempotency
    request.asked = time.monotonic()
    connection.request("POST", "/v3/mail/send", request.body, headers)
    answer = connection.getresponse()
    answer.read()
    request.status, request.answered = answer.status, time.monotonic()
    request.life, request.replayed = server.life, "Idempotent-Replayed" in answer.headers
    request.message = answer.headers.get("X-Message-Id")
    if own:
        connection.close()
    return request


def retry(server, requests):
    """What a careful client does after losing its connection: the same again under the same idempotency key."""
    for request in requests:
        if request.status is None and request.idempotency:
            ask(server, request)
