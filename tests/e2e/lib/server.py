# SPDX-License-Identifier: Apache-2.0
"""A `postrider serve` of our own: a data directory, a process, and ways to end it."""
import contextlib
import datetime
import json
import os
import pathlib
import select
import signal
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[3]


def binary():
    return os.environ.get("POSTRIDER_BINARY", str(SOURCE / "build/asan/postrider"))


class Refused(Exception):
    """A command ended with an error."""


def run(*words, data, env=None):
    """One command with --json; its answer."""
    done = subprocess.run([binary(), *words, "--data", str(data), "--json"], capture_output=True, text=True,
                          timeout=60, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise Refused(f"postrider {' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


class NotReady(Exception):
    """The server ended before its ready line, or did not print one in time."""


class Server:
    """start() and kill() as often as you like. Every start picks a free port and reads it from the ready line, and sends
    from a loopback address of its own, by which a sink can tell which life of the server a connection belongs to."""

    Refused = Refused

    def __init__(self, data, settings=(), domains=("sender.test",)):
        self.data = pathlib.Path(data)
        self.settings = list(settings)
        self.process = None
        self.host, self.port = "127.0.0.1", 0
        self.starts = []  # seconds from exec to the ready line
        self.life = 0
        self.api_key = self.command("init")["api_key"]
        self.domains = {name: self.command("domain", "add", name) for name in domains}
        self.log_path = self.data.with_name(self.data.name + ".log")

    def start(self, env=None, before=(), timeout=60):
        """`before` is what the server runs under: ["strace", ...]. NotReady = it ended or said nothing in time."""
        command = [*before, binary(), "serve", "--data", str(self.data), "--set", "http.listen=127.0.0.1:0"]
        self.life += 1
        for setting in [*self.settings, f"delivery.sources={source_of(self.life)}"]:
            command += ["--set", setting]
        began = time.monotonic()
        with open(self.log_path, "ab") as log:
            self._log_began = log.tell()
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True,
                                            env={**os.environ, **(env or {})})
        ready, _, _ = select.select([self.process.stdout], [], [], timeout)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("ready "):
            self.kill()
            raise NotReady(f"no ready line but {line!r}: {self.log_of_life()[-1500:]}")
        self.starts.append(time.monotonic() - began)
        doors = dict(word.split("=", 1) for word in line.split()[1:])
        self.port = int(doors["http"].rsplit(":", 1)[1])
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, by=signal.SIGKILL):
        """To the server itself also when it runs under something. `by` is what ends it at once."""
        if self.process is None:
            return
        below = children(self.process.pid)
        for pid in [*below, self.process.pid]:
            try:
                os.kill(pid, by)
            except ProcessLookupError:
                pass
        self.process.wait()
        for pid in below:  # nobody's children now; until they are gone they hold the lock of the data directory
            while states(pid) - {"Z"}:
                time.sleep(0.005)
        self.process.stdout.close()
        self.process = None

    def freeze(self):
        """SIGSTOP, and wait until no thread is inside the kernel any more."""
        pid = self.process.pid
        os.kill(pid, signal.SIGSTOP)
        while states(pid) != {"T"}:
            time.sleep(0.001)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self, timeout=60):
        """SIGTERM; the exit status."""
        for pid in children(self.process.pid) or [self.process.pid]:
            os.kill(pid, signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        self.process.stdout.close()
        self.process = None
        return status

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_of_life(self):
        """What the server that was started last has logged."""
        with open(self.log_path, errors="replace") as log:
            log.seek(self._log_began)
            return log.read()

    def logged_at(self, event):
        """When (time.monotonic) the server that was started last logged this first; None = it has not."""
        line = next((line for line in self.log_of_life().splitlines() if event in line), None)
        if not line:
            return None
        logged = datetime.datetime.fromisoformat(line.split()[0])
        return time.monotonic() - (datetime.datetime.now(datetime.timezone.utc) - logged).total_seconds()

    def command(self, *words):
        """What the server answers; while it does not run, what its files say under the same settings."""
        settings = [] if self.running() else [word for setting in self.settings for word in ("--set", setting)]
        return run(*words, *settings, data=self.data)


def source_of(life):
    return f"127.1.{life >> 8}.{life & 255}"


def life_of(address):
    _, _, high, low = map(int, address.split("."))
    return high << 8 | low


def states(pid):
    """The letters of proc(5) that its threads are in; empty when there is no such process."""
    found = set()
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            found.add(stat.read_text().rsplit(")", 1)[1].split()[0])
    return found


def children(pid):
    try:
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
