# SPDX-License-Identifier: Apache-2.0
"""Waiting for what comes about by itself."""
import time


def wait_for(what, timeout=30):
    """What `what()` finally gives: the first that counts as true, or the last one when the time is over."""
    until = time.monotonic() + timeout
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.1)
    return found
