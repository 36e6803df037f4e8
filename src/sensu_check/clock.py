"""The clocks of checks, which nothing else reads."""

import time


def now() -> float:
    """The seconds since 1970."""
    return time.time()


def monotonic() -> float:
    """The seconds of a clock that nobody can set, to measure how long something takes."""
    return time.monotonic()
