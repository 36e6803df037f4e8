"""Answers requests that change something when the store goes away before their endpoint answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sensu.backend.api.errors import unavailable
from sensu.backend.api.responses import Send
from sensu.errors import StoreError
from sensu.log import fields

logger = logging.getLogger(__name__)

IN_DOUBT = "the store is unavailable, and whether the change was stored is not known yet"
LATE_AFTER_S = 5.0
"""How often a request that changes something is checked for whether the store went away under it."""
LOOK_EVERY_S = 1.0


class RunningWrite:
    """A request that changes something, while its endpoint runs; `answered` if it need not answer any more."""

    __slots__ = ("answered", "checked_at", "scope", "send")

    def __init__(self, scope: Mapping[str, Any], send: Send, now: float) -> None:
        self.scope, self.send, self.checked_at = scope, send, now
        self.answered = False


class LateWrites:
    """Answers running requests with 503 if they take long and the store is away.

    The endpoint goes on: a commit that may be stored is waited for, however long that takes. A single timer looks at
    all requests: a time limit for each costs as much as a quarter of the request.
    """

    def __init__(self, caught_up: Callable[[], Awaitable[None]]) -> None:
        """`caught_up` raises StoreError while the store is away."""
        self._caught_up = caught_up
        self._running: set[RunningWrite] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._answering: set[asyncio.Task[None]] = set()

    def begin(self, scope: Mapping[str, Any], send: Send) -> RunningWrite:
        """Look after a request until `end`."""
        loop = asyncio.get_running_loop()
        write = RunningWrite(scope, send, loop.time())
        self._running.add(write)
        if self._timer is None:
            self._timer = loop.call_later(LOOK_EVERY_S, self._look, loop)
        return write

    def end(self, write: RunningWrite) -> None:
        """Called when the endpoint of a request has ended."""
        self._running.discard(write)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        late = [write for write in self._running if not write.answered and now - write.checked_at >= LATE_AFTER_S]
        if late:
            for write in late:
                write.checked_at = now
            task = loop.create_task(self._check(late))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        self._timer = loop.call_later(LOOK_EVERY_S, self._look, loop) if self._running else None

    async def _check(self, late: Sequence[RunningWrite]) -> None:
        try:
            await self._caught_up()
        except StoreError as err:
            await asyncio.gather(*(self._answer(write, err) for write in late if write in self._running))

    async def _answer(self, write: RunningWrite, err: StoreError) -> None:
        write.answered = True
        place = fields(method=write.scope["method"], path=write.scope["path"], error=str(err))
        logger.warning("a request is not answered in time", extra=place)
        await unavailable(IN_DOUBT).send(write.send)
