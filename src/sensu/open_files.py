"""How many files and connections a program may have open at a time."""

import contextlib
import resource

RAISED_TO_MAX = 1_048_576
"""The limit is not raised beyond this, also where the system has none."""

_before: tuple[int, int] | None = None


def raise_limit() -> int:
    """Raise the soft limit of open files to the hard one, and return what holds then."""
    global _before
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = RAISED_TO_MAX if hard == resource.RLIM_INFINITY else min(hard, RAISED_TO_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            _before = _before or (soft, hard)
    return limit()


def limit() -> int:
    """How many files this process may open."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return RAISED_TO_MAX if soft == resource.RLIM_INFINITY else soft


def restore_in(pid: int) -> None:
    """Give a child process the limit that this one was started with: some programs try every number up to it."""
    if _before is not None and hasattr(resource, "prlimit"):
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, _before)
