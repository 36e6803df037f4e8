"""eventd's queue: bounded for those who offer, with a way to wait for room.

Events whose senders cannot be asked to send them again stay here while the store is away (`keep`), before all others.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from sensu.backend.eventd.arrivals import Waiting

QUEUE_MAX = 1000
"""How many events wait at most; then agents are not read and API calls wait."""
GROUP_MAX = 256
"""How many events are decided and committed together at most."""
KEPT_MAX = 1000
"""From so many kept events on agents are not read; what is in the queue then may be kept as well."""


class Queue:
    """What waits to be decided, in order of arrival."""

    def __init__(self, queue_max: int = QUEUE_MAX, group_max: int = GROUP_MAX) -> None:
        self._waiting: deque[Waiting] = deque()
        self._kept: deque[Waiting] = deque()
        self._queue_max = queue_max
        self._group_max = group_max
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._kept) + len(self._waiting)

    def offer(self, item: Waiting) -> bool:
        """Queue an item; false where the queue is full."""
        waiting = self._waiting
        if len(waiting) >= self._queue_max:
            self._room.clear()
            return False
        waiting.append(item)
        if len(waiting) == 1:
            self._arrived.set()
        return True

    def has_room(self) -> bool:
        """Whether agents are to be read."""
        return len(self._waiting) < self._queue_max and len(self._kept) < KEPT_MAX

    async def wait_for_room(self) -> None:
        """Return when agents are to be read again."""
        while not self.has_room():
            self._room.clear()
            await self._room.wait()

    async def put(self, item: Waiting) -> None:
        """Queue an item of a sender that can wait, and that is not kept."""
        while not self.offer(item):
            await self._room.wait()

    def keep(self, items: Sequence[Waiting]) -> None:
        """Have items that were taken come first again, in their order."""
        self._kept.extendleft(reversed(items))

    def withdraw(self, which: Callable[[Waiting], bool]) -> list[Waiting]:
        """Remove some of what waits, and keep the rest."""
        waiting, self._waiting = self._waiting, deque()
        found: list[Waiting] = []
        for item in waiting:
            (found if which(item) else self._kept).append(item)
        self._room.set()
        return found

    async def take(self) -> list[Waiting]:
        """The next items, as many as make a group; waits for at least one."""
        if self._kept:
            group = [self._kept.popleft() for _ in range(min(len(self._kept), self._group_max))]
            self._room.set()
            return group
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        waiting = self._waiting
        if len(waiting) <= self._group_max:
            group = list(waiting)
            waiting.clear()
        else:
            group = [waiting.popleft() for _ in range(self._group_max)]
        self._room.set()
        return group
