"""When a member is taken for dead by another one, and until when it may act without asking the database.

Only the monotonic clock of the observer takes part, and only what it read: while the database is away, or after the
observer itself was frozen, nobody is taken for dead.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

BEAT_EVERY_S = 1.0
"""How often a member gives a sign of life, and reads those of the others."""
PAIR_WITHIN_S = 2.0
"""Two reads count as a pair if they are at most this far apart."""
SILENT_PAIRS = 10
"""A member is silent when about this many pairs of reads, a second apart, showed the same sign of life."""
VALID_S = 6.0
"""How long a member may answer and act after it sent a sign of life that was answered.

It is shorter than the time in which others find out that a member is silent, so that a member that was frozen or cut
off stops before its slots move.
"""


UNREACHED_AFTER_S, UNMET_AFTER_S = 10.0, 60.0
"""After how long a member without a connection is reported as not reached: one that was connected before, and one that
may still be starting."""


class Sight(NamedTuple):
    """The last sign of life that an observer read, when, and how many pairs of reads showed it unchanged.

    Reads in quick succession are a part of a pair.
    """

    beat: int
    read_at: float
    pairs: float = 0.0

    @property
    def is_silent(self) -> bool:
        """Whether the member is taken for dead."""
        return self.pairs >= SILENT_PAIRS - 0.5


def seen(before: Mapping[int, Sight], beats: Iterable[tuple[int, int]], now: float) -> dict[int, Sight]:
    """What an observer knows after it read the signs of life of all living members, as (member, beat), at `now`.

    A pause between two reads counts for nothing, but does not start the count again: else a database that restarts
    every few seconds would keep the slots of a dead member from moving. Members also read between two signs of life,
    for example when slots move: reads in quick succession say little.
    """
    found: dict[int, Sight] = {}
    for member, beat in beats:
        last = before.get(member)
        if last is None or last.beat != beat:
            found[member] = Sight(beat, now)
        else:
            apart_s = now - last.read_at
            more = min(apart_s / BEAT_EVERY_S, 1.0) if apart_s <= PAIR_WITHIN_S else 0.0
            found[member] = Sight(beat, now, last.pairs + more)
    return found


def is_unreached(lost_for_s: float, *, met: bool) -> bool:
    """Whether a member counts as not reached, which had no connection for a time; `met` if it was connected before."""
    return lost_for_s > (UNREACHED_AFTER_S if met else UNMET_AFTER_S)


def valid_until(sent_at: float) -> float:
    """Until when a sign of life that was answered makes its sender valid; `sent_at` is when it was sent."""
    return sent_at + VALID_S
