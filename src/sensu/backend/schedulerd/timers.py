"""Tracks when each check is due next."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sensu.resources.check import CheckConfig
from sensu.rules.schedule import Timing, next_at, slots_missed, timing
from sensu.store.values import Key


@dataclass(frozen=True, slots=True)
class Due:
    """A check that was due at `due_at`, and `missed` times again since then; it runs once for all of them."""

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
    """The timers of all scheduled checks."""

    def __init__(self) -> None:
        self._timers: dict[Key, _Timer] = {}
        self._heap: list[tuple[float, Key]] = []

    def __len__(self) -> int:
        return len(self._timers)

    def set(self, key: Key, check: CheckConfig | None, now: float) -> None:
        """Schedule a check, or stop scheduling it (None); if its timing is unchanged, so is its next run."""
        when = None if check is None else timing(check)
        if check is None or when is None:
            self._timers.pop(key, None)
            return
        timer = self._timers.get(key)
        if timer is not None and timer.timing == when:
            timer.round_robin = check.round_robin
            return
        self._start(key, when, check.round_robin, now)

    def _start(self, key: Key, when: Timing, round_robin: bool, now: float) -> None:
        due_at = next_at(key.name, when, now)
        if due_at is None:
            self._timers.pop(key, None)
            return
        self._timers[key] = _Timer(when, round_robin, due_at)
        heapq.heappush(self._heap, (due_at, key))

    def wait_s(self, now: float, at_most: float) -> float:
        """The time until a check may be due, at most `at_most`."""
        return min(at_most, max(0.0, self._heap[0][0] - now)) if self._heap else at_most

    def take_due(self, now: float) -> list[Due]:
        """The checks that are due, each once regardless of missed runs; their timers are set to the next run."""
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
        """The number of scheduled checks, by kind (`interval`, `round_robin_cron`, …) and namespace."""
        return Counter(_kinds(self._timers.items()))


def _kinds(timers: Iterable[tuple[Key, _Timer]]) -> Iterable[tuple[str, str]]:
    for key, timer in timers:
        yield ("round_robin_" if timer.round_robin else "") + timer.timing.kind, key.namespace
