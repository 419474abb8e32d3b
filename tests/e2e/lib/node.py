# SPDX-License-Identifier: Apache-2.0
"""npm packages for the tests, at the locked versions, installed under build/ once."""
import json
import os
import shutil
import subprocess

from .server import SOURCE

HERE = SOURCE / "tests/e2e/node"


def home():
    """The folder whose node_modules has them."""
    folder = SOURCE / "build/e2e-node"
    lock = (HERE / "package-lock.json").read_bytes()
    done = folder / "installed-lock.json"
    if not done.exists() or done.read_bytes() != lock:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"], cwd=folder, check=True,
                       timeout=240)
        done.write_bytes(lock)
    return folder


def script(name, **variables):
    done = subprocess.run(["node", str(HERE / name)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "NODE_HOME": str(home()), **variables})
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)
