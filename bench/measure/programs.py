# SPDX-License-Identifier: Apache-2.0
"""The programs under build/release/bench: each prints lines of JSON."""
import json
import subprocess


class Talking:
    """A program that says where it listens, then answers each line on its stdin by one line of JSON."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"{command[0]} did not start")
        self.address = line.split()[1]
        self.port = int(self.address.rsplit(":", 1)[1])

    def ask(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        """Ends it; whatever it said last."""
        rest, _ = self.process.communicate(timeout=30)
        return json.loads(rest) if rest.strip() else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.close()


class Programs:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return str(self.folder / name)

    def once(self, name, *words):
        done = subprocess.run([self.path(name), *map(str, words)], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stdout}")
        return json.loads(done.stdout)

    def sink(self, records=()):
        """`records`: {name: TXT record} of the keys that signatures are checked with."""
        keys = [word for name, record in dict(records).items() for word in ("--txt", f"{name}={record}")]
        return Talking(self.path("bench_sink"), *keys)

    def door(self):
        return Talking(self.path("bench_limits"), "door")

    def load(self, address, key, messages, **options):
        """`options` as the program calls them, with _ for -."""
        words = [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), value)]
        return self.once("bench_load", "--to", address, "--key", key, "--messages", messages, *words)

    def pump(self, address, messages, connections):
        return self.once("bench_limits", "pump", "--to", address, "--messages", messages, "--connections", connections)

    def sign(self, threads, kind="rsa", milliseconds=1000):
        return self.once("bench_limits", "sign", "--threads", threads, "--type", kind, "--ms", milliseconds)

    def sync(self, folder, count=500):
        return self.once("bench_limits", "sync", "--dir", folder, "--count", count)
