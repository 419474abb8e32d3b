# SPDX-License-Identifier: Apache-2.0
"""Where a stretch spends its time: perf with whole call chains, summed by kind of thread and by function of ours."""
import collections
import re
import subprocess

HERTZ = 499
FRAME = re.compile(r"\s+[0-9a-f]+ (.*) \((.*)\)$")


class Profile:
    """perf over the block, into `path`; nothing when there is none. Costs the server a few percent."""

    def __init__(self, pid, path):
        command = ["perf", "record", "-q", "-F", str(HERTZ), "--call-graph", "dwarf,16384", "-o", path, "-p", str(pid)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL) if path else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()


def samples(path):
    """(thread name, frames from the innermost outwards) of each sample."""
    text = subprocess.run(["perf", "script", "-i", path, "-F", "comm,ip,sym,dso"], capture_output=True, text=True,
                          check=True).stdout
    for block in text.split("\n\n"):
        head, *lines = block.strip("\n").split("\n")
        frames = [match[1].partition("(")[0] for match in map(FRAME.match, lines) if match]
        if frames:
            yield head.strip().partition("/")[0], frames


def show(path, messages, least_us=0.5):
    """CPU in us per message: of each kind of thread, of our functions with what they called outside our code, and of
    system calls."""
    threads, own, calls = collections.Counter(), collections.Counter(), collections.Counter()
    for thread, frames in samples(path):
        threads[thread] += 1
        own[thread, next((frame for frame in frames if "postrider::" in frame), frames[-1])] += 1
        calls[thread, next((frame.removeprefix("__x64_sys_") for frame in frames if frame.startswith("__x64_sys_")), "")] += 1

    def us(count):
        return count / HERTZ * 1e6 / messages

    for thread, count in threads.most_common():
        if us(count) < least_us:
            continue
        system = ", ".join(f"{name} {us(value):.1f}" for (of, name), value in calls.most_common()
                           if of == thread and name and us(value) >= least_us)
        print(f"  {thread}: {us(count):.1f} us; system calls: {system or 'few'}")
        for (of, name), value in own.most_common():
            if of == thread and us(value) >= least_us:
                print(f"    {us(value):6.1f}  {name}")
