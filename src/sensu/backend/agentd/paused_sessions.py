"""Sessions that are not read, because the intake did not take their next event."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from sensu.backend.ports import Intake
from sensu.clock import Clock
from sensu.log import fields

log = logging.getLogger("sensu.agentd")

ENDED_BYTES_MAX = 16 * 1024 * 1024
"""How much sessions that have ended may hold altogether; what is beyond that is lost, and logged."""
REST_S = 0.01
"""How long to wait where an event may be offered again and is not taken."""


class HeldSession(Protocol):
    """A session that holds messages."""

    @property
    def held_bytes(self) -> int:
        """The size of the messages that it holds and that its agent does not send again."""
        ...

    def take_held(self) -> bool:
        """Take what is held and read on; False where the intake does not take it."""
        ...


class PausedSessions:
    """Has sessions take what they hold when they can, in turn.

    Who waits for room in the queue does not wait for those whose events handlers would be owed too many of.
    """

    def __init__(self, intake: Intake, clock: Clock) -> None:
        self._intake, self._clock = intake, clock
        self._for_room: dict[HeldSession, None] = {}
        self._for_handlers: dict[HeldSession, None] = {}
        self._ended: dict[HeldSession, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, session: HeldSession) -> None:
        """The intake did not take the session's next event."""
        if self._intake.has_room():
            self._for_handlers[session] = None
            self._see_to("handlers", self._for_handlers, self._intake.wait_until_admitting)
        else:
            self._for_room[session] = None
            self._see_to("room", self._for_room, self._intake.wait_for_room)

    def end(self, session: HeldSession) -> None:
        """The session is over; what it holds is still taken, unless its agent sends that again."""
        if session not in self._for_room and session not in self._for_handlers:
            return
        self._ended.pop(session, None)
        held_bytes = session.held_bytes
        if held_bytes and sum(self._ended.values()) + held_bytes <= ENDED_BYTES_MAX:
            self._ended[session] = held_bytes
            return
        if held_bytes:
            log.error("messages of an agent that has left are lost", extra=fields(bytes=held_bytes))
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
                self._ended.pop(session, None)
                took_any = True
            elif not self._intake.has_room():
                break
            elif held is self._for_room:
                del held[session]
                self.add(session)
        return took_any
