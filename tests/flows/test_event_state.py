"""Results come in, and the state of their checks follows from them."""

from sensu.backend.ports import EventRefused, EventStored, IncomingEvent
from sensu.store.values import EventKey
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event, make_proxy
from tests.flows.world import START, World


def result(status: int, at: int, **fields: object):
    return make_event(make_entity(), make_check(status=status, executed=START + at, issued=START + at, **fields))


async def test_occurrences_grow_while_the_status_stays(world: World) -> None:
    """A check that fails three times in a row has three occurrences, and its recovery starts at one."""
    await world.report(result(2, 0), result(2, 60), result(2, 120))
    failing = await world.event("web1", "http")
    assert failing and failing.check
    assert (failing.check.occurrences, failing.check.occurrences_watermark, failing.check.state) == (
        3,
        3,
        "failing",
    )
    await world.report(result(0, 180))
    passing = await world.event("web1", "http")
    assert passing and passing.check
    assert (passing.check.occurrences, passing.check.occurrences_watermark, passing.check.state) == (
        1,
        3,
        "passing",
    )
    assert passing.check.last_ok == START + 180
    assert world.counters.processed_events == {("check", "success"): 4}


async def test_state_survives_a_restart(world: World) -> None:
    """The result after a restart builds on the state before it."""
    await world.report(result(2, 0), result(2, 60))
    await world.restart()
    await world.report(result(2, 120))
    event = await world.event("web1", "http")
    assert event and event.check
    assert event.check.occurrences == 3
    assert len(event.check.history or ()) == 3


async def test_events_of_one_group_see_each_other(world: World) -> None:
    """Results that wait together are counted one after the other."""
    for at in range(30):
        assert world.eventd.offer(IncomingEvent(result(1, at)))
    await world.settled()
    event = await world.event("web1", "http")
    assert event and event.check
    assert event.check.occurrences == 30
    assert len(event.check.history or ()) == 21


async def test_an_unknown_entity_is_made_as_a_proxy(world: World) -> None:
    """A result for an entity nobody knows creates a proxy entity with its own subscription, once."""
    first = make_event(make_proxy("router1", labels={"site": "a"}, subscriptions=["x"]), make_check("ping", 1))
    second = make_event(make_proxy("router1", labels={"site": "b"}), make_check("ping", 1))
    world.eventd.offer(IncomingEvent(first))
    world.eventd.offer(IncomingEvent(second))
    await world.settled()
    entity, event = await world.entity("router1"), await world.event("router1", "ping")
    assert entity and event and event.entity and event.check
    assert entity.entity_class == "proxy"
    assert entity.subscriptions == ("x", "entity:router1")
    assert event.entity.metadata.labels == {"site": "a"}
    assert event.check.occurrences == 2


async def test_a_check_may_name_a_proxy_entity(world: World) -> None:
    """A result with a proxy entity name is stored under that entity and not under the agent's."""
    await world.report(make_event(make_entity("agent1"), make_check("ping", 1, proxy_entity_name="router9")))
    assert await world.event("agent1", "ping") is None
    event = await world.event("router9", "ping")
    assert event and event.entity
    assert event.entity.entity_class == "proxy"
    assert event.entity.subscriptions == ("entity:router9",)


async def test_a_namespace_that_does_not_exist_refuses_events(world: World) -> None:
    """An event for a missing namespace is refused and harms none of the others that wait with it."""
    outcomes: list[object] = []
    lost = make_event(make_entity(namespace="nowhere"), make_check(namespace="nowhere"))
    world.eventd.offer(IncomingEvent(lost), outcomes.append)
    world.eventd.offer(IncomingEvent(result(0, 0)), outcomes.append)
    await world.settled()
    assert outcomes == [EventRefused('namespace "nowhere" not found'), EventStored()]
    assert await world.store.count_events(None) == 1


async def test_metrics_without_a_check_are_owed_and_not_stored(world: World) -> None:
    """Points without a check reach their handlers though no event is stored."""
    assert await world.report(make_metrics_event()) == [EventStored()]
    assert await world.store.count_events(None) == 0
    [owed] = await world.owed()
    assert owed.metrics and owed.metrics.handlers == ("influx",)
    assert owed.timestamp == START
    assert world.counters.processed_events == {("metrics", "success"): 1}


async def test_metrics_are_owed_and_not_kept(world: World) -> None:
    """Handlers get a check's points and whole output; the stored event has neither points nor more than allowed."""
    metrics = make_metrics_event().metrics
    check = make_check(output="0123456789", max_output_size=4)
    await world.report(make_event(make_entity(), check, metrics=metrics))
    stored = await world.event("web1", "http")
    [owed] = await world.owed()
    assert stored and stored.check and owed.check
    assert (stored.check.output, stored.metrics) == ("0123", None)
    assert stored.metadata.labels == {"sensu.io/output_truncated_bytes": "6"}
    assert (owed.check.output, owed.metrics) == ("0123456789", metrics)
    assert owed.metadata.labels == {"sensu.io/output_truncated_bytes": "6"}


async def test_an_event_nobody_handles_is_not_owed(world: World) -> None:
    """Without handlers and pipelines nothing is queued for delivery, and pipelined is not woken."""
    await world.report(result(2, 0))
    assert await world.owed() == []
    assert world.wakes == 0
    await world.report(result(2, 60, handlers=("slack",)))
    assert len(await world.owed()) == 1
    assert world.wakes == 1


async def test_a_deleted_event_starts_anew(world: World) -> None:
    """After an event is deleted, the next result has no history; deleting it twice says that there is none."""
    key = EventKey("default", "web1", "http")
    await world.report(result(2, 0), result(2, 60))
    assert await world.eventd.remove(key) is True
    assert await world.eventd.remove(key) is False
    await world.report(result(2, 120))
    event = await world.event("web1", "http")
    assert event and event.check
    assert event.check.occurrences == 1


async def test_secrets_in_labels_are_hidden_in_what_is_stored_and_owed(world: World) -> None:
    """Label values that the entity asks to redact reach neither the store's events nor handlers."""
    entity = make_entity(labels={"password": "hunter2", "site": "a"})
    await world.report(make_event(entity, make_check(handlers=("slack",))))
    stored, [owed] = await world.event("web1", "http"), await world.owed()
    assert stored and stored.entity and owed.entity
    assert stored.entity.metadata.labels == {"password": "REDACTED", "site": "a"}
    assert owed.entity.metadata.labels == {"password": "REDACTED", "site": "a"}
