"""The clocks of deadlines: time in which the backend could not receive events does not count."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sensu.clock import Clock
from sensu.errors import StoreError
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
OVERSLEPT_S = 2.0
"""If a sleep ends later than this, the process was suspended and could not receive events."""
UNANSWERED_S = 2.0
"""If the store takes longer than this for an answer, no event could arrive in the meantime."""
SPANS_MAX = 10
"""Maximum separate times of the past that are remembered as left out; the oldest are dropped first."""


def grace_s(down_s: float) -> float:
    """How long agents may need to reconnect: their pauses between attempts double up to a bound."""
    return min(_GRACE_MOST_S, _GRACE_LEAST_S + 2 * down_s)


def remaining_s(due_at: float, stopped_at: float, down_s: float) -> float:
    """Seconds until a deadline, for a slot whose clock stopped at `stopped_at` and was down for a while.

    The downtime does not count, and agents have at least the grace period to reconnect.
    """
    return max(due_at - stopped_at, grace_s(down_s))


Span = tuple[float, float]
"""The begin and end of a time."""


def left_out(spans: Sequence[Span], begin: float, end: float) -> tuple[float, Sequence[Span]]:
    """How much of the time from `begin` to `end` is not in `spans` yet, and the spans with it; spans do not overlap."""
    apart = [span for span in spans if span[1] < begin or span[0] > end]
    touching = [span for span in spans if span[1] >= begin and span[0] <= end]
    known_s = sum(min(until, end) - max(since, begin) for since, until in touching)
    joined = (min([begin, *(since for since, _ in touching)]), max([end, *(until for _, until in touching)]))
    return max(0.0, end - begin - known_s), [*apart, joined][-SPANS_MAX:]


class Standstill:
    """Times in which no event could arrive, for whatever reasons; each is left out once.

    One reason is that the store does not answer: from the first request that fails or takes long until one succeeds.
    """

    def __init__(self, clock: Clock, leave_out: Callable[[float], None]) -> None:
        """`leave_out` is called with seconds that do not count."""
        self._clock, self._leave_out = clock, leave_out
        self._spans: Sequence[Span] = ()
        self._asked_at: float | None = None
        self._failed = False

    def since(self, begin: float) -> None:
        """Leave out the time from `begin` (monotonic) until now."""
        seconds, self._spans = left_out(self._spans, begin, self._clock.monotonic())
        if seconds:
            self._leave_out(seconds)

    def slept(self, started: float, wait_s: float, *, nothing_came: bool) -> None:
        """Leave out what of a sleep of `wait_s` does not count; all of it if events were held back (`nothing_came`)."""
        self.look()
        if nothing_came:
            self.since(started)
        elif self._clock.monotonic() - started - wait_s > OVERSLEPT_S:
            self.since(started + wait_s)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Within this context the store is asked for something that every event needs."""
        self._asked()
        try:
            yield
        except StoreError:
            self._asked()
            self._failed = True
            raise
        except BaseException:
            self._asked_at = self._asked_at if self._failed else None
            raise
        self.look()
        self._asked_at, self._failed = None, False

    def _asked(self) -> None:
        if self._asked_at is None:
            self._asked_at = self._clock.monotonic()

    def look(self) -> None:
        """Leave out the time until now if the store fails, or has not answered for long."""
        if self._asked_at is None:
            return
        if self._failed or self._clock.monotonic() - self._asked_at > UNANSWERED_S:
            self.since(self._asked_at)


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
