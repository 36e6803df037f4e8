"""The event log: a file with a line of JSON for each accepted event, as it was received, including metrics.

Event processing does not wait for the file. If it cannot be written fast enough, up to `lines_max` events or
`LOG_BYTES_MAX` wait in memory; beyond that, the oldest are dropped and counted. `reopen` opens a new file, so that
another program can rotate it. The file is synced to disk every `SYNC_S`.
Source: docs, "Event logging".
"""

import asyncio
import contextlib
import logging
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

from sensu.clock import Clock
from sensu.errors import ConfigurationError
from sensu.log import fields

log = logging.getLogger("sensu.eventlog")

LOG_BYTES_MAX = 64 * 1024 * 1024
SYNC_S = 30.0
RETRY_S = 5.0
"""The pause before writing is retried after an error."""
_MODE = 0o640


class EventLog:
    """Writes an event log: `add` queues lines, `run` writes them."""

    def __init__(
        self, path: str, lines_max: int, executor: Executor, clock: Clock, dropped: Callable[[int], None]
    ) -> None:
        """`executor` runs the writes; `dropped` is called with the number of events that were dropped.

        Raises ConfigurationError if the file cannot be opened.
        """
        self._path, self._lines_max, self._executor, self._clock = path, max(lines_max, 1), executor, clock
        self._dropped = dropped
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._reopen = self._torn = False
        self._synced_at = clock.monotonic()
        try:
            self._fd = self._open()
        except OSError as error:
            raise ConfigurationError(f"--event-log-file {path}: {(error.strerror or str(error)).lower()}") from error

    def add(self, line: bytes) -> None:
        """Queue an event, as one line of JSON; drops the oldest if too much is waiting."""
        self._lines.append(line)
        self._bytes += len(line)
        while len(self._lines) > self._lines_max or self._bytes > LOG_BYTES_MAX:
            self._bytes -= len(self._lines.popleft())
            self._dropped(1)
        self._filled.set()

    def reopen(self) -> None:
        """Continue in a new file of the same name after writing what is queued to the old one."""
        self._reopen = True
        self._filled.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            if not await self._write_waiting():
                await self._clock.sleep(RETRY_S)

    async def close(self) -> None:
        """Write what is queued, without retrying, and close the file."""
        await self._write_waiting()
        os.close(self._fd)

    async def _write_waiting(self) -> bool:
        lines, self._lines, self._bytes = self._lines, deque(), 0
        loop = asyncio.get_running_loop()
        try:
            # Shielded, because a stop of `run` would otherwise take away lines that still wait for the thread.
            await asyncio.shield(loop.run_in_executor(self._executor, self._write, lines))
        except OSError as error:
            self._dropped(len(lines))
            self._torn = True
            why = (error.strerror or str(error)).lower()
            log.error("could not write the event log", extra=fields(file=self._path, error=why, events=len(lines)))
            return False
        return True

    def _write(self, lines: deque[bytes]) -> None:
        """Blocks. If it fails, the lines are lost, because part of them may be in the file."""
        text = b"".join(line + b"\n" for line in lines)
        rest = memoryview(b"\n" + text if self._torn and text else text)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
        self._torn = False
        if self._reopen:
            self._reopen = False
            fresh = self._open()
            os.close(self._fd)
            self._fd = fresh
        if self._clock.monotonic() - self._synced_at >= SYNC_S:
            self._synced_at = self._clock.monotonic()
            with contextlib.suppress(OSError):  # a pipe or device has nothing to force
                os.fsync(self._fd)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
