# SPDX-License-Identifier: Apache-2.0
"""Faults for a program that knows nothing of them: strace fails system calls as the kernel would (k is counted per thread);
the preloaded injure.c does what strace cannot (k is counted over all threads)."""
import contextlib
import dataclasses
import errno
import pathlib
import shutil
import subprocess

STEP = 3
SHORT = "short"  # in place of an error: half of it is moved, as the kernel may at any time
TRANSFERS = ("send", "recv", "read", "write", "pread", "pwrite")
UNDER_TRACE = {"ASAN_OPTIONS": "detect_leaks=0"}  # the leak checker cannot work beside a tracer


@dataclasses.dataclass(frozen=True)
class Fault:
    call: str  # as strace knows it, several with commas; or one of injure.c's
    error: str
    preload: bool = False  # injure.c does it
    harmless: bool = False  # what the kernel may do on any day: from k on every STEP-th time, and nobody may notice
    after_death: bool = False  # it can happen only to a life that finds what an earlier one died of

    def __str__(self):
        return f"{self.call} {self.error}"


class Injector:
    """Starts servers under a fault, and knows whether it happened."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._library = self._last = None
        self._count = 0

    @staticmethod
    def missing():
        """The tool this machine lacks; empty when all are there."""
        return next((tool for tool in ("strace", "clang-19") if not shutil.which(tool)), "")

    def trace(self):
        self._count += 1
        return self.folder / f"fault-{self._count}"

    def start(self, server, fault, k):
        trace = self._last = self.trace()
        if fault.preload:
            server.start(env=self.environment(fault, k, trace), timeout=20)
        else:
            server.start(env=UNDER_TRACE, before=command(fault, k, trace), timeout=20)

    def fired(self):
        """How often it happened to the server started last."""
        return times(self._last)

    def environment(self, fault, k, trace):
        orders = {"LD_PRELOAD": str(self.library()), "FAULT_CALL": fault.call, "FAULT_AT": str(k), "FAULT_TRACE": str(trace)}
        if fault.error != SHORT:
            orders["FAULT_ERRNO"] = str(getattr(errno, fault.error))
        if fault.harmless:
            orders["FAULT_STEP"] = str(STEP)
        return orders

    def library(self):
        if not self._library:
            self._library = self.folder / "injure.so"
            subprocess.run(["clang-19", "-shared", "-fPIC", "-O1", "-o", self._library,
                            pathlib.Path(__file__).with_name("injure.c")], check=True)
        return self._library


def command(fault, k, trace, to=None):
    """strace with this fault, for a program that follows or for the process `to`."""
    when = f"{k}+{STEP}" if fault.harmless else k
    return ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={fault.call}",
            "-e", f"inject={fault.call}:error={fault.error}:when={when}", *(["-p", str(to)] if to else ["--seccomp-bpf"])]


def times(trace):
    with contextlib.suppress(FileNotFoundError):
        return trace.read_text(errors="replace").count("(INJECTED)")
    return 0
