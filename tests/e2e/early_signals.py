#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A signal during a long start waits for its end and ends nothing by itself."""
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from lib import report
from lib.server import Server, binary


def starting(data, listener):
    """A server whose start waits for a store that takes the connection and says nothing."""
    url = f"postgresql://postrider@127.0.0.1:{listener.getsockname()[1]}/postrider?sslmode=disable"
    process = subprocess.Popen([binary(), "serve", "--data", str(data), "--set", "http.listen=127.0.0.1:0",
                                "--set", f"store.url={url}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    listener.settimeout(30)
    return process, listener.accept()[0]


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-early-") as folder:
        server = Server(pathlib.Path(folder) / "data")
        for early in (signal.SIGHUP, signal.SIGTERM):
            with socket.create_server(("127.0.0.1", 0)) as listener:
                process, connection = starting(server.data, listener)
                try:
                    process.send_signal(early)
                    time.sleep(0.5)
                    report.case(f"{early.name} does not end a server that is starting", process.poll() is None, process.poll())
                    connection.close()
                    listener.close()
                    said, _ = process.communicate(timeout=60)
                    report.case(f"after {early.name} a start that fails ends in words", process.returncode > 0 and said,
                                (process.returncode, said))
                finally:
                    process.kill()
                    process.wait()


if __name__ == "__main__":
    report.main(main)
