#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every measurement of `./dev bench` runs to its end and finds its figures. They are small and of a build that nobody measures
with: what they say is not looked at."""
import json
import os
import pathlib
import subprocess
import tempfile

from lib import report
from lib.server import SOURCE

SMALL = ["--runs", "1", "--messages", "400", "--recipients", "2000"]


def main():
    build = pathlib.Path(os.environ.get("POSTRIDER_BINARY", SOURCE / "build/asan/postrider")).parent
    with tempfile.TemporaryDirectory(prefix="postrider-bench-") as folder:
        figures = pathlib.Path(folder) / "figures.json"
        done = subprocess.run([SOURCE / "bench/run", "--no-build", "--build", build, "--data", folder, "--json", figures, *SMALL],
                              capture_output=True, text=True, timeout=600)
        report.case("the benchmark runs to its end", done.returncode == 0, done.stderr[-2000:])
        found = json.loads(figures.read_text()) if figures.exists() else {}
        for name, figure in found.items():
            report.case(f"{name} has its figures", bool(figure), figure)
        report.case("every scenario was measured", len(found) == 7, list(found))


if __name__ == "__main__":
    report.main(main)
