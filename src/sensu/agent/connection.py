"""The agent's connection to its backends: one session at a time, with endless reconnects and growing waits.

Source: recorded scenarios agent-close-*, agent-reject-*, agent-no-entity-config, agent-two-backends, agent-sigterm.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from sensu.agent.counters import AgentCounters
from sensu.agent.entity import OwnEntity
from sensu.agent.keepalive import keepalive
from sensu.agent.outbox import Entry, Outbox
from sensu.agent.settings import AgentSettings, without_secrets
from sensu.agent.tls import Explanations
from sensu.clock import Clock
from sensu.errors import ConfigurationError, InvalidResource, TransportError
from sensu.log import fields
from sensu.resources.check import KEEPALIVE
from sensu.resources.check_request import CheckRequest
from sensu.transport import acknowledgement, codec, frames
from sensu.transport.acknowledgement import Extensions
from sensu.transport.agent_socket import AgentSocket, HandshakeRefused, SocketLimits, Unreachable, connect
from sensu.transport.handshake import agent_headers
from sensu.transport.session import (
    Backoff,
    Retries,
    Rotation,
    SendGate,
    Sequences,
    heartbeat_timeout_s,
    session_length_s,
)

log = logging.getLogger("sensu.agent")

UNACKNOWLEDGED_MAX = 1000
UNACKNOWLEDGED_BYTES_MAX = 8 * 1024 * 1024
"""Sending pauses while this many events, or bytes, wait for their acknowledgement."""
WRITTEN_POLL_S = 0.05
"""How often to check whether the kernel has sent everything, for backends that do not acknowledge events."""
DEFERRED_REST_S = 1.0
"""How long sending pauses after the backend could not store an event."""
IDLE_POLL_S = 0.02

SHORT_SESSION_S = 1.0
"""After two consecutive shorter sessions the agent waits before it reconnects."""

OnRequest = Callable[[CheckRequest, Sequences], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """The objects that every session uses."""

    settings: AgentSettings
    entity: OwnEntity
    outbox: Outbox
    on_request: OnRequest
    clock: Clock
    counters: AgentCounters


class BackendConnection:
    """Maintains a session with one of the backends."""

    def __init__(self, parts: Parts, trust: Callable[[], ssl.SSLContext | None] = lambda: None) -> None:
        """`trust` creates the TLS context; it is called for each connection, so renewed certificates are used."""
        self._parts, self._trust = parts, trust
        settings = parts.settings
        self._explanations = Explanations(settings, parts.clock)
        order = random.sample(range(len(settings.backend_url)), len(settings.backend_url))
        self._rotation = Rotation(settings.backend_url, order)
        self._backoff = Backoff(Retries(settings.retry_min, settings.retry_max, settings.retry_multiplier))
        self._content_type = ""
        self._socket: AgentSocket | None = None
        self._session: BackendSession | None = None

    @property
    def is_up(self) -> bool:
        """Whether a session is established."""
        return self._socket is not None and self._socket.closed is None

    async def sent_all(self, bound_s: float) -> None:
        """Wait until all events are sent and acknowledged, the session ends, or `bound_s` seconds have passed."""
        clock = self._parts.clock
        deadline = clock.monotonic() + bound_s
        while self.is_up and self._session is not None and not self._session.is_idle and clock.monotonic() < deadline:
            await clock.sleep(IDLE_POLL_S)

    async def run(self) -> None:
        """Run sessions until cancelled, then close the current session."""
        was_short = False
        while True:
            started = self._parts.clock.monotonic()
            connected = await self._attempt(self._rotation.next_url())
            is_short = self._parts.clock.monotonic() - started < SHORT_SESSION_S
            if connected and not (is_short and was_short):
                self._backoff.reset()
            else:
                await self._parts.clock.sleep(self._backoff.next_wait_s(random.random()))
            was_short = connected and is_short

    async def _attempt(self, url: str) -> bool:
        """Try to connect and run one session; returns whether a session was established."""
        try:
            socket = await self._try(url)
            if socket is None:
                return False
            self._content_type = socket.agreement.content_type
            await self._hold(url, socket)
        except Exception:
            log.exception("connecting failed unexpectedly", extra=fields(url=without_secrets(url)))
            return False
        return True

    async def _hold(self, url: str, socket: AgentSocket) -> None:
        described = {"url": without_secrets(url), "content_type": self._content_type}
        self._parts.counters.connected()
        log.info("successfully connected", extra=fields(**described))
        self._socket = socket
        try:
            self._session = BackendSession(self._parts, socket)
            await self._session.run()
        except* Exception as errors:
            log.exception(
                "the session failed unexpectedly", extra=fields(**described, errors=[str(e) for e in errors.exceptions])
            )
        finally:
            self._socket = self._session = None
            socket.close()
            closed = await asyncio.shield(socket.wait_closed())
            log.info("disconnected", extra=fields(**described, code=closed.code, reason=closed.reason))

    async def _try(self, url: str) -> AgentSocket | None:
        settings = self._parts.settings
        headers = agent_headers(
            settings.name,
            settings.namespace,
            settings.subscriptions,
            credentials=None if settings.with_certificate else (settings.user, settings.password),
            content_type=self._content_type,
        )
        limits = SocketLimits(
            handshake_timeout_s=settings.backend_handshake_timeout,
            heartbeat_interval_s=settings.backend_heartbeat_interval,
            heartbeat_timeout_s=heartbeat_timeout_s(
                settings.backend_heartbeat_interval, settings.backend_heartbeat_timeout
            ),
        )
        try:
            trust = self._trust()
        except ConfigurationError as error:
            self._failed(url, str(error))
            return None
        log.info(f'connecting to backend URL "{without_secrets(url)}"')
        match await connect(url, headers, ssl_context=trust, limits=limits, wanted=Extensions()):
            case AgentSocket() as socket:
                self._explanations.forget(url)
                return socket
            case HandshakeRefused() as refused:
                if refused.status == 429:
                    self._backoff.slow_down()
                self._failed(url, self._explanations.of_refusal(url, refused))
            case Unreachable() as failed:
                self._failed(url, await self._explanations.of_failure(url, failed, trust))
        return None

    def _failed(self, url: str, why: str) -> None:
        self._parts.counters.connection_failed()
        log.error("reconnection attempt failed", extra=fields(url=without_secrets(url), error=why))


class BackendSession:
    """One session: handles messages of the backend, and sends keepalives and events when the gate is open."""

    def __init__(self, parts: Parts, socket: AgentSocket) -> None:
        self._parts, self._socket = parts, socket
        parts.entity.forget()
        managed = parts.settings.agent_managed_entity
        self._gate = SendGate(parts.clock.monotonic(), agent_managed=managed)
        self._configured = asyncio.Event()
        if managed:
            self._configured.set()
        self._sequences = Sequences()
        self._unsettled: acknowledgement.Unsettled[Entry] = acknowledgement.Unsettled()
        self._unsettled_bytes = 0
        self._unwritten: list[Entry] = []
        self._settled, self._sent = asyncio.Event(), asyncio.Event()
        self._greeted = asyncio.Event()
        self._rest_until = 0.0

    async def run(self) -> None:
        """Return when the connection has ended; events that may not have arrived go back into the outbox.

        An event has arrived if the backend acknowledged it or, without acknowledgements, if the kernel has sent it.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(work)
                    for work in (
                        self._send_keepalives(),
                        self._send_events(),
                        self._settle_written(),
                        self._end_in_time(),
                    )
                ]
                await self._read()
                for task in tasks:
                    task.cancel()
        finally:
            self._parts.outbox.put_back([*self._unwritten, *self._unsettled.rest()])

    @property
    def is_idle(self) -> bool:
        """Whether no event waits to be sent, written or acknowledged."""
        return not (len(self._parts.outbox) or len(self._unsettled) or self._unwritten)

    async def _read(self) -> None:
        async for message in self._socket:
            self._parts.counters.received(message.type)
            try:
                self._take(message)
            except (InvalidResource, TransportError) as error:
                log.error("error handling message", extra=fields(type=message.type, error=str(error)))

    def _take(self, message: frames.Message) -> None:
        heard = codec.for_content_type(self._socket.hears.content_type)
        match message.type:
            case frames.ENTITY_CONFIG:
                self._parts.entity.learn(heard.decode_entity_config(message.payload))
                self._gate.entity_config_arrived()
                self._configured.set()
            case frames.CHECK_REQUEST:
                if self._gate.is_open(self._parts.clock.monotonic()):
                    self._parts.on_request(heard.decode_check_request(message.payload), self._sequences)
            case frames.EXTENSIONS if self._socket.hears.acknowledged:
                log.info("the backend acknowledges events")
            case frames.ACK:
                self._settle(acknowledgement.decode(message.payload))
            case _:
                log.warning("message of unknown type ignored", extra=fields(type=message.type))

    def _settle(self, ack: acknowledgement.Ack) -> None:
        settled = self._unsettled.settle(ack)
        refused, deferred = [entry for entry, _ in settled.refused], [entry for entry, _ in settled.deferred]
        for entry, why in settled.refused:
            self._parts.counters.dropped(frames.EVENT)
            log.error("the backend refused an event", extra=fields(**_log_fields(entry), error=why))
        self._parts.outbox.settle([*settled.stored, *refused])
        if deferred:
            self._parts.outbox.put_back(deferred)
            self._rest_until = self._parts.clock.monotonic() + DEFERRED_REST_S
        self._unsettled_bytes -= sum(len(entry.payload) for entry in (*settled.stored, *refused, *deferred))
        self._settled.set()

    async def _gate_open(self) -> None:
        """Wait for the entity's configuration, at most as long as the gate stays shut."""
        wait_s = self._gate.opens_at - self._parts.clock.monotonic()
        try:
            async with asyncio.timeout(max(wait_s, 0)):
                await self._configured.wait()
        except TimeoutError:
            log.warning("no entity config from the backend, continuing without it")

    async def _send_keepalives(self) -> None:
        await self._gate_open()
        settings, clock = self._parts.settings, self._parts.clock
        due = clock.monotonic()
        while True:
            now = clock.now()
            number = self._sequences.next(KEEPALIVE)
            event = keepalive(settings, self._parts.entity.redacted_at(now), number, now)
            if not await self._send(frames.KEEPALIVE, Entry(0, now, b"", event)):
                return
            self._greeted.set()
            due = max(due + settings.keepalive_interval, clock.monotonic())
            await clock.sleep(due - clock.monotonic())

    async def _send_events(self) -> None:
        """Send queued events in order, after the first keepalive."""
        await self._greeted.wait()
        outbox, arrived = self._parts.outbox, True
        while arrived:
            await outbox.first()
            await self._may_send()
            entry = outbox.take()
            if entry is None:
                continue
            arrived = False
            try:
                arrived = await self._send(frames.EVENT, entry)
            finally:
                if not arrived:
                    outbox.put_back([entry])

    async def _may_send(self) -> None:
        """Wait while too much is unacknowledged, or while sending pauses after the backend could not store an event."""
        while len(self._unsettled) >= UNACKNOWLEDGED_MAX or self._unsettled_bytes >= UNACKNOWLEDGED_BYTES_MAX:
            self._settled.clear()
            await self._settled.wait()
        rest_s = self._rest_until - self._parts.clock.monotonic()
        if rest_s > 0:
            await self._parts.clock.sleep(rest_s)

    def _message(self, message_type: str, entry: Entry) -> bytes | None:
        """The bytes to send, or None for an event that cannot be encoded or is larger than a message may be."""
        spoken = codec.for_content_type(self._socket.speaks.content_type)
        try:
            as_it_is = entry.payload if spoken is codec.JSON else b""
            message = frames.build(message_type, as_it_is or spoken.encode(message_type, entry.decoded()))
            why = "larger than a message may be" if len(message) > frames.FRAME_BYTES_MAX else ""
        except (InvalidResource, ValueError) as error:
            message, why = b"", str(error)
        if why:
            self._parts.counters.dropped(message_type)
            log.error("event dropped", extra=fields(**_log_fields(entry), error=why))
            return None
        if log.isEnabledFor(logging.INFO):
            described = {"type": message_type, "payload_size": len(message), **_log_fields(entry)}
            log.info("sending event to backend", extra=fields(**described))
        return message

    async def _send(self, message_type: str, entry: Entry) -> bool:
        """Hand an event to the connection, or drop it if it can never be sent; False if the connection has ended.

        Waits for room in the connection. If the codec changes in the meantime, the event is encoded again.
        """
        spoken, message = None, None
        while True:
            if spoken != self._socket.speaks:
                spoken, message = self._socket.speaks, self._message(message_type, entry)
            if message is None:
                self._parts.outbox.settle([entry])
                return True
            if self._socket.send(message):
                break
            if self._socket.closed is not None:
                return False
            await self._socket.writable()
            await asyncio.sleep(0)
        self._note_sent(message_type, entry, acknowledged=spoken is not None and spoken.acknowledged)
        return True

    def _note_sent(self, message_type: str, entry: Entry, *, acknowledged: bool) -> None:
        self._parts.counters.sent(message_type)
        is_event = message_type == frames.EVENT
        if acknowledged:
            self._unsettled.sent(entry if is_event else None)
        if not is_event:
            return
        entry.event = None
        if acknowledged:
            self._unsettled_bytes += len(entry.payload)
        else:
            self._unwritten.append(entry)
            self._note_written()

    def _note_written(self) -> None:
        """Settle events that were sent without acknowledgement when the kernel has sent them."""
        if self._socket.closed is None and self._socket.backlog_bytes == 0:
            self._parts.outbox.settle(self._unwritten)
            self._unwritten = []
        else:
            self._sent.set()

    async def _settle_written(self) -> None:
        while True:
            await self._sent.wait()
            self._sent.clear()
            await self._parts.clock.sleep(WRITTEN_POLL_S)
            self._note_written()

    async def _end_in_time(self) -> None:
        length_s = session_length_s(self._parts.settings.max_session_length, random.random())
        if length_s is not None:
            await self._parts.clock.sleep(length_s)
            log.info("maximum session length reached, reconnecting")
            self._socket.close()


def _log_fields(entry: Entry) -> dict[str, object]:
    """The log fields of an event."""
    try:
        event = entry.decoded()
    except InvalidResource:
        return {}
    described: dict[str, object] = {"event_uuid": event.id}
    if event.entity is not None:
        described["entity"] = event.entity.metadata.name
    if event.check is not None:
        described["check"] = event.check.metadata.name
    if event.metrics is not None:
        described["metrics"] = True
    return described
