"""Tracks when each check or service component is due next."""

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sensu.clock import Clock
from sensu.rules.schedule import Timing, next_at, slots_missed
from sensu.store.values import Key

TICK_S = 1.0
SET_BACK_S = 1.0
"""If the clock goes back by more than this, all timers are computed again."""


@dataclass(frozen=True, slots=True)
class Due:
    """What was due at `due_at`, and `missed` times again since then; it runs once for all of them."""

    key: Key
    timing: Timing
    missed: int
    due_at: float


@dataclass(slots=True)
class _Timer:
    timing: Timing
    round_robin: bool
    due_at: float


class Timers:
    """The timers of all resources of a kind that are scheduled."""

    def __init__(self) -> None:
        self._timers: dict[Key, _Timer] = {}
        self._heap: list[tuple[float, Key]] = []

    def __iter__(self) -> Iterator[Key]:
        """The checks that are scheduled."""
        return iter(self._timers)

    def drop(self, which: Callable[[Key], bool]) -> None:
        """Stop scheduling some checks."""
        self._timers = {key: timer for key, timer in self._timers.items() if not which(key)}

    def set(self, key: Key, when: Timing | None, now: float, *, round_robin: bool = False) -> None:
        """Schedule a resource, or stop scheduling it (None); if its timing is unchanged, so is its next run."""
        if when is None:
            self._timers.pop(key, None)
            return
        timer = self._timers.get(key)
        if timer is not None and timer.timing == when:
            timer.round_robin = round_robin
            return
        self._start(key, when, round_robin, now)

    def _start(self, key: Key, when: Timing, round_robin: bool, now: float) -> None:
        due_at = next_at(key.name, when, now)
        if due_at is None:
            self._timers.pop(key, None)
            return
        self._timers[key] = _Timer(when, round_robin, due_at)
        heapq.heappush(self._heap, (due_at, key))

    def wait_s(self, now: float, at_most: float) -> float:
        """The time until one may be due, at most `at_most`."""
        return min(at_most, max(0.0, self._heap[0][0] - now)) if self._heap else at_most

    def take_due(self, now: float) -> list[Due]:
        """What is due, each once regardless of missed runs; their timers are set to the next run."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            due_at, key = heapq.heappop(self._heap)
            timer = self._timers.get(key)
            if timer is None or timer.due_at != due_at:
                continue
            missed = slots_missed(key.name, timer.timing, due_at, now)
            due.append(Due(key, timer.timing, missed, due_at))
            self._start(key, timer.timing, timer.round_robin, now if missed else due_at)
        return due

    def restart(self, now: float) -> None:
        """Compute all next runs again from `now`, after the clock was set back."""
        timers, self._timers, self._heap = self._timers, {}, []
        for key, timer in timers.items():
            self._start(key, timer.timing, timer.round_robin, now)

    def counts(self) -> Counter[tuple[str, str]]:
        """The number of scheduled resources, by kind (`interval`, `round_robin_cron`, …) and namespace."""
        return Counter(_kinds(self._timers.items()))


def _kinds(timers: Iterable[tuple[Key, _Timer]]) -> Iterable[tuple[str, str]]:
    for key, timer in timers:
        yield ("round_robin_" if timer.round_robin else "") + timer.timing.kind, key.namespace


class Alarm:
    """Wakes a daemon when something is due."""

    def __init__(self, timers: Timers, clock: Clock) -> None:
        self._timers, self._clock = timers, clock
        self._changed = asyncio.Event()
        self._before = 0.0

    def changed(self) -> None:
        """Look at the timers again, because one was changed."""
        self._changed.set()

    async def due(self) -> tuple[list[Due], float]:
        """Wait until something may be due, at most `TICK_S`; returns what is due, and the time."""
        await self.wait()
        return self.take()

    def take(self) -> tuple[list[Due], float]:
        """What is due, and the time."""
        now = self._clock.now()
        if now < self._before - SET_BACK_S:
            self._timers.restart(now)
        self._before = now
        return self._timers.take_due(now), now

    async def wait(self) -> None:
        """Return when something may be due, after at most `TICK_S`."""
        self._changed.clear()
        seconds = self._timers.wait_s(self._clock.now(), TICK_S)
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        changing = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((sleeping, changing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            changing.cancel()
