"""Limits how often events that any client can cause are logged."""

from sensu.clock import Clock


class PerMinute:
    """Admits a number of occurrences per minute, and counts the others."""

    def __init__(self, clock: Clock, admitted_max: int) -> None:
        self._clock = clock
        self._max = admitted_max
        self._ends_at = 0.0
        self._admitted = self._suppressed = 0

    def admit(self) -> int | None:
        """The number of occurrences suppressed since the last admitted one, None if this one is suppressed."""
        now = self._clock.monotonic()
        if now >= self._ends_at:
            self._ends_at, self._admitted = now + 60.0, 0
        if self._admitted >= self._max:
            self._suppressed += 1
            return None
        self._admitted += 1
        suppressed, self._suppressed = self._suppressed, 0
        return suppressed
