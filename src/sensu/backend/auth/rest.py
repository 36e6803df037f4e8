"""Has a server that cannot be reached rest, so that log-ins fail at once instead of waiting for it one by one."""

from sensu.clock import Clock

FAILURES_MAX = 3
REST_S = 10.0
"""How long a server is not asked after `FAILURES_MAX` failures in a row."""


class Rest:
    """Counts the failures of a server in a row."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures, self._until = 0, 0.0

    @property
    def lasts(self) -> bool:
        """Whether the server is not to be asked now."""
        return self._clock.monotonic() < self._until

    def failed(self) -> None:
        """Count a failure."""
        self._failures += 1
        if self._failures >= FAILURES_MAX:
            self._until = self._clock.monotonic() + REST_S

    def worked(self) -> None:
        """Begin to count again."""
        self._failures = 0
