"""How long to wait for news that could not arrive while the backend was down."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sensu.clock import Clock
from sensu.rules.share import SLOTS
from sensu.store.contract import PutState, Store

STATE = "eventd.alive"
BEAT_S = 5.0
"""How often the store is told that this backend lives."""
_GRACE_LEAST_S = 5.0
_GRACE_MOST_S = 240.0
"""Twice the longest pause between two attempts of an agent to connect."""
_NONE = b""


def grace_s(down_s: float) -> float:
    """How long agents may need to be back: their pauses between attempts double, up to a bound."""
    return min(_GRACE_MOST_S, _GRACE_LEAST_S + 2 * down_s)


def remaining_s(due_at: float, alive_at: float, now: float) -> float:
    """In how many seconds a deadline is due after the backend was last alive at `alive_at`.

    The time in between does not count, and there is at least the grace. If the clock was set back meanwhile, nobody
    knows how long the backend was down.
    """
    down_s = now - alive_at if now >= alive_at else float("inf")
    return max(due_at - alive_at, grace_s(down_s))


class Lifetime:
    """The time by which deadlines are stored: it never goes back, and stands still while the backend is down.

    The wall clock gives it a start; from then on it passes as durations do: setting the clock moves no deadline.
    """

    def __init__(self, clock: Clock, known: Mapping[int, "Beat"], member: int = 0) -> None:
        """`known` are the last beats."""
        self._clock = clock
        started_at = max(clock.now(), *(each.alive_at for each in known.values()), 0.0)
        self._ahead_s = started_at - clock.monotonic()
        self.last = last_beat(known, started_at, member)
        self.down_s = self.last.down_s + started_at - self.last.alive_at

    def alive_s(self) -> float:
        """The time now."""
        return self._clock.monotonic() + self._ahead_s - self.down_s

    def beat(self, member: int) -> PutState:
        """The write that keeps that this backend, or this worker of it, is alive."""
        return beat(self._clock.monotonic() + self._ahead_s, self.down_s, member)


def _state_of(member: int) -> str:
    """Each worker has its own: the others are alive while it is not."""
    return f"{STATE}.{member}" if member else STATE


class Beat(NamedTuple):
    """When a backend was alive, and how long it had been down in all by then.

    Deadlines are stored on a clock that stands still while the backend is down, so that no restart brings them nearer.
    """

    alive_at: float
    down_s: float = 0.0


def beat(now: float, down_s: float, member: int = 0) -> PutState:
    """The write that keeps when this backend, or this worker of it, was alive."""
    return PutState(_state_of(member), f"{now!r} {down_s!r}".encode())


async def beats(store: Store) -> Mapping[int, Beat]:
    """The last beat of each worker that there ever was, by its number."""
    found = {member: _read(await store.get_state(_state_of(member)) or _NONE) for member in range(SLOTS)}
    return {member: beat for member, beat in found.items() if beat is not None}


def last_beat(known: Mapping[int, Beat], now: float, member: int = 0) -> Beat:
    """When a backend was last alive with its store; `now` where that is not known.

    A worker that was not there at the last start goes by when the first one was alive. Deadlines may be another
    worker's from then: all go by the clock that stood still longest, by which none is early.
    """
    own = known.get(member) or known.get(0) or Beat(now)
    return Beat(min(now, own.alive_at), max((each.down_s for each in known.values()), default=0.0))


def forget_surplus(known: Mapping[int, Beat], members: Collection[int]) -> Sequence[PutState]:
    """The writes after which workers that there are no more do not count as having been down since."""
    return [PutState(_state_of(member), _NONE) for member in known if member not in members]


def _read(value: bytes) -> Beat | None:
    try:
        return Beat(*map(float, value.split()[:2]))
    except (TypeError, ValueError):
        return None
