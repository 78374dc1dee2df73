# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to become true, with a deadline."""
import time


class Late(AssertionError):
    """What was waited for did not happen in time."""


def until(what, check, seconds=10.0):
    """Returns the first true value of check(); raises Late after seconds."""
    deadline = time.monotonic() + seconds
    pause = 0.001
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise Late("not within %g s: %s" % (seconds, what))
        time.sleep(pause)
        pause = min(pause * 2, 0.02)
