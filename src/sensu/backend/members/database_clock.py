"""The clock of a member: it shows the time of the database, whatever the clock of the host says."""

import logging

from sensu.clock import Clock
from sensu.log import fields
from sensu.rules.database_time import REPORTED_S, ahead_s

log = logging.getLogger("sensu.members")


class DatabaseClock:
    """Follows the monotonic clock of the host, so that setting the host's clock changes nothing."""

    def __init__(self, local: Clock) -> None:
        self._local = local
        self._base_s: float | None = None
        """By how much the time of the database is ahead of the monotonic clock."""
        self._measured_at = 0.0
        self._deviates = False

    def now(self) -> float:
        """The time of the database in Unix seconds; that of the host until it has been measured."""
        return self._local.now() if self._base_s is None else self._local.monotonic() + self._base_s

    @property
    def ahead_s(self) -> float:
        """By how much this clock is ahead of the host's."""
        return self.now() - self._local.now()

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        return self._local.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        await self._local.sleep(seconds)

    def measured(self, at: float, asked_at: float) -> None:
        """The database said that it was `at`, in answer to a question that was asked at a monotonic time."""
        heard_at = self._local.monotonic()
        since_s = heard_at - self._measured_at
        self._base_s = ahead_s(self._base_s, at - heard_at, at - asked_at, since_s)
        self._measured_at = heard_at
        self._compare()

    def _compare(self) -> None:
        """Log once that the host's clock deviates."""
        deviates = abs(self.ahead_s) > REPORTED_S
        if deviates and not self._deviates:
            text = "the clock of this host is not that of the database, whose time is used"
            log.warning(text, extra=fields(host_ahead_s=round(-self.ahead_s, 1)))
        self._deviates = deviates
