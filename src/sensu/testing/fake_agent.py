"""An agent for tests: uses the protocol over a real socket, records received messages and sends those of the test."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from sensu.clock import SystemClock
from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import AGENT_CLASS, Entity, EntityConfig
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.transport import acknowledgement, codec, frames
from sensu.transport.acknowledgement import Extensions
from sensu.transport.agent_socket import AgentSocket, HandshakeRefused, SocketLimits, Unreachable, connect
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE, agent_headers
from sensu.transport.websocket import Closed

PATIENCE_S = 10.0
"""How long methods wait before they raise TimeoutError."""

HandshakeAnswer = tuple[int, str]
"""Returns the status and output for a check request."""


class NotConnected(Exception):
    """The backend refused the fake agent or could not be reached; `outcome` is the reason."""

    def __init__(self, outcome: HandshakeRefused | Unreachable) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


class FakeAgent:
    """A connected agent. `FakeAgent.session` closes it at the end.

    Received so far: `messages` (type and payload as a struct, in order), `configs`, `requests`, and of the
    acknowledgement extension `stored`, `refused` and `deferred`, by the numbers that sending returned (0 if none).
    """

    def __init__(self, socket: AgentSocket, name: str, namespace: str, subscriptions: Sequence[str]) -> None:
        self.name = name
        self.namespace = namespace
        self.subscriptions = tuple(subscriptions)
        self.socket = socket
        self.messages: list[tuple[str, Any]] = []
        self.configs: list[EntityConfig] = []
        self.requests: list[CheckRequest] = []
        self.stored: set[int] = set()
        self.refused: dict[int, str] = {}
        self.deferred: dict[int, str] = {}
        self.answers: dict[str, HandshakeAnswer] = {}
        self._clock = SystemClock()
        self._sent = 0
        self._heard = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def connect(
        cls,
        url: str,
        name: str,
        *,
        namespace: str = "default",
        subscriptions: Sequence[str] = (),
        credentials: tuple[str, str] | None = ("agent", "P@ssw0rd!"),
        protobuf: bool = False,
        acknowledged: bool = False,
        ssl_context: ssl.SSLContext | None = None,
        limits: SocketLimits | None = None,
    ) -> "FakeAgent":
        """An agent that is connected to the backend at `url`; raises NotConnected.

        It speaks JSON, or protobuf where that is asked for. With `acknowledged` it shakes hands as our agents do, in
        protobuf, asks for acknowledgements when they are offered, and is returned once they are granted; TimeoutError
        where they are not.
        """
        headers = agent_headers(
            name,
            namespace,
            subscriptions,
            credentials=credentials,
            accept=PROTOBUF_TYPE if protobuf or acknowledged else JSON_TYPE,
        )
        wanted = Extensions(codec=PROTOBUF_TYPE if protobuf else JSON_TYPE) if acknowledged else None
        socket = await connect(url, headers, ssl_context=ssl_context, limits=limits, wanted=wanted)
        if not isinstance(socket, AgentSocket):
            raise NotConnected(socket)
        agent = cls(socket, name, namespace, subscriptions)
        try:
            await agent.until(lambda heard: heard.socket.hears.acknowledged or not acknowledged)
        except TimeoutError:
            await agent.close()
            raise
        return agent

    @classmethod
    @asynccontextmanager
    async def session(cls, url: str, name: str, **options: Any) -> AsyncIterator["FakeAgent"]:
        """Like `connect`, but closes the connection at the end."""
        agent = await cls.connect(url, name, **options)
        try:
            yield agent
        finally:
            await agent.close()

    def entity(self) -> Entity:
        """The agent's entity, as it sends it."""
        return Entity(
            entity_class=AGENT_CLASS,
            metadata=ObjectMeta(name=self.name, namespace=self.namespace),
            subscriptions=(*self.subscriptions, f"entity:{self.name}"),
            user="agent",
        )

    def keepalive(self, *, interval: int = 20, timeout: int = 120, ttl: int = 0, **changes: Any) -> int:
        """Send a keepalive; `changes` are fields of the event. Returns the message's number."""
        meta = ObjectMeta(name=KEEPALIVE, namespace=self.namespace)
        check = Check(metadata=meta, interval=interval, timeout=timeout, ttl=ttl)
        return self.send(frames.KEEPALIVE, self._event(check, changes))

    def event(self, check: str, status: int = 0, output: str = "", *, interval: int = 60, **changes: Any) -> int:
        """Send the result of a check; `changes` are fields of the event. Returns the message's number."""
        now = int(self._clock.now())
        meta = ObjectMeta(name=check, namespace=self.namespace)
        result = Check(metadata=meta, interval=interval, status=status, output=output, executed=now, issued=now)
        return self.send(frames.EVENT, self._event(result, changes))

    def _event(self, check: Check, changes: dict[str, Any]) -> Event:
        event = Event(check=check, entity=self.entity(), id=str(uuid.uuid4()), timestamp=int(self._clock.now()))
        return msgspec.structs.replace(event, **changes) if changes else event

    def send(self, message_type: str, event: Event) -> int:
        """Send an event as a message of that type; returns the message's number."""
        spoken = codec.for_content_type(self.socket.speaks.content_type)
        return self.send_raw(frames.build(message_type, spoken.encode(message_type, event)))

    def send_raw(self, message: bytes) -> int:
        """Send any bytes as one message; returns its number."""
        if not self.socket.send(message):
            raise ConnectionError("the session is over or full")
        if self.socket.speaks.acknowledged:
            self._sent += 1
        return self._sent

    async def until(self, what: Callable[["FakeAgent"], Any], patience_s: float = PATIENCE_S) -> Any:
        """Wait until `what` returns a true value for this agent, and return it; raises TimeoutError."""
        async with asyncio.timeout(patience_s), self._heard:
            return await self._heard.wait_for(lambda: what(self))

    async def config(self, name: str | None = None) -> EntityConfig:
        """Wait for a configuration, of that name if one is given, and return the newest."""
        await self.until(lambda agent: agent.configs and name in (None, agent.configs[-1].metadata.name))
        return self.configs[-1]

    async def closed(self, patience_s: float = PATIENCE_S) -> Closed:
        """Wait until the session ends, and return how it ended."""
        async with asyncio.timeout(patience_s):
            return await self.socket.wait_closed()

    async def close(self) -> None:
        """End the session, if it is still open."""
        self.socket.close()
        await self.closed()
        await self._listening

    async def _listen(self) -> None:
        async for message in self.socket:
            self._hear(message)
            async with self._heard:
                self._heard.notify_all()

    def _hear(self, message: frames.Message) -> None:
        value: Any = message.payload
        heard = codec.for_content_type(self.socket.hears.content_type)
        try:
            if message.type == frames.ENTITY_CONFIG:
                value = heard.decode_entity_config(message.payload)
                self.configs.append(value)
            elif message.type == frames.CHECK_REQUEST:
                value = heard.decode_check_request(message.payload)
                self.requests.append(value)
                self._answer(value)
            elif message.type == frames.ACK:
                value = acknowledgement.decode(message.payload)
                self._settle(value)
        finally:
            self.messages.append((message.type, value))

    def _answer(self, request: CheckRequest) -> None:
        config = request.config
        answer = self.answers.get(config.metadata.name) if config is not None else None
        if config is not None and answer is not None:
            self.event(config.metadata.name, *answer, interval=config.interval)

    def _settle(self, ack: acknowledgement.Ack) -> None:
        for first, last in ack.stored:
            self.stored.update(range(first, last + 1))
        self.refused.update(ack.refused)
        self.deferred.update(ack.deferred)
