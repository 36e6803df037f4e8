"""Agents are registered, watched and deregistered by their keepalives."""

from sensu.resources.entity import Deregistration, System
from sensu.resources.handler import Handler
from sensu.resources.kinds import ENTITY, HANDLER
from sensu.store.values import EventKey
from sensu.testing.factories import make_check, make_entity, make_event, make_keepalive, make_metadata
from tests.flows.playbook import Play
from tests.flows.world import START, World


async def history(world: World) -> list[tuple[int, int]]:
    event = await world.event("web1", "keepalive")
    assert event and event.check
    return [(entry.executed - START, entry.status) for entry in event.check.history or ()]


async def test_the_first_keepalive_registers_the_agent(world: World) -> None:
    """A new agent's entity is stored, its registration is owed once, and its keepalive is an event."""
    agent = make_entity(subscriptions=["linux"], user="agent", sensu_agent_version="6.9.2")
    for at in (0, 20):
        await world.keepalive(make_keepalive(agent, timestamp=START + at))
        await world.clock.advance(20)
    entity, event = await world.entity("web1"), await world.event("web1", "keepalive")
    assert entity and event and event.check and event.entity
    assert (entity.subscriptions, entity.last_seen) == (("linux", "entity:web1"), START + 20)
    assert event.check.output == "Keepalive last sent from web1 at 2023-11-14 22:13:40 +0000 UTC"
    assert (event.check.handlers, event.check.scheduler) == (("keepalive",), "etcd")
    assert (event.check.issued, event.check.executed, event.check.occurrences) == (START + 20, START + 20, 2)
    assert event.entity.last_seen == START + 20
    assert await world.owed_statuses() == [("keepalive", 0), ("registration", 1)]
    assert await world.store.count_events(None) == 1


async def test_a_keepalive_that_is_no_news_is_owed_to_handlers_that_exist(world: World) -> None:
    """An agent that goes on being well concerns whoever handles keepalives; where nobody does, nothing is owed."""

    async def owed_for(*seconds: int) -> int:
        before = len(await world.owed_statuses())
        for at in seconds:
            await world.keepalive(make_keepalive(make_entity(), timestamp=START + at))
        return len(await world.owed_statuses()) - before

    assert await owed_for(0) == 2
    assert await owed_for(20, 40) == 0
    await world.configure(HANDLER, Handler(type="udp", metadata=make_metadata("keepalive")))
    assert await owed_for(60, 80) == 2


async def test_people_configure_a_known_entity_and_its_agent_is_observed(world: World) -> None:
    """A keepalive changes what was observed of a stored entity and nothing that people set."""
    await world.configure(ENTITY, make_entity(subscriptions=["stored"], labels={"k": "v"}, user="agent"))
    agent = make_entity(subscriptions=["linux"], system=System(hostname="web1", os="linux"))
    await world.keepalive(make_keepalive(agent, timestamp=START))
    entity = await world.entity("web1")
    assert entity
    assert entity.subscriptions == ("stored", "entity:web1")
    assert entity.metadata.labels == {"k": "v"}
    assert (entity.system.os, entity.last_seen) == ("linux", START)
    assert [name for name, _ in await world.owed_statuses()] == ["keepalive"]


async def test_an_entity_managed_by_its_agent_follows_the_first_keepalive_of_a_session(world: World) -> None:
    """The agent's configuration replaces the stored one at a session's start, and not later in it."""
    seen = []
    for version, sequence in (("1", 1), ("2", 2), ("3", 1)):
        labels = {"sensu.io/managed_by": "sensu-agent", "v": version}
        await world.keepalive(make_keepalive(make_entity(labels=labels), timestamp=START, sequence=sequence))
        entity = await world.entity("web1")
        assert entity
        seen.append(entity.metadata.labels["v"])
    await world.keepalive(make_keepalive(make_entity(labels={"v": "4"}), timestamp=START))
    entity = await world.entity("web1")
    assert entity
    assert seen == ["1", "1", "3"]
    assert entity.metadata.labels == {"v": "4"}


async def test_missing_keepalives_warn_then_are_critical_at_their_time(world: World) -> None:
    """Failure events come at each warning timeout and at the critical one; the next keepalive resolves them."""
    await world.keepalive(make_keepalive(timestamp=START, timeout=120, critical=200))
    await world.clock.advance(119)
    assert await history(world) == [(0, 0)]
    await world.clock.advance(281)
    assert await history(world) == [(0, 0), (120, 1), (200, 2), (360, 2)]
    event = await world.event("web1", "keepalive")
    assert event and event.check
    assert event.check.output == "No keepalive sent from web1 for 360 seconds (>= 200)"
    await world.keepalive(make_keepalive(timestamp=START + 400))
    await world.clock.advance(100)
    assert (await history(world))[-1] == (400, 0)
    assert world.counters.keepalives == {"alive": 2, "dead": 3}


async def test_a_backend_outage_fails_no_keepalive(play: Play) -> None:
    """After an outage agents have time to reconnect; the keepalives of those that do not fail then."""
    await play("""
        at 0 web1 sends a keepalive
        at 20 the backend is down for 7200
        at 7459 keepalive of web1 was 0
        at 7464 keepalive of web1 was 0 1
    """)


async def test_an_agent_that_deregisters_leaves_nothing_behind(world: World) -> None:
    """At the warning timeout the entity and its events are removed and handled; no failure event follows."""
    agent = make_entity(deregister=True, deregistration=Deregistration(handler="cmdb"))
    await world.report(make_event(agent, make_check(status=2, handlers=("slack",))))
    await world.keepalive(make_keepalive(agent, timestamp=START, timeout=60))
    await world.clock.advance(61)
    assert await world.entity("web1") is None
    assert await world.store.count_events(None) == 0
    resolved = [event for event in await world.owed() if event.check and "deregistering" in event.check.output]
    assert [(e.check.metadata.name, e.check.status, e.check.history) for e in resolved if e.check] == [
        ("http", 0, ()),
        ("keepalive", 0, ()),
    ]
    assert (await world.owed())[-1].check.handlers == ("cmdb",)
    await world.clock.advance(500)
    assert await world.store.count_events(None) == 0


async def test_no_failure_after_the_keepalive_event_or_the_entity_is_deleted(world: World) -> None:
    """A disconnected agent whose entity or keepalive event is deleted causes no further events."""
    await world.keepalive(make_keepalive(timestamp=START))
    await world.keepalive(make_keepalive(make_entity("web2"), timestamp=START))
    await world.eventd.remove(EventKey("default", "web1", "keepalive"))
    await world.drop(ENTITY, "web2")
    await world.clock.advance(1000)
    assert world.counters.keepalives["dead"] == 0


async def test_a_keepalive_does_not_undo_a_change_that_got_in_between(world: World) -> None:
    """A label set through the API while a keepalive waits is kept."""
    await world.keepalive(make_keepalive(timestamp=START))
    assert world.keepalived.offer(make_keepalive(timestamp=START + 20))
    await world.configure(ENTITY, make_entity(labels={"new": "1"}))
    await world.settled()
    entity = await world.entity("web1")
    assert entity
    assert (entity.metadata.labels, entity.last_seen) == ({"new": "1"}, START + 20)
