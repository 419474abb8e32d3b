#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/first-run, which `./dev run` ends with: twice on one directory, the second time with its port taken."""
import pathlib
import socket
import subprocess
import tempfile

from lib import report
from lib.server import SOURCE, binary


def first_run(data):
    return subprocess.run([SOURCE / "tools/first-run", binary(), "--data", str(data), "--once"], capture_output=True,
                          text=True, timeout=120)


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-first-") as folder:
        data = pathlib.Path(folder) / "run"
        done = first_run(data)
        report.case("the first run ends with a caught message and says what to do next",
                    done.returncode == 0 and "has caught its first message" in done.stdout, done.stdout + done.stderr)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            script = (SOURCE / "tools/first-run").read_text().replace("PORT = 8025", f"PORT = {taken.getsockname()[1]}")
            moved = pathlib.Path(folder) / "first-run"
            moved.write_text(script)
            again = subprocess.run(["python3", moved, binary(), "--data", str(data), "--once"], capture_output=True,
                                   text=True, timeout=120)
        report.case("the second run uses the same directory, and another port when its own is taken",
                    again.returncode == 0 and "is taken" in again.stdout, again.stdout + again.stderr)


if __name__ == "__main__":
    report.main(main)
