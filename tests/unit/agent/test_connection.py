import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from sensu.agent.connection import DEFERRED_REST_S, BackendSession, Parts
from sensu.agent.counters import AgentCounters
from sensu.agent.entity import OwnEntity
from sensu.agent.outbox import Outbox
from sensu.agent.settings import AgentSettings
from sensu.resources.check import Check
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.testing.virtual_clock import VirtualClock
from sensu.transport.agent_socket import AgentSocket
from sensu.transport.frames import FRAME_BYTES_MAX, Message
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE, Agreement
from sensu.transport.websocket import Closed


class Socket:
    """A connection whose backend is the test."""

    def __init__(self, acknowledged: bool) -> None:
        self.agreement = Agreement(JSON_TYPE)
        self.speaks = self.hears = Agreement(JSON_TYPE, acknowledged)
        self.closed: Closed | None = None
        self.full = False
        self.backlog_bytes = 0
        self.sent: list[str] = []
        self.gone = asyncio.Event()
        self.codecs: list[str] = []
        self._incoming: asyncio.Queue[Message | None] = asyncio.Queue()

    def send(self, data: bytes) -> bool:
        if self.full or self.closed is not None:
            return False
        kind, _, payload = data.partition(b"\n")
        self.codecs.append("json" if payload.startswith(b"{") else "protobuf")
        if self.codecs[-1] == "protobuf":
            return True
        check = json.loads(payload)["check"]
        self.sent.append(check["metadata"]["name"] if kind == b"event" else "keepalive")
        return True

    async def writable(self) -> None:
        await self.gone.wait()

    def say(self, kind: str, payload: str) -> None:
        self._incoming.put_nowait(Message(kind, payload.encode()))

    def cut(self) -> None:
        self.closed = Closed(1006, "", by_peer=True)
        self.gone.set()
        self._incoming.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Message]:
        while (message := await self._incoming.get()) is not None:
            yield message


class World:
    def __init__(self, acknowledged: bool = False) -> None:
        self.clock, self.counters = VirtualClock(), AgentCounters("1")
        self.outbox = Outbox(self.clock, self.counters)
        settings = AgentSettings(name="ag1", keepalive_interval=20)
        entity = OwnEntity(settings, "1")
        parts = Parts(settings, entity, self.outbox, lambda _request, _numbers: None, self.clock, self.counters)
        self.socket = Socket(acknowledged)
        self.session = BackendSession(parts, cast(AgentSocket, self.socket))

    def queue(self, *names: str, output: str = "") -> None:
        for name in names:
            assert self.outbox.offer(Event(check=Check(metadata=ObjectMeta(name=name), output=output)))

    def waiting(self) -> list[str]:
        entries = [self.outbox.take() for _ in range(len(self.outbox))]
        events = [entry.decoded() for entry in entries if entry is not None]
        return [event.check.metadata.name for event in events if event.check is not None]


@asynccontextmanager
async def session(*, acknowledged: bool = False) -> AsyncIterator[World]:
    """A session from its entity config to its cut."""
    world = World(acknowledged)
    running = asyncio.create_task(world.session.run())
    world.socket.say("entity_config", '{"metadata": {"name": "not found"}}')
    yield world
    await world.clock.advance(0)
    world.socket.cut()
    await asyncio.wait_for(running, 5)


async def test_events_follow_the_first_keepalive() -> None:
    """What waits is sent in order, after the keepalive that introduces the agent."""
    async with session() as world:
        world.queue("a", "b")
    assert world.socket.sent == ["keepalive", "a", "b"]


async def test_keepalives_come_at_their_interval() -> None:
    """A keepalive is sent every interval."""
    async with session() as world:
        await world.clock.advance(0)
        await world.clock.advance(45)
    assert world.socket.sent == ["keepalive"] * 3


async def test_what_was_not_acknowledged_is_sent_again() -> None:
    """Events whose fate is unknown when the connection ends wait again, before all others, in their order."""
    async with session(acknowledged=True) as world:
        world.queue("a", "b", "c")
        await world.clock.advance(0)
        world.socket.say("ack", '{"stored": [[1, 2]]}')
    world.queue("later")
    assert world.waiting() == ["b", "c", "later"]


async def test_what_was_refused_is_not_sent_again() -> None:
    """An event that the backend will never store is dropped and counted."""
    async with session(acknowledged=True) as world:
        world.queue("a")
        await world.clock.advance(0)
        world.socket.say("ack", '{"refused": [[2, "no"]]}')
    assert world.waiting() == []
    assert world.counters.value("sensu_go_agent_messages_dropped", "event") == 1


async def test_what_could_not_be_stored_is_sent_again_later() -> None:
    """After the backend could not store an event, sending rests, and then begins with that event."""
    async with session(acknowledged=True) as world:
        world.queue("a")
        await world.clock.advance(0)
        world.socket.say("ack", '{"deferred": [[2, "full"]]}')
        await world.clock.advance(0)
        world.queue("b")
        await world.clock.advance(DEFERRED_REST_S / 2)
        assert world.socket.sent == ["keepalive", "a"]
        await world.clock.advance(DEFERRED_REST_S)
    assert world.socket.sent == ["keepalive", "a", "a", "b"]


async def test_a_full_connection_loses_nothing() -> None:
    """An event that finds the connection full is sent when there is room, or kept when the connection goes."""
    async with session() as world:
        await world.clock.advance(0)
        world.socket.full = True
        world.queue("a", "b")
        await world.clock.advance(0)
        assert world.socket.sent == ["keepalive"]
    assert world.waiting() == ["a", "b"]


async def test_what_the_kernel_did_not_take_is_sent_again() -> None:
    """With a backend that does not acknowledge, events that still wait in the connection when it goes wait again."""
    async with session() as world:
        world.queue("a", "b")
        await world.clock.advance(0)
        world.socket.backlog_bytes = 100
        world.queue("c")
        await world.clock.advance(0)
        world.socket.backlog_bytes = 0
        await world.clock.advance(1)
        world.socket.backlog_bytes = 100
        world.queue("d", "e")
    assert world.waiting() == ["d", "e"]


async def test_an_event_that_no_backend_takes_is_dropped() -> None:
    """An event larger than a message may be does not stop the ones behind it."""
    async with session() as world:
        world.queue("huge", output="\0" * (FRAME_BYTES_MAX // 6 + 1))
        world.queue("small")
    assert world.socket.sent == ["keepalive", "small"]
    assert world.counters.value("sensu_go_agent_messages_dropped", "event") == 1


async def test_what_waits_for_room_during_the_switch_is_written_anew() -> None:
    """An event that was written before the codec changed, and not sent, goes out in the new one and is counted."""
    async with session() as world:
        world.socket.speaks = Agreement(PROTOBUF_TYPE)
        await world.clock.advance(0)
        world.socket.full = True
        world.queue("a")
        await world.clock.advance(0)
        world.socket.speaks = Agreement(JSON_TYPE, acknowledged=True)
        world.socket.full = False
        world.socket.gone.set()
        await world.clock.advance(0)
        assert world.socket.codecs == ["protobuf", "json"]
        world.socket.say("ack", '{"stored": [[1, 1]]}')
    assert world.waiting() == []
