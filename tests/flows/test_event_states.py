"""The states that lists and counts of events go by follow results, flapping, missing results and silences."""

from sensu.resources.kinds import ENTITY, SILENCED
from sensu.rules.severity import CRITICAL, PASSING, UNKNOWN, WARNING
from sensu.store.values import CountedEvents, EventKey, EventQuery, EventState
from sensu.testing.factories import make_check, make_entity, make_event, make_silence
from tests.flows.world import START, World


async def states(world: World) -> dict[str, EventState]:
    """The state of each event, by its entity."""
    listed = await world.store.listed_events(EventQuery("default"), 0, 100)
    return {event.key.entity: event.state for event in listed}


async def marked(world: World) -> list[str]:
    await world.settled()
    found = await states(world)
    return sorted(name for name, state in found.items() if state.silenced)


async def report(world: World, entity: str, status: int = 2, check: str = "http", **fields: object) -> None:
    at = int(world.clock.now())
    made = make_entity(entity, subscriptions=["linux"])
    result = make_check(check, status, executed=at, issued=at, subscriptions=("linux",), **fields)
    await world.report(make_event(made, result))


async def test_a_state_begins_with_the_result_that_changes_it(world: World) -> None:
    """The severity of an event holds since the first result that has it; results that repeat it write no state."""
    await report(world, "web1", 0)
    await world.clock.advance(60)
    revision = await world.store.event_changes_revision("default")
    await report(world, "web1", 0)
    assert await states(world) == {"web1": EventState(PASSING, START)}
    assert await world.store.event_changes_revision("default") == revision
    for number, (status, severity) in enumerate([(2, CRITICAL), (1, WARNING), (3, UNKNOWN), (127, UNKNOWN)], 2):
        await world.clock.advance(60)
        await report(world, "web1", status)
        assert await states(world) == {"web1": EventState(severity, START + 60 * min(number, 4))}


async def test_flapping_events_are_counted(world: World) -> None:
    """An event that begins or stops to flap is counted as that at once."""
    flapping = []
    for number in range(60):
        status = number % 2 if number < 25 else 0
        await report(world, "web1", status, low_flap_threshold=5, high_flap_threshold=60)
        await world.clock.advance(60)
        flapping.append((await world.store.event_counts("default"))["default"].flapping)
    assert sorted(set(flapping)) == [0, 1]
    assert flapping[30] == 1
    assert flapping[-1] == 0


async def test_missing_results_are_counted_as_overdue(world: World) -> None:
    """An event that fails because its TTL expired is overdue until the next result, also one of the same status."""
    await world.configure(ENTITY, make_entity("web1"))
    await report(world, "web1", 1, ttl=100)
    await world.clock.advance(101)
    assert (await states(world))["web1"] == EventState(WARNING, START, overdue=True)
    await report(world, "web1", 1, ttl=100)
    assert (await states(world))["web1"] == EventState(WARNING, START)


async def test_silences_mark_events_without_a_new_result(world: World) -> None:
    """Setting, changing and removing a silence changes the mark of the events that it applies to, and of no other."""
    for name in ("web1", "web2"):
        await report(world, name)
    await report(world, "db1", check="disk")
    assert await marked(world) == []
    await world.configure(SILENCED, make_silence(check="http"))
    assert await marked(world) == ["web1", "web2"]
    assert (await world.store.event_counts("default"))["default"] == CountedEvents((3, 0, 0, 0), (2, 0, 0, 0))
    await world.configure(SILENCED, make_silence("entity:db1"))
    assert await marked(world) == ["db1", "web1", "web2"]
    await world.drop(SILENCED, "*:http")
    assert await marked(world) == ["db1"]
    await world.configure(SILENCED, make_silence("linux"))
    assert await marked(world) == ["db1", "web1", "web2"]
    await world.drop(SILENCED, "linux:*")
    await world.drop(SILENCED, "entity:db1:*")
    assert await marked(world) == []


async def test_silences_mark_events_from_their_begin_to_their_end(world: World) -> None:
    """A silence that begins later marks events then, and no longer than it lasts, without a result in between."""
    await report(world, "web1")
    silence = make_silence(check="http", begin=START + 100, expire_at=START + 200)
    await world.configure(SILENCED, silence)
    seen = []
    for at in (99, 100, 199, 200):
        await world.clock.advance(START + at - world.clock.now())
        seen.append(await marked(world))
    assert seen == [[], ["web1"], ["web1"], []]


async def test_a_silence_that_is_extended_never_stops_marking(world: World) -> None:
    """Moving the end of a silence to later keeps the mark; moving it to the past takes the mark away."""
    await report(world, "web1")
    await world.configure(SILENCED, make_silence(check="http", expire_at=START + 100))
    await world.clock.advance(50)
    await world.configure(SILENCED, make_silence(check="http", expire_at=START + 300))
    await world.clock.advance(100)
    assert await marked(world) == ["web1"]
    await world.configure(SILENCED, make_silence(check="http", expire_at=START + 149))
    assert await marked(world) == []


async def test_a_silence_that_ends_by_resolution_marks_nothing_afterwards(world: World) -> None:
    """The passing result that ends a silence is not marked, nor is anything else that it silenced."""
    await report(world, "web1")
    await report(world, "web2")
    await world.configure(SILENCED, make_silence(check="http", expire_on_resolve=True))
    assert await marked(world) == ["web1", "web2"]
    await report(world, "web1", 0)
    assert await marked(world) == []


async def test_new_events_are_marked_by_the_silences_there_are(world: World) -> None:
    """The first result of an event that a silence applies to is marked with it."""
    await world.configure(SILENCED, make_silence(check="http"))
    await report(world, "web1")
    assert (await states(world))["web1"] == EventState(CRITICAL, START, silenced=True)


async def test_what_silences_did_while_the_backend_was_down(world: World) -> None:
    """After a start, marks are those of the silences that apply by then."""
    await report(world, "web1")
    await report(world, "db1", check="disk")
    ends = make_silence(check="http", expire_at=START + 100)
    begins = make_silence(check="disk", begin=START + 200)
    await world.configure(SILENCED, ends, begins)
    assert await marked(world) == ["web1"]

    await world.restart(down_s=300)
    assert await marked(world) == ["db1"]
    removed = await world.store.event_counts("default")
    assert removed["default"].silenced == (1, 0, 0, 0)


async def test_removed_events_are_counted_no_more(world: World) -> None:
    """An event that is removed leaves the lists and the counts, and is told as gone."""
    await report(world, "web1")
    revision = await world.store.event_changes_revision("default")
    key = EventKey("default", "web1", "http")
    assert await world.eventd.remove(key)
    assert await world.store.event_counts(None) == {}
    assert (await world.store.event_changes("default", revision, 10)).gone == [key]
    await report(world, "web1")
    assert (await states(world))["web1"].severity == CRITICAL
