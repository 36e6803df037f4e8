"""Moves deadlines by the time in which the backend was down and could not receive events."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sensu.clock import Clock
from sensu.rules.share import SLOTS
from sensu.store.contract import Store
from sensu.store.values import PutState

STATE = "eventd.alive"
BEAT_S = 5.0
"""How often the backend stores that it is alive."""
_GRACE_LEAST_S = 5.0
_GRACE_MOST_S = 240.0
"""Twice the longest pause between two connection attempts of an agent."""
_NONE = b""


def grace_s(down_s: float) -> float:
    """How long agents may need to reconnect: their pauses between attempts double up to a bound."""
    return min(_GRACE_MOST_S, _GRACE_LEAST_S + 2 * down_s)


def remaining_s(due_at: float, alive_at: float, now: float) -> float:
    """Seconds until a deadline, for a backend that was last alive at `alive_at`.

    The downtime does not count, and agents have at least the grace period to reconnect. If the clock was set back in
    the meantime, the downtime is unknown, and the longest grace period applies.
    """
    down_s = now - alive_at if now >= alive_at else float("inf")
    return max(due_at - alive_at, grace_s(down_s))


class Lifetime:
    """The clock of stored deadlines: it never goes back, and does not advance while the backend is down.

    It starts from the wall clock and then follows the monotonic clock: setting the wall clock moves no deadline.
    """

    def __init__(
        self,
        clock: Clock,
        known: Mapping[int, "Beat"],
        member: int = 0,
        *,
        ahead_s: float = 0.0,
        follows_others: bool = False,
    ) -> None:
        """`known` are the last beats; `ahead_s` is by how much the common clock of all members is ahead of this one.

        There was no downtime if the member `follows_others`, which are alive.
        """
        self._clock = clock
        started_at = max(clock.now() + ahead_s, *(each.alive_at for each in known.values()), 0.0)
        self._ahead_s = started_at - clock.monotonic()
        self.last = last_beat(known, started_at, member)
        if follows_others:
            self.last = Beat(started_at, self.last.down_s)
        self.down_s = self.last.down_s + started_at - self.last.alive_at

    def alive_s(self) -> float:
        """The current time on this clock."""
        return self._clock.monotonic() + self._ahead_s - self.down_s

    async def adopt(self, store: Store, member: int) -> None:
        """Use the total downtime that another member of the same number has stored, if it is longer."""
        stored = _read(await store.get_state(_state_of(member)) or _NONE)
        if stored is not None:
            self.down_s = max(self.down_s, stored.down_s)

    def beat(self, member: int) -> PutState:
        """The write that stores that this member is alive."""
        return beat(self._clock.monotonic() + self._ahead_s, self.down_s, member)


def _state_of(member: int) -> str:
    """Each member has its own state, as one may be down while others are alive."""
    return f"{STATE}.{member}" if member else STATE


class Beat(NamedTuple):
    """When a member was alive, and for how long it had been down in total by then.

    Deadlines are stored on a clock without downtimes, so that a restart does not bring them nearer.
    """

    alive_at: float
    down_s: float = 0.0


def beat(now: float, down_s: float, member: int = 0) -> PutState:
    """The write that stores when a member was alive."""
    return PutState(_state_of(member), f"{now!r} {down_s!r}".encode())


async def beats(store: Store) -> Mapping[int, Beat]:
    """The last beat of every member, also of former ones, by number."""
    found = {member: _read(await store.get_state(_state_of(member)) or _NONE) for member in range(SLOTS)}
    return {member: beat for member, beat in found.items() if beat is not None}


def last_beat(known: Mapping[int, Beat], now: float, member: int = 0) -> Beat:
    """The last beat of a member; `now` if it is not known.

    A new member uses the beat of the first one. Its deadlines may have been stored by another member: all members use
    the longest total downtime, so that no deadline is early.
    """
    own = known.get(member) or known.get(0) or Beat(now)
    return Beat(min(now, own.alive_at), max((each.down_s for each in known.values()), default=0.0))


def forget_surplus(known: Mapping[int, Beat], members: Collection[int]) -> Sequence[PutState]:
    """The writes that remove the beats of former members, which otherwise would count as down."""
    return [PutState(_state_of(member), _NONE) for member in known if member not in members]


def _read(value: bytes) -> Beat | None:
    try:
        return Beat(*map(float, value.split()[:2]))
    except (TypeError, ValueError):
        return None
