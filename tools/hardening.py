#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hardening.py BINARY   is this release binary hardened, and free of what only test builds may hold? `./dev build` asks."""
import re
import subprocess
import sys


def readelf(*words):
    return subprocess.run(["readelf", "--wide", *words], check=True, capture_output=True, text=True).stdout


def findings(binary):
    header, segments, dynamic = readelf("-h", binary), readelf("-l", binary), readelf("-d", binary)
    symbols = readelf("--dyn-syms", binary)
    with open(binary, "rb") as file:
        content = file.read()
    stack = re.search(r"GNU_STACK.*", segments)
    checks = {
        "position independent": re.search(r"Type:\s+DYN", header),
        "stack not executable": stack and "RWE" not in stack[0],
        "relocations read-only": "GNU_RELRO" in segments,
        "bound at start": re.search(r"BIND_NOW|\bNOW\b", dynamic),
        "stack protector": "__stack_chk_fail" in symbols,
        "fortified libc calls": re.search(r"__\w+_chk@", symbols),
        "landing pads for indirect branches": content.count(b"\xf3\x0f\x1e\xfa") > 1000,  # endbr64
        "no writable and executable segment": not re.search(r"LOAD.*RWE", segments),
        "no crash points": b"CRASH_AT" not in content and b"journal.batch_written" not in content,
        "no planted bugs": b"MUTANT" not in content,
    }
    return [name for name, good in checks.items() if not good]


def main():
    wrong = findings(sys.argv[1])
    for name in wrong:
        print(f"{sys.argv[1]} lacks: {name}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
