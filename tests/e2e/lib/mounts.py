# SPDX-License-Identifier: Apache-2.0
"""Small file systems of our own: one that can lose its power, one that can be full."""
import contextlib
import fcntl
import os
import struct
import subprocess
import time

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2  # what the journal of ext4 holds in memory is lost too: a power cut


class Unavailable(Exception):
    """This machine does not let us mount."""


def _run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(map(str, words))}: {done.stderr.strip()}")


class PowerCutDisk:
    """ext4 on a loop device at `path`. cut() loses everything that was not synced; restore() is the reboot."""

    def __init__(self, folder, megabytes, options="data=ordered"):
        self.image, self.path, self.options = folder / "disk.img", folder / "disk", options
        self.path.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", self.image)
        self.restore()

    def restore(self):
        _run("mount", "-o", f"loop,{self.options}", self.image, self.path)

    def cut(self):
        directory = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(directory, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(directory)

    def unmount(self):
        for _ in range(50):  # a process that was just killed may still be letting go
            if subprocess.run(["umount", self.path], capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self.path} stays busy")

    def close(self):
        with contextlib.suppress(RuntimeError):
            self.unmount()


@contextlib.contextmanager
def small_disk(path, megabytes):
    """A tmpfs of this size at `path`."""
    path.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", path)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], capture_output=True)


@contextlib.contextmanager
def big_disk(path, megabytes):
    """An ext4 of this size at `path`, whose image is sparse: what is only allocated on it takes no room here."""
    image = path.with_name(path.name + ".img")
    path.mkdir()
    with open(image, "wb") as file:
        file.truncate(megabytes << 20)
    _run("mkfs.ext4", "-q", "-F", "-m", "0", image)
    _run("mount", "-o", "loop", image, path)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], capture_output=True)
