"""Keeps values out of core dumps: a backend with values of other hosts in its memory writes none."""

import contextlib
import ctypes
import logging
import resource
import sys

log = logging.getLogger("sensu.secrets")

PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """Have a crash of this process write no image of its memory, and other processes of its user read none.

    Commands of handlers can raise the limit again, because only the soft limit is lowered.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        log.warning("core dumps of the backend are not forbidden")
