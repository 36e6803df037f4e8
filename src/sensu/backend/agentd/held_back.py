"""Sessions that are not read, because the intake did not take their next event."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from sensu.backend.seams import Intake
from sensu.clock import Clock

REST_S = 0.01
"""How long to wait where an event may be offered again and is not taken."""


class HeldSession(Protocol):
    """A session that holds messages."""

    def take_held(self) -> bool:
        """Take what is held and read on; False where the intake does not take it."""
        ...


class HeldBack:
    """Has sessions take what they hold when they can, in turn.

    Who waits for room in the queue does not wait for those whose events handlers would be owed too many of.
    """

    def __init__(self, intake: Intake, clock: Clock) -> None:
        self._intake, self._clock = intake, clock
        self._for_room: dict[HeldSession, None] = {}
        self._for_handlers: dict[HeldSession, None] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, session: HeldSession) -> None:
        """The intake did not take the session's next event."""
        if self._intake.has_room():
            self._for_handlers[session] = None
            self._see_to("handlers", self._for_handlers, self._intake.wait_until_admitting)
        else:
            self._for_room[session] = None
            self._see_to("room", self._for_room, self._intake.wait_for_room)

    def discard(self, session: HeldSession) -> None:
        """The session is over."""
        self._for_room.pop(session, None)
        self._for_handlers.pop(session, None)

    def close(self) -> None:
        """Have no session take anything any more."""
        for task in self._tasks.values():
            task.cancel()

    def _see_to(self, name: str, held: dict[HeldSession, None], wait: Callable[[], Awaitable[None]]) -> None:
        if name not in self._tasks or self._tasks[name].done():
            self._tasks[name] = asyncio.get_running_loop().create_task(self._refill(held, wait))

    async def _refill(self, held: dict[HeldSession, None], wait: Callable[[], Awaitable[None]]) -> None:
        while held:
            await wait()
            if not self._take(held):
                await self._clock.sleep(REST_S)

    def _take(self, held: dict[HeldSession, None]) -> bool:
        """Have sessions take what they hold, in turn, until the queue is full again; whether any could."""
        took_any = False
        for session in list(held):
            if session not in held:
                continue
            if session.take_held():
                held.pop(session, None)
                took_any = True
            elif not self._intake.has_room():
                break
            elif held is self._for_room:
                del held[session]
                self.add(session)
        return took_any
