"""In which order results count, and what becomes of events that are sent again."""

import random
from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest

from sensu.backend.ports import EventStored, IncomingEvent
from sensu.resources.check import CheckHistory
from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.rules.check_state import Sender
from sensu.store.values import EventKey
from sensu.testing.factories import make_check, make_entity, make_event, make_metrics_event, make_proxy
from tests.flows.world import START, World

AGENT = Sender("web1", 41, acknowledged=True)
RECONNECTED = Sender("web1", 42, acknowledged=True)
HTTP = EventKey("default", "web1", "http")


def reported(status: int, at: int | None, name: str = "lift") -> Event:
    """What an API client posts; without a time if `at` is None."""
    executed = 0 if at is None else START + at
    check = make_check("motor", status, executed=executed, handlers=("slack",))
    return make_event(make_proxy(name), check)


def result(number: int, at: int, status: int = 2, **fields: object) -> Event:
    """The result of an agent that has a sequence number."""
    check = make_check("http", status, executed=START + at, issued=START + at, handlers=("slack",), **fields)
    return make_event(make_entity(), check, id=str(UUID(int=number + 2**100)), sequence=number, timestamp=START + at)


async def sent(world: World, sender: Sender | None, *events: Event) -> None:
    """Events arrive one after the other in a session."""
    for event in events:
        assert await world.eventd.post(IncomingEvent(event, sender=sender)) == EventStored()


async def together(world: World, sender: Sender, events: Sequence[Event]) -> None:
    """Events arrive faster than they are committed."""
    for event in events:
        while not world.eventd.offer(IncomingEvent(event, sender=sender)):
            await world.eventd.wait_for_room()
    await world.eventd.drained()


async def kept(world: World, key: EventKey = HTTP) -> int:
    """How many results the history holds."""
    page = await world.store.history(key, 20_000)
    return 0 if page is None else len(page.items)


@pytest.mark.parametrize(
    "times",
    [(-60, None, None), (-60, -150, -149), (5, 5, 5), (100_000, 0, 1), (0, -1, None)],
    ids=["without a time", "a clock behind", "the same time", "a time to come", "rounded"],
)
async def test_the_report_that_arrives_last_counts(world: World, times: Sequence[int | None]) -> None:
    """What clients of the API post counts in the order in which it arrives, whatever times it has, and is handled."""
    await world.report(*(reported(status, at) for status, at in zip((0, 2, 2), times, strict=True)))
    event = await world.event("lift", "motor")
    assert event and event.check
    assert (event.check.status, event.check.state, event.check.occurrences) == (2, "failing", 2)
    assert await world.owed_statuses() == [("motor", 0), ("motor", 2), ("motor", 2)]


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_operator_clears_what_an_agent_reported(world: World, restarted: bool) -> None:
    """A report by hand without a time counts after an agent's, also after a restart, and so does the agent's next."""
    await sent(world, AGENT, result(1, 0), result(2, 60))
    if restarted:
        await world.restart()
    await world.report(make_event(make_entity(), make_check("http", 0, executed=0)))
    event = await world.event("web1", "http")
    assert event and event.check and event.check.status == 0
    await sent(world, AGENT, result(3, 50))
    event = await world.event("web1", "http")
    assert event and event.check and event.check.status == 2


async def test_two_agents_with_different_clocks_feed_one_proxy(world: World) -> None:
    """In round robin each agent's result counts when it comes, though their clocks are an hour apart."""
    for turn in range(6):
        agent = Sender(f"web{turn % 2}", turn % 2 + 1, acknowledged=True)
        at = turn * 60 - 3600 * (turn % 2)
        check = make_check("ping", turn % 2, executed=START + at, issued=START + turn * 60)
        await sent(world, agent, make_event(make_proxy("router"), check, sequence=20 - turn))
    event = await world.event("router", "ping")
    assert event and event.check
    assert [entry.status for entry in event.check.history or ()] == [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_agent_starts_again_with_its_clock_set_back(world: World, restarted: bool) -> None:
    """The numbers of a new session begin at 1; its results are new, though its clock says otherwise."""
    await sent(world, AGENT, *(result(number, number * 60, 0) for number in range(1, 6)))
    if restarted:
        await world.restart()
    again = [msgspec.structs.replace(result(n, n - 3600), id=str(UUID(int=n + 2**90))) for n in (1, 2, 3)]
    await sent(world, RECONNECTED, *again)
    event = await world.event("web1", "http")
    assert event and event.check
    assert (event.check.status, event.check.occurrences) == (2, 3)


@pytest.mark.parametrize("sender", [AGENT, RECONNECTED], ids=["the same session", "from the journal"])
async def test_an_agents_late_result_does_not_replace_a_newer_one(world: World, sender: Sender) -> None:
    """A result with a lower number enters the history where it belongs; status and handlers stay with the newer."""
    await sent(world, AGENT, result(2, 60, 0), result(9, 300, 0))
    await sent(world, sender, result(5, 120), result(4, 100))
    event = await world.event("web1", "http")
    assert event and event.check
    assert (event.check.status, event.check.state, event.check.executed) == (0, "passing", START + 300)
    assert event.check.history == (
        CheckHistory(status=0, executed=START + 60),
        CheckHistory(status=2, executed=START + 100),
        CheckHistory(status=2, executed=START + 120),
        CheckHistory(status=0, executed=START + 300),
    )
    assert await world.owed_statuses() == [("http", 0), ("http", 0)]
    assert await kept(world) == 4


async def test_the_first_result_of_a_session_may_be_late(world: World) -> None:
    """A session's first result that was deferred, and comes after its second, is late like any other."""
    await sent(world, AGENT, result(2, 60, 0), result(1, 0))
    event = await world.event("web1", "http")
    assert event and event.check
    assert [entry.status for entry in event.check.history or ()] == [2, 0]
    await sent(world, AGENT, result(3, 120, 0))
    event = await world.event("web1", "http")
    assert event and event.check and event.check.occurrences == 2


@pytest.mark.parametrize("apart_s", [0, 1], ids=["in one second", "a second apart"])
@pytest.mark.parametrize("restarted", [False, True], ids=["", "after a restart"])
@pytest.mark.parametrize("shuffled", [False, True], ids=["in order", "in any order"])
async def test_what_an_agent_sends_again_counts_once(
    world: World, apart_s: int, restarted: bool, shuffled: bool
) -> None:
    """A thousand results whose acknowledgements were lost count once, are handled once and are kept once."""
    events = [result(number, number * apart_s) for number in range(1, 1001)]
    again = random.Random(7).sample(events, len(events)) if shuffled else events

    await together(world, AGENT, events)
    if restarted:
        await world.restart()
    await together(world, RECONNECTED, again)
    await together(world, AGENT, again)
    event = await world.event("web1", "http")
    assert event and event.check
    assert (event.check.occurrences, event.sequence) == (1000, 1000)
    assert len(await world.owed()) == 1000
    assert await kept(world) == 1000


async def test_a_repetition_in_one_group_is_recognised(world: World) -> None:
    """An event and its repetition that wait together count once, changes of state too."""
    events = [result(number, 60 * (number // 3), number % 2) for number in range(1, 100)]
    await together(world, AGENT, [event for event in events for _ in range(2)])
    event = await world.event("web1", "http")
    assert event and event.check
    assert [entry.status for entry in event.check.history or ()] == [number % 2 for number in range(79, 100)]
    assert await kept(world) == 99


async def test_a_late_result_that_is_sent_again_is_kept_once(world: World) -> None:
    """A result that came late and comes again is not kept twice, and its metrics are handled once."""
    await sent(world, AGENT, result(9, 300, 0))
    metrics = make_metrics_event().metrics
    late = msgspec.structs.replace(result(5, 120), metrics=metrics)
    await sent(world, AGENT, late, late)
    await sent(world, RECONNECTED, late)
    assert await kept(world) == 2
    assert len(await world.owed()) == 2


@pytest.mark.parametrize("restarted", [False, True], ids=["", "after a restart"])
async def test_metrics_that_an_agent_sends_again_are_handled_once(world: World, restarted: bool) -> None:
    """Points without a check that come again are owed to their handlers once."""
    template = make_metrics_event()
    events = [msgspec.structs.replace(template, id=str(UUID(int=n + 2**100))) for n in range(700)]

    await together(world, AGENT, events)
    if restarted:
        await world.restart()
    await together(world, RECONNECTED, events[::-1])
    assert len(await world.owed()) == 700


async def test_each_post_of_a_client_is_a_report(world: World) -> None:
    """The same document posted again, id and times included, counts, is handled, and restarts the time to live."""
    beat = make_event(
        make_proxy("batch"),
        make_check("nightly", 0, ttl=15, executed=START - 1000, handlers=("note",)),
        id="7b0c1f52-3c58-4d8e-9f0e-1f4b6a9d2c11",
        timestamp=START - 1000,
    )
    for _ in range(9):
        await world.report(beat)
        await world.clock.advance(14)
    event = await world.event("batch", "nightly")
    assert event and event.check
    assert (event.check.status, event.check.occurrences) == (0, 9)
    assert len(await world.owed()) == 9
    await world.clock.advance(2)
    event = await world.event("batch", "nightly")
    assert event and event.check and event.check.status == 1


async def test_a_client_posts_what_an_agent_reported(world: World) -> None:
    """An agent's event that is read and posted again by hand counts, to try a handler for example."""
    await sent(world, AGENT, result(1, 0))
    stored = await world.store.get_event(HTTP)
    assert stored
    await world.report(*[decode(Event, stored.body)] * 3)
    assert len(await world.owed()) == 4


@pytest.mark.world(keeps_results=False)
async def test_without_a_history_memory_recognises(world: World) -> None:
    """A backend that keeps state changes only recognises what is sent again as long as it runs."""
    events = [result(number, 0) for number in range(1, 301)]

    await together(world, AGENT, events)
    await together(world, RECONNECTED, events[::-1])
    event = await world.event("web1", "http")
    assert event and event.check and event.check.occurrences == 300
    assert len(await world.owed()) == 300
    assert await kept(world) == 1
