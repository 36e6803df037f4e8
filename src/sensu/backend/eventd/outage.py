"""The clocks of deadlines: time in which the backend could not receive events does not count."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sensu.clock import Clock
from sensu.store.contract import Store
from sensu.store.values import PutState

STATE = "eventd.clock"
BEAT_S = 5.0
"""How often the clocks are stored."""
SET_BACK_S = 2.0
"""If a slot was alive at a time that is later than now by more than this, the clock was set back in the meantime."""
_GRACE_LEAST_S = 5.0
_GRACE_MOST_S = 240.0
"""Twice the longest pause between two connection attempts of an agent."""


def grace_s(down_s: float) -> float:
    """How long agents may need to reconnect: their pauses between attempts double up to a bound."""
    return min(_GRACE_MOST_S, _GRACE_LEAST_S + 2 * down_s)


def remaining_s(due_at: float, stopped_at: float, down_s: float) -> float:
    """Seconds until a deadline, for a slot whose clock stopped at `stopped_at` and was down for a while.

    The downtime does not count, and agents have at least the grace period to reconnect.
    """
    return max(due_at - stopped_at, grace_s(down_s))


class Beat(NamedTuple):
    """The last sign of life of a slot: the wall-clock time, and the time on the clock of its deadlines."""

    alive_at: float
    clock_at: float

    def down_s(self, now: float) -> float:
        """How long the slot has been down; infinite if that is unknown because the clock was set back."""
        return float("inf") if now < self.alive_at - SET_BACK_S else max(0.0, now - self.alive_at)


class SlotClocks:
    """The clocks of the deadlines of each slot.

    They begin with the wall clock and follow the monotonic clock: setting the wall clock moves no deadline. They stand
    still while no event can arrive, be it that the slot has no living owner. A member that takes a slot up goes on
    from where its clock stopped, so that its deadlines come neither nearer nor back.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_s: dict[int, float] = {}

    def now_s(self, slot: int) -> float:
        """The time on the clock of a slot."""
        return self._clock.monotonic() + self._ahead_s[slot]

    def stand_still(self, seconds: float) -> None:
        """Leave out a time in which no event could arrive."""
        for slot in self._ahead_s:
            self._ahead_s[slot] -= seconds

    async def resume(self, store: Store, slots: Collection[int], now: float) -> Mapping[int, float]:
        """Let the clocks of slots go on, at the wall-clock time `now`; returns how long each was down.

        Raises StoreError.
        """
        known = await _beats(store, slots)
        monotonic = self._clock.monotonic()
        self._ahead_s |= {
            slot: known[slot].clock_at - monotonic if slot in known else now - monotonic for slot in slots
        }
        return {slot: known[slot].down_s(now) if slot in known else 0.0 for slot in slots}

    def forget(self, slots: Iterable[int]) -> None:
        """The clocks of these slots belong to another member."""
        for slot in slots:
            self._ahead_s.pop(slot, None)

    def beats(self, now: float) -> Sequence[PutState]:
        """The writes that store all clocks, at the wall-clock time `now`."""
        return [beat(slot, Beat(now, self.now_s(slot))) for slot in self._ahead_s]


def beat(slot: int, at: Beat) -> PutState:
    """The write that stores when a slot was alive."""
    return PutState(f"{STATE}.{slot}", f"{at.alive_at!r} {at.clock_at!r}".encode())


async def _beats(store: Store, slots: Collection[int]) -> Mapping[int, Beat]:
    values = await asyncio.gather(*(store.get_state(f"{STATE}.{slot}") for slot in sorted(slots)))
    found = {slot: _read(value or b"") for slot, value in zip(sorted(slots), values, strict=True)}
    return {slot: each for slot, each in found.items() if each is not None}


def _read(value: bytes) -> Beat | None:
    try:
        return Beat(*map(float, value.split()))
    except (TypeError, ValueError):
        return None
