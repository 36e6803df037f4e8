"""Whether this host's clock is synchronised, and how wrong it may be."""

import ctypes
import struct
from argparse import ArgumentParser, Namespace

from sensu_check.finding import Failed, Finding, Measure, Unknown
from sensu_check.flags import add_thresholds
from sensu_check.ranges import SECONDS, plain

EXAMPLES = ("", "-w 50ms -c 500ms")
UNSYNCHRONISED = 5
"""What adjtimex(2) returns while no program keeps the clock right (TIME_ERROR)."""
_FIELDS = struct.Struct("@I l l l l")
"""The first members of `struct timex`: modes, offset, freq, maxerror and esterror; errors are in microseconds."""
_SIZE = 512


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this check."""
    add_thresholds(parser, "the largest possible error", SECONDS, warning="1s", critical="5s")


def check(args: Namespace) -> Finding:
    """Ask the kernel, which every time service tells how good its time is; no server is asked."""
    timex = ctypes.create_string_buffer(_SIZE)
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "adjtimex"):
        raise Unknown("this system has no adjtimex, which only Linux has: use the check ntp")
    state = library.adjtimex(timex)
    if state < 0:
        raise Unknown("the kernel does not tell about the clock")
    _, _, _, largest, estimated = _FIELDS.unpack_from(timex)
    if state == UNSYNCHRONISED:
        raise Failed("the clock is not synchronised: no time service keeps it right")
    error = Measure("error", largest / 1e6, "s", args.warning, args.critical, 0)
    text = f"the clock is synchronised, and wrong by at most {plain(round(largest / 1000, 1))} ms"
    return Finding(text, [error, Measure("estimate", estimated / 1e6, "s", None, None, 0)])
