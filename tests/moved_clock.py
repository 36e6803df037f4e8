"""The clock of the system, for tests with real servers that move it."""

from sensu.clock import SystemClock


class MovedClock(SystemClock):
    """The clock of the system, moved by some seconds."""

    moved_s = 0.0

    def now(self) -> float:
        return super().now() + self.moved_s

    def monotonic(self) -> float:
        return super().monotonic() + self.moved_s
