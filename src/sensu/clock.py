"""The only reader of time: programs get a `SystemClock`, tests a `VirtualClock` from `sensu.testing`."""

import time
from typing import Protocol


class Clock(Protocol):
    """The source of time for the rest of the package."""

    def now(self) -> float:
        """The wall-clock time in Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations and timeouts."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock."""
        ...


class SystemClock:
    """The clock of the host."""

    def now(self) -> float:
        """The wall-clock time in Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations and timeouts."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of real time."""
        import asyncio  # noqa: PLC0415 - sensuctl reads the time and has no loop

        await asyncio.sleep(seconds)
