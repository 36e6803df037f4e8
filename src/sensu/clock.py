"""The only reader of time: programs get a `SystemClock`, tests a `VirtualClock` from `sensu.testing`."""

import time
from typing import Protocol


class Clock(Protocol):
    """What the rest of the package may ask about time."""

    def now(self) -> float:
        """The wall-clock time in Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations and time-outs."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of this clock."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """The wall-clock time in Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations and time-outs."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after so many real seconds."""
        import asyncio  # noqa: PLC0415 - sensuctl reads the time and has no loop

        await asyncio.sleep(seconds)
