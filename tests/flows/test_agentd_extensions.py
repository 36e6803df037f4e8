"""How a session begins to be acknowledged, and who notices."""

import asyncio
import base64
import os

import pytest

from sensu.backend.ports import EventDeferred, EventStored
from sensu.resources.check import CheckConfig
from sensu.resources.check_request import CheckRequest
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.testing.fake_agent import FakeAgent
from sensu.transport.acknowledgement import Extensions
from sensu.transport.handshake import JSON_TYPE, PROTOBUF_TYPE, agent_headers
from tests.contract import websocket
from tests.flows.agentd_world import World, running

ASK = b'extensions\n{"ack":1,"codec":"application/json"}'


def names(events: list[Event]) -> list[str]:
    return [event.check.metadata.name for event in events if event.check is not None]


async def first_messages(world: World, accept: str) -> list[tuple[int, bytes]]:
    """Opcode and type of what an agent with that Accept gets before it says anything but `x`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.agentd.port)
    headers = [("Host", "b"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    headers.append(("Sec-WebSocket-Key", base64.b64encode(os.urandom(16)).decode()))
    headers += agent_headers("a1", "default", [], credentials=("agent", "P@ssw0rd!"), accept=accept)
    writer.write(websocket.head_bytes("GET / HTTP/1.1", headers))
    head = await websocket.read_head(reader)
    assert {name.lower() for name, _ in head.headers} == {
        "upgrade",
        "connection",
        "sec-websocket-accept",
        "backend-id",
        "content-type",
        "accept",
    }
    agent = websocket.Connection(reader, writer, masked=True)
    await agent.send(websocket.PING, b"last")
    found: list[tuple[int, bytes]] = []
    while (message := await agent.receive()) is not None and message.data != b"last":
        found.append((message.opcode, message.data.partition(b"\n")[0]))
    await agent.cut()
    return found


async def test_the_offer_is_a_pong_and_comes_first() -> None:
    """An agent that speaks protobuf gets a pong unasked, then its configuration; the headers tell nothing."""
    async with running() as world:
        config = (websocket.BINARY, b"entity_config")
        assert await first_messages(world, PROTOBUF_TYPE) == [(websocket.PONG, b"sensu-extensions:1"), config]
        assert await first_messages(world, JSON_TYPE) == [config]


@pytest.mark.parametrize("protobuf", [False, True])
async def test_what_is_sent_before_the_switch_is_taken_and_unnumbered(protobuf: bool) -> None:
    """Events before the switch are read in the handshake's codec and never acknowledged; the next is number 1."""
    async with running() as world, world.agent(protobuf=protobuf) as agent:
        assert agent.event("early") == 0
        agent.socket.ask(Extensions())
        assert (agent.event("late"), agent.event("later")) == (1, 2)
        assert names(await world.intake.until(3)) == ["early", "late", "later"]
        world.intake.settle(EventStored(), EventDeferred("full"))
        await agent.until(lambda heard: heard.stored and heard.deferred)
        assert (agent.stored, agent.deferred) == ({1}, {2: "full"})
        assert world.metric("sensu_go_session_errors", error="unreadable payload") is None


async def test_the_switch_keeps_its_place_where_messages_wait() -> None:
    """While the intake is full the request to switch waits in its place: what came before is still in the old codec."""
    async with running() as world, world.agent(protobuf=True) as agent:
        world.intake.room = 0
        agent.event("early")
        agent.event("early2")
        agent.socket.ask(Extensions())
        assert agent.event("late") == 1
        await world.intake.turned_away.wait()
        world.intake.make_room(3)
        assert names(await world.intake.until(3)) == ["early", "early2", "late"]
        world.intake.settle(EventStored())
        await agent.until(lambda heard: heard.stored == {1})
        assert not world.intake.waiting


async def test_the_backend_switches_with_its_answer() -> None:
    """What the backend sent before its answer is in the old codec, what follows in the new; all is understood."""
    config = CheckConfig(metadata=ObjectMeta(name="c", namespace="default"), command="true")
    early, late = (CheckRequest(config=config, issued=number) for number in (1, 2))
    async with running() as world:
        world.records.put_entity("a1", "linux")
        async with world.agent(protobuf=True) as agent:
            await agent.config()
            agent.socket.ask(Extensions())
            world.agentd.publish("default", "linux", early)
            await agent.until(lambda heard: heard.socket.hears.acknowledged)
            world.agentd.publish("default", "linux", late)
            await agent.until(lambda heard: len(heard.requests) == 2)
            assert agent.requests == [early, late]
            kinds = [kind for kind, _ in agent.messages]
            assert kinds == ["entity_config", "check_request", "extensions", "check_request"]
            assert agent.messages[2][1] == ASK.partition(b"\n")[2]


@pytest.mark.parametrize("protobuf", [False, True])
async def test_the_codec_that_is_asked_for_holds(protobuf: bool) -> None:
    """An agent may be acknowledged in either codec; configurations after the switch come in that one."""
    async with running() as world, world.agent(protobuf=protobuf, acknowledged=True) as agent:
        assert agent.socket.hears.content_type == (PROTOBUF_TYPE if protobuf else JSON_TYPE)
        world.records.put_entity("a1", "new")
        assert (await agent.config("a1")).subscriptions == ("new",)
        assert agent.keepalive() == 1
        await world.keepalives.inbox.until(1)
        world.keepalives.inbox.settle(EventStored())
        await agent.until(lambda heard: heard.stored == {1})


async def test_a_request_that_is_not_understood_changes_nothing() -> None:
    """Asking for an unknown version is answered by nothing, as any unknown message, and the session goes on."""
    async with running() as world, world.agent(protobuf=True) as agent:
        agent.send_raw(ASK.replace(b"1", b"2"))
        agent.event("cpu")
        assert names(await world.intake.until(1)) == ["cpu"]
        assert not world.intake.waiting
        world.records.put_entity("a1")
        await agent.config("a1")
        assert {kind for kind, _ in agent.messages} == {"entity_config"}
        assert world.metric("sensu_go_session_errors", error="unknown message type") == 1


async def test_a_second_request_is_refused() -> None:
    """Asking again is refused under its number, and the counting goes on."""
    async with running() as world, world.agent(acknowledged=True) as agent:
        assert (agent.event("one"), agent.send_raw(ASK), agent.event("two")) == (1, 2, 3)
        await world.intake.until(2)
        world.intake.settle(EventStored(), EventStored())
        await agent.until(lambda heard: heard.stored == {1, 3} and heard.refused)
        assert agent.refused == {2: "unknown message type 'extensions'"}


async def test_an_agent_that_speaks_protobuf_need_not_ask() -> None:
    """The offer alone changes nothing for an agent of the reference."""
    async with running() as world, world.agent(protobuf=True) as agent:
        agent.event("cpu")
        await world.intake.until(1)
        assert not world.intake.waiting
        assert agent.socket.speaks == agent.socket.hears == agent.socket.agreement
        assert world.metric("sensu_go_session_errors", error="unknown message type") is None


async def test_a_fake_agent_waits_for_the_grant() -> None:
    """A test that wants acknowledgements fails where they are not offered, instead of waiting for them in vain."""
    async with running() as world:
        agent = await FakeAgent.connect(world.url, "a1", acknowledged=True)
        assert agent.socket.hears.acknowledged
        assert [kind for kind, _ in agent.messages] == ["entity_config", "extensions"]
        await agent.close()
