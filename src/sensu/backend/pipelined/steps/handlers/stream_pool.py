"""The connections of stream handlers: each handler has a pool, which writes the events that wait in groups.

An event stays in the queue until the peer's host has acknowledged it. If a connection breaks before, its events are
sent again on another one.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass

from sensu.backend.pipelined.steps.handlers.pools import PoolTools, WaitingEvent
from sensu.backend.pipelined.steps.handlers.stream_connection import StreamConnection, StreamTarget
from sensu.backend.pipelined.steps.outcome import Delivered, Outcome, Retry
from sensu.log import fields
from sensu.rules.streams import ReconnectPolicy

log = logging.getLogger("sensu.pipelined")

GROUP_MAX, GROUP_BYTES_MAX = 64, 256 * 1024
"""The events that are written before their acknowledgement is awaited. Further ones wait for this or another group."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """The settings of a pool; `label` names it in failures. With no connections, each event gets a new one."""

    label: str
    target: StreamTarget
    policy: ReconnectPolicy
    connections_max: int


class StreamPool:
    """The connections of one handler; `retire` it when the handler changes."""

    def __init__(self, settings: StreamSettings, tools: PoolTools) -> None:
        self._settings, self._tools, self._clock = settings, tools, tools.clock
        self._queue: deque[WaitingEvent] = deque()
        self._idle: deque[asyncio.Event] = deque()
        self._dialing = asyncio.Lock()
        self._serving = 0
        self._failures, self._next_dial_at = 0, 0.0
        self._retired = False

    async def send(self, payload: bytes) -> Outcome:
        """Whether an event was acknowledged, or why its attempt has failed."""
        waiting = WaitingEvent(payload, self._clock.monotonic())
        self._queue.append(waiting)
        if self._idle:
            self._idle.popleft().set()
        elif not self._settings.connections_max or self._serving < self._settings.connections_max:
            self._serving += 1
            self._tools.begin(self._serve())
        return await waiting.done

    def retire(self) -> None:
        """Close the connections when nothing waits any more."""
        self._retired = True
        while self._idle:
            self._idle.popleft().set()

    async def close(self) -> None:
        """Close the connections; they end with their tasks."""

    async def _serve(self) -> None:
        """Open connections one after the other while events wait."""
        try:
            while (connection := await self._opened()) is not None:
                try:
                    await self._feed(connection)
                finally:
                    connection.close()
                if not self._queue:
                    return
        except Exception as err:
            log.exception("a stream handler failed", extra=fields(handler=self._settings.label))
            while self._queue:
                self._queue.popleft().settle(Retry(f"{self._settings.label}: {type(err).__name__}: {err}"))
        finally:
            self._serving -= 1

    async def _opened(self) -> StreamConnection | None:
        """A new connection, after the pause that failures before it require; None if nothing waits any more."""
        async with self._dialing:
            while self._queue:
                pause_s = self._next_dial_at - self._clock.monotonic()
                if self._failures and pause_s > 0:
                    await self._clock.sleep(pause_s)
                try:
                    return await StreamConnection.open(self._settings.target)
                except (OSError, ValueError) as err:
                    self._failed(str(err))
        return None

    def _failed(self, why: str) -> None:
        """Note a failure; events that have waited too long are left to the retries of their handler."""
        self._failures += 1
        now, policy = self._clock.monotonic(), self._settings.policy
        self._next_dial_at = now + policy.pause_s(self._failures, self._tools.roll())
        late = [each for each in self._queue if now - each.since >= policy.patience_s]
        for each in late:
            self._queue.remove(each)
            each.settle(Retry(f"{self._settings.label}: {why}"))

    async def _feed(self, connection: StreamConnection) -> None:
        """Write events to a connection until it is lost or no longer needed."""
        while True:
            group = self._group()
            if not group:
                if connection.lost or self._retired:
                    return
                await self._rest(connection)
                continue
            try:
                if connection.lost:
                    raise OSError(connection.lost)
                await connection.send(b"".join(each.payload for each in group))
            except OSError as err:
                self._queue.extendleft(reversed(group))
                if not connection.lost or not connection.proven:
                    self._failed(str(err))
                return
            except BaseException:
                self._queue.extendleft(reversed(group))
                raise
            self._failures = 0
            for each in group:
                each.settle(Delivered())
            if not self._settings.connections_max:
                return

    def _group(self) -> list[WaitingEvent]:
        """The next events, without those that nobody waits for any more; a single one without a pool."""
        group, size = list[WaitingEvent](), 0
        most = GROUP_MAX if self._settings.connections_max else 1
        while self._queue and len(group) < most and (not group or size < GROUP_BYTES_MAX):
            each = self._queue.popleft()
            if not each.done.done():
                group.append(each)
                size += len(each.payload)
        return group

    async def _rest(self, connection: StreamConnection) -> None:
        """Wait for an event, or for the end of the connection."""
        called = asyncio.Event()
        self._idle.append(called)
        connection.on_loss(called.set)
        try:
            await called.wait()
        finally:
            if called in self._idle:
                self._idle.remove(called)
