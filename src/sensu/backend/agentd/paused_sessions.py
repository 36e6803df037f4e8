"""Resumes sessions that are paused because the intake did not accept their next event."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from sensu.backend.ports import Intake
from sensu.clock import Clock
from sensu.log import fields

log = logging.getLogger("sensu.agentd")

ENDED_BYTES_MAX = 16 * 1024 * 1024
"""Maximum bytes of messages of ended sessions; further messages are dropped, and logged."""
REST_S = 0.01
"""The pause if an event is offered again and still not accepted."""


class HeldSession(Protocol):
    """A session with messages that wait."""

    @property
    def held_bytes(self) -> int:
        """The size of the waiting messages that its agent does not send again."""
        ...

    def take_held(self) -> bool:
        """Process the waiting messages and resume reading; False if the intake does not accept them."""
        ...


class PausedSessions:
    """Resumes paused sessions in turn.

    Sessions that wait for room in the queue do not wait for those that wait for pending deliveries.
    """

    def __init__(self, intake: Intake, clock: Clock) -> None:
        self._intake, self._clock = intake, clock
        self._for_room: dict[HeldSession, None] = {}
        self._for_handlers: dict[HeldSession, None] = {}
        self._ended: dict[HeldSession, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(self, session: HeldSession) -> None:
        """Pause a session whose next event the intake did not accept."""
        if self._intake.has_room():
            self._for_handlers[session] = None
            self._see_to("handlers", self._for_handlers, self._intake.wait_until_admitting)
        else:
            self._for_room[session] = None
            self._see_to("room", self._for_room, self._intake.wait_for_room)

    def end(self, session: HeldSession) -> None:
        """End a session; its waiting messages are still processed, unless its agent sends them again."""
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
        """Resume no more sessions."""
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
        """Resume sessions in turn until the queue is full again; returns whether any was resumed."""
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
