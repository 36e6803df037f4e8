import asyncio
import json

import msgspec
import pytest

from sensu.backend.ports import EventDeferred, EventRefused, EventStored
from sensu.resources.entity import Entity
from sensu.resources.metadata import ObjectMeta, ResourceReference
from sensu.transport.websocket import Closed
from tests.flows.agentd_world import running


@pytest.mark.parametrize("protobuf", [False, True])
async def test_events_and_keepalives_reach_their_daemons(protobuf: bool) -> None:
    """What an agent sends arrives at eventd and keepalived, subscribed to its entity, in the order it was sent."""
    async with running() as world, world.agent(subscriptions=["linux"], protobuf=protobuf) as agent:
        agent.keepalive()
        for status in (1, 2, 0):
            agent.event("cpu", status, "hot")
        events = await world.intake.until(3)
        assert [event.check.status for event in events if event.check] == [1, 2, 0]
        entity = events[0].entity
        assert entity is not None
        assert entity.subscriptions == ("linux", "entity:a1")
        keepalive = (await world.keepalives.inbox.until(1))[0]
        assert keepalive.check is not None
        assert (keepalive.check.metadata.name, keepalive.check.timeout) == ("keepalive", 120)
        assert world.metric("sensu_go_agentd_event_bytes_count", type="check") == 3


async def test_an_event_for_another_entity_is_subscribed_to_that_entity() -> None:
    """An agent may speak for other entities of its namespace; each is subscribed to itself."""
    async with running() as world, world.agent() as agent:
        meta = ObjectMeta(name="router", namespace="default")
        agent.event("ping", entity=Entity(entity_class="proxy", metadata=meta, subscriptions=("net",)))
        event = (await world.intake.until(1))[0]
        assert event.entity is not None
        assert event.entity.subscriptions == ("net", "entity:router")


async def test_an_event_for_another_namespace_is_refused() -> None:
    """An agent speaks for its own namespace only, whatever its events say; the refusal is counted."""
    async with running() as world, world.agent() as agent:
        foreign = ObjectMeta(name="a1", namespace="ns2")
        agent.event("cpu", entity=Entity(entity_class="agent", metadata=foreign))
        agent.keepalive(entity=Entity(entity_class="agent", metadata=foreign))
        agent.event("after")
        event = (await world.intake.until(1))[0]
        assert event.check is not None
        assert event.check.metadata.name == "after"
        assert world.keepalives.inbox.events == []
        assert world.metric("sensu_go_session_errors", error="foreign namespace") == 2


@pytest.mark.parametrize(
    "message",
    [
        b"event\n{bad json",
        b"nosuchtype\n{}",
        b"keepalive\n{}",
        b"event\n{}",
        b"event\n",
        b"\n",
        b"event\n[1]",
        b"\xff\xff\n",
    ],
)
async def test_a_useless_message_ends_nothing_but_itself(message: bytes) -> None:
    """After a message that is of no use the session goes on, and the next event arrives."""
    async with running() as world, world.agent() as agent:
        agent.send_raw(message)
        agent.event("cpu")
        assert len(await world.intake.until(1)) == 1
        assert agent.socket.closed is None


async def test_a_keepalive_without_a_time_is_refused() -> None:
    """A keepalive must say when it is from."""
    async with running() as world, world.agent() as agent:
        agent.keepalive(timestamp=0)
        agent.keepalive(timestamp=5)
        keepalives = await world.keepalives.inbox.until(1)
        assert [keepalive.timestamp for keepalive in keepalives] == [5]


async def test_a_message_without_a_newline_ends_the_session() -> None:
    """What is no message at all ends the session with 1001 `bye`."""
    async with running() as world, world.agent() as agent:
        agent.send_raw(b"no newline at all")
        assert await agent.closed() == Closed(1001, "bye", by_peer=True)


async def test_a_full_intake_slows_the_agents_down_and_loses_nothing() -> None:
    """While eventd takes no more, agents are not read; with room again everything arrives, each agent's in order."""
    async with running() as world, world.agent("a1") as one, world.agent("a2") as two:
        world.intake.room = 3
        for status in range(40):
            one.event("cpu", status)
            two.event("cpu", status)
        await world.intake.until(3)
        for _ in range(100):
            world.intake.make_room(1)
            await asyncio.sleep(0)
        events = await world.intake.until(80)
        for name in ("a1", "a2"):
            of_agent = [
                event.check.status
                for event in events
                if event.check and event.entity and event.entity.metadata.name == name
            ]
            assert of_agent == list(range(40))


async def test_agents_that_wait_for_a_slow_handler_hold_up_no_others() -> None:
    """While a handler is owed too much, its agents wait; others that once had to wait for room are read on."""
    async with running() as world, world.agent("a1") as owing, world.agent("a2") as other:
        world.intake.admitting.clear()
        owing.event("cpu", pipelines=(ResourceReference(name="slow", type="Pipeline", api_version="core/v2"),))
        await world.intake.turned_away.wait()
        world.intake.turned_away.clear()
        world.intake.room = 0
        for status in range(20):
            other.event("disk", status)
        await world.intake.turned_away.wait()
        world.intake.make_room(100)
        events = await world.intake.until(20)
        assert {event.check.metadata.name for event in events if event.check} == {"disk"}
        world.intake.admitting.set()
        assert await world.intake.until(21)


async def test_full_keepalives_slow_the_agent_down_too() -> None:
    """A keepalive that nobody can take is offered again, before the agent's later events."""
    async with running() as world, world.agent() as agent:
        world.keepalives.inbox.room = 0
        agent.keepalive()
        agent.event("cpu")
        world.keepalives.inbox.make_room(1)
        await world.intake.until(1)
        assert len(world.keepalives.inbox.events) == 1


async def test_an_agent_that_leaves_while_it_is_held_back_is_forgotten() -> None:
    """What an agent sent before it left, and nobody could take, does not hold up the others."""
    async with running() as world:
        world.intake.room = 0
        async with world.agent("a1") as leaver:
            leaver.event("cpu")
            leaver.event("cpu")
        async with world.agent("a2") as stayer:
            stayer.event("disk")
            world.intake.make_room(5)
            events = await world.intake.until(1)
            await stayer.until(lambda heard: heard.configs)
            assert any(event.check and event.check.metadata.name == "disk" for event in events)


@pytest.mark.parametrize("acknowledged", [False, True])
async def test_what_an_agent_sent_before_it_left_is_taken_unless_it_comes_again(acknowledged: bool) -> None:
    """What waits of an agent that has left is taken later, in order; an acknowledged agent sends it again itself."""
    async with running() as world:
        world.intake.room = 0
        async with world.agent("a1", acknowledged=acknowledged) as leaver:
            for status in (0, 1, 2):
                leaver.event("cpu", status)
            await world.intake.turned_away.wait()
            await asyncio.sleep(0.1)  # so that what comes with one reading is there
            world.agentd.disconnect("default", "a1")
            await leaver.closed()
        async with world.agent("a2") as stayer:
            await stayer.config()
            stayer.event("disk", 3)
            world.intake.make_room(10)
            events = await world.intake.until(1 if acknowledged else 4)
        assert [event.check.status for event in events if event.check] == ([3] if acknowledged else [0, 1, 2, 3])


@pytest.mark.parametrize("kind", ["event", "keepalive"])
async def test_an_agent_that_asks_for_it_hears_what_became_of_its_events(kind: str) -> None:
    """With the acknowledgement extension the agent hears which messages are stored, refused, or to be sent again."""
    async with running() as world, world.agent(acknowledged=True) as agent:
        inbox = world.intake if kind == "event" else world.keepalives.inbox
        for _ in range(4):
            agent.event("cpu") if kind == "event" else agent.keepalive()
        bad = agent.send_raw(b"event\n{}")
        await inbox.until(4)
        await agent.until(lambda heard: bad in heard.refused)
        assert agent.stored == set()
        inbox.settle(EventStored(), EventRefused("no such namespace"), EventDeferred("disk full"), EventStored())
        await agent.until(lambda heard: heard.stored == {1, 4})
        assert agent.refused == {2: "no such namespace", bad: "event must contain an entity"}
        assert agent.deferred == {3: "disk full"}


async def test_what_is_committed_together_is_told_together() -> None:
    """Events of one commit cost one acknowledgement."""
    async with running() as world, world.agent(acknowledged=True) as agent:
        for _ in range(50):
            agent.event("cpu")
        await world.intake.until(50)
        world.intake.settle(*[EventStored()] * 50)
        await agent.until(lambda heard: len(heard.stored) == 50)
        assert [kind for kind, _ in agent.messages].count("ack") == 1


async def test_an_outcome_after_the_session_is_nobodys() -> None:
    """The fate of an event whose agent is gone is told to nobody and breaks nothing."""
    async with running() as world:
        async with world.agent(acknowledged=True) as agent:
            agent.event("cpu")
            await world.intake.until(1)
        world.intake.settle(EventStored())
        async with world.agent("a2", acknowledged=True) as other:
            await other.config()
            assert other.stored == set()


async def test_an_agent_that_does_not_ask_is_never_acknowledged() -> None:
    """Agents of the reference hear configurations and check requests, and nothing of ours."""
    async with running() as world, world.agent() as agent:
        agent.event("cpu")
        await world.intake.until(1)
        assert not world.intake.waiting
        world.records.put_entity("a1")
        await agent.config("a1")
        assert {kind for kind, _ in agent.messages} == {"entity_config"}


async def test_an_event_whose_keys_are_written_otherwise_arrives() -> None:
    """JSON that is read leniently elsewhere is read leniently from agents too."""
    async with running() as world, world.agent() as agent:
        event = {
            "Timestamp": 5,
            "nosuch": 1,
            "entity": {"entity_class": "agent", "metadata": {"name": "a1", "namespace": "default"}},
            "check": {"metadata": {"name": "c", "namespace": "default"}, "interval": 10, "handlers": None},
        }
        agent.send_raw(b"event\n" + json.dumps(event).encode())
        assert (await world.intake.until(1))[0].timestamp == 5


async def test_a_text_of_an_event_is_kept_whole() -> None:
    """A long output passes unchanged, though the agent's library cuts it into frames."""
    async with running() as world, world.agent() as agent:
        output = "line\n" * 100_000
        agent.event("cpu", 1, output)
        event = (await world.intake.until(1))[0]
        assert msgspec.structs.asdict(event)["check"].output == output
