# SPDX-License-Identifier: Apache-2.0
"""How an end-to-end test tells the runner what it found: one line per case, "ok", "not ok" or "skip"."""
import sys
import traceback

_failed = False


def case(name, passed, why=""):
    global _failed
    _failed = _failed or not passed
    print(f"ok {name}" if passed else f"not ok {name}: {why}", flush=True)
    return passed


def skip(name, why):
    print(f"skip {name}: {why}", flush=True)


def main(test):
    """Runs `test` and ends the process: 0 when every case passed."""
    try:
        test()
    except Exception as error:  # noqa: BLE001: whatever it is, it is this test's failure
        traceback.print_exc()
        case("runs to its end", False, f"{type(error).__name__}: {error}")
    sys.exit(1 if _failed else 0)
