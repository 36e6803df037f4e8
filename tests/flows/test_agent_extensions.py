"""An agent with backends that speak protobuf: one of the reference's kind, and ours."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from sensu.agent import settings
from sensu.agent.allow_list import AllowList
from sensu.agent.main import Agent
from sensu.backend.ports import EventStored
from sensu.clock import SystemClock
from sensu.resources.check import CheckConfig
from sensu.resources.check_request import CheckRequest
from sensu.resources.entity import EntityConfig
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.transport import acknowledgement, codec, frames, handshake
from sensu.transport.backend_socket import Accepted, AgentConnection, AgentListener
from sensu.transport.frames import Message
from sensu.transport.handshake import PROTOBUF_TYPE, Agreement
from sensu.transport.http1 import HTTPAnswer, HTTPRequest
from sensu.transport.websocket import Closed
from tests.flows.agentd_world import running

CONFIG = EntityConfig(metadata=ObjectMeta(name="not found", namespace="default"), entity_class="agent")


def request(name: str, issued: int = 1) -> CheckRequest:
    meta = ObjectMeta(name=name, namespace="default")
    return CheckRequest(config=CheckConfig(metadata=meta, command=f"echo {name}", interval=60), issued=issued)


class ProtobufBackend:
    """A backend that offers protobuf and nothing else of its own accord; every connection is its session."""

    def __init__(self) -> None:
        self.requests: list[HTTPRequest] = []
        self.connection: AgentConnection | None = None
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.listener = AgentListener(self.decide, SystemClock())

    async def decide(self, asked: HTTPRequest) -> Accepted | HTTPAnswer:
        self.requests.append(asked)
        return Accepted(handshake.backend_headers(handshake.backend_agreement(asked), "b1"), self)

    def connected(self, connection: AgentConnection) -> None:
        self.connection = connection
        self.say(codec.PROTOBUF, frames.ENTITY_CONFIG, CONFIG)

    def received(self, data: bytes) -> None:
        message = frames.parse(data)
        assert message is not None
        self.messages.put_nowait(message)

    def ended(self, closed: Closed) -> None:
        self.connection = None

    def say(self, spoken: codec.Codec, kind: str, value: EntityConfig | CheckRequest) -> None:
        assert self.connection is not None
        self.connection.send(frames.build(kind, spoken.encode(kind, value)))

    async def heard(self, spoken: codec.Codec, kind: str) -> Event:
        """The next message, which is of that type and in that codec, without keepalives where it is an event."""
        message = await self.messages.get()
        while message.type == frames.KEEPALIVE != kind:
            message = await self.messages.get()
        assert message.type == kind
        return spoken.decode_event(message.payload)


@contextlib.asynccontextmanager
async def agent_of(url: str, folder: Path, *more: str) -> AsyncIterator[Agent]:
    """An agent named a1 that connects to a backend, without local ports."""
    words = ["--name", "a1", "--subscriptions", "linux", "--backend-url", url, "--cache-dir", str(folder)]
    words += ["--disable-api", "--disable-sockets", "--statsd-disable", "--retry-min", "50ms", *more]
    agent = Agent(settings.read(words, {}), AllowList(), SystemClock())
    task = asyncio.create_task(agent.run())
    try:
        yield agent
    finally:
        agent.stop()
        await task


@contextlib.asynccontextmanager
async def protobuf_backend() -> AsyncIterator[tuple[ProtobufBackend, str]]:
    backend = ProtobufBackend()
    await backend.listener.start("127.0.0.1", 0)
    try:
        yield backend, f"ws://127.0.0.1:{backend.listener.port}"
    finally:
        await backend.listener.stop()


def output(event: Event) -> str:
    assert event.check is not None
    return event.check.output


async def test_a_backend_without_the_extension_is_spoken_protobuf_to(tmp_path: Path) -> None:
    """With a backend of the reference everything is protobuf, and it never hears of the extension."""
    async with protobuf_backend() as (backend, url), agent_of(url, tmp_path, "--keepalive-interval", "1"):
        first = await backend.heard(codec.PROTOBUF, frames.KEEPALIVE)
        assert first.entity is not None
        assert (first.entity.metadata.name, first.sequence) == ("a1", 1)
        assert backend.connection is not None
        backend.connection.pong(b"some other pong")
        backend.say(codec.PROTOBUF, frames.CHECK_REQUEST, request("one"))
        assert output(await backend.heard(codec.PROTOBUF, frames.EVENT)) == "one\n"
        assert (await backend.heard(codec.PROTOBUF, frames.KEEPALIVE)).sequence == 2
        names = {name for name, _ in backend.requests[0].headers if not name.startswith("sec-websocket")}
        assert names - {"host", "upgrade", "connection"} == {
            "accept",
            "authorization",
            "sensu-agentname",
            "sensu-namespace",
            "sensu-subscriptions",
            "sensu-user",
            "user-agent",
        }


async def test_a_late_offer_switches_between_messages(tmp_path: Path) -> None:
    """An agent that already sends asks when the offer comes: protobuf before, JSON after, each way by itself."""
    async with protobuf_backend() as (backend, url):
        async with agent_of(url, tmp_path, "--agent-managed-entity", "--keepalive-interval", "1"):
            await backend.heard(codec.PROTOBUF, frames.KEEPALIVE)
            assert backend.connection is not None
            backend.connection.pong(acknowledgement.OFFER)
            asked = await backend.messages.get()
            after = acknowledgement.following(Agreement(PROTOBUF_TYPE), asked)
            assert after == Agreement("application/json", acknowledged=True)
            backend.say(codec.PROTOBUF, frames.CHECK_REQUEST, request("one"))
            assert output(await backend.heard(codec.JSON, frames.EVENT)) == "one\n"
            backend.connection.send(frames.build(*asked))
            backend.say(codec.JSON, frames.CHECK_REQUEST, request("two"))
            assert output(await backend.heard(codec.JSON, frames.EVENT)) == "two\n"
            await backend.heard(codec.JSON, frames.KEEPALIVE)


async def test_an_event_that_was_not_acknowledged_comes_again(tmp_path: Path) -> None:
    """With our backend an event is sent on the next session too, unless the agent was told that it is stored."""
    async with running() as world:
        world.records.put_entity("a1", "linux")
        async with agent_of(world.url, tmp_path):
            await world.keepalives.inbox.until(1)
            world.agentd.publish("default", "linux", request("stored"))
            await world.intake.until(1)
            world.intake.settle(EventStored())
            world.agentd.publish("default", "linux", request("unknown"))
            await world.intake.until(2)
            world.agentd.disconnect("default", "a1")
            events = await world.intake.until(3)
            assert [output(event) for event in events] == ["stored\n", "unknown\n", "unknown\n"]
            assert events[1].id == events[2].id
            assert world.metric("sensu_go_session_errors", error="unreadable payload") is None
