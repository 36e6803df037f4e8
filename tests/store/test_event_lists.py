"""Lists of events by state: pages, walks, counts, silences, and what changed."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sensu.rules.severity import ALL, CRITICAL, PASSING, UNKNOWN, WARNING
from sensu.store.values import (
    CountedEvents,
    DeleteEvent,
    EventKey,
    EventOrder,
    EventQuery,
    EventSearch,
    EventState,
    GroupedBy,
    ListedEvent,
    MarkSilenced,
    PutEvent,
    SeverityNumbers,
)
from tests.store.conftest import commit

SEVERITY, CHANGED, NAME = EventOrder.SEVERITY, EventOrder.CHANGED, EventOrder.NAME


def event(entity: str, state: EventState | None = None, check: str = "c", namespace: str = "default") -> PutEvent:
    return PutEvent(EventKey(namespace, entity, check), f"{entity}/{check}".encode(), state=state)


def entities(items: Sequence[ListedEvent]) -> list[str]:
    return [item.key.entity for item in items]


def listed(order: EventOrder = SEVERITY, **more: Any) -> EventQuery:
    return EventQuery("default", order, **more)


def some_events(number: int) -> dict[str, EventState]:
    """Events of every state, of which many changed in the same second."""
    draw = random.Random(number)
    return {
        f"e{i:03}": EventState(draw.choice((0, 0, 1, 2, 3, 3, 3)), draw.randrange(20), draw.random() < 0.2)
        for i in range(number)
    }


def expected(states: dict[str, EventState], query: EventQuery) -> list[str]:
    """The names of a list, in order; events of one second in the order in which they were created."""
    numbers = {name: number for number, name in enumerate(states)}
    keys = {
        SEVERITY: lambda one: (states[one].severity, -states[one].since, numbers[one]),
        CHANGED: lambda one: (-states[one].since, numbers[one]),
        NAME: lambda one: one,
    }
    chosen = [
        name
        for name, state in states.items()
        if state.severity in query.severities and query.silenced in (None, state.silenced)
    ]
    return sorted(chosen, key=keys[query.order])


async def stored(store: Any, states: dict[str, EventState]) -> None:
    for name, state in states.items():
        await commit(store, event(name, state))


@pytest.mark.parametrize("order", EventOrder)
async def test_pages_at_any_offset(store: Any, order: EventOrder) -> None:
    """Wherever a page starts, it holds what the whole list has there, in every order and with every filter."""
    states = some_events(150)

    await stored(store, states)
    for severities in (ALL, frozenset((CRITICAL,)), frozenset((WARNING, PASSING)), frozenset((UNKNOWN,))):
        for silenced in (None, True, False):
            query = listed(order, severities=severities, silenced=silenced)
            whole = expected(states, query)
            assert (await store.event_counts("default"))["default"].of(query) == len(whole)
            for offset in (0, 1, 7, len(whole) // 2, max(0, len(whole) - 5), len(whole), 1000):
                page = await store.listed_events(query, offset, 10)
                assert entities(page) == whole[offset : offset + 10]
                assert all(item.body == f"{item.key.entity}/c".encode() for item in page)
                assert all(item.state == states[item.key.entity] for item in page)


@pytest.mark.parametrize("order", EventOrder)
async def test_walks_see_every_event_once(store: Any, order: EventOrder) -> None:
    """A walk of any stride passes each event of a list once, in order."""
    states = some_events(90)

    await stored(store, states)
    for stride in (1, 7, 90, 1000):
        query, seen, after = listed(order, silenced=False), [], None
        while True:
            walk = await store.walk_events(query, after, stride)
            seen += walk.items
            after = walk.after
            if after is None:
                break
        assert entities(seen) == expected(states, query)
    found = await store.events_of_ids([item.id for item in seen[:3]] + [10**9])
    assert [(item.key, item.body) for item in found] == [
        (item.key, f"{item.key.entity}/c".encode()) for item in seen[:3]
    ]


async def test_counts_follow_every_change(store: Any) -> None:
    """New, changed, silenced and deleted events are counted at once, by namespace; the last one leaves nothing."""
    assert await store.event_counts(None) == {}
    await commit(store, event("a", EventState(CRITICAL, 1, flapping=True)), event("b"))
    await commit(store, event("a", namespace="other"))
    assert await store.event_counts("default") == {"default": CountedEvents((1, 0, 0, 1), (0, 0, 0, 0), 1, 0)}
    await commit(store, event("a", EventState(WARNING, 2, overdue=True)))
    await commit(store, MarkSilenced(EventKey("default", "a", "c"), True))
    assert await store.event_counts("default") == {"default": CountedEvents((0, 1, 0, 1), (0, 1, 0, 0), 0, 1)}
    await commit(store, DeleteEvent(EventKey("default", "a", "c")), DeleteEvent(EventKey("default", "b", "c")))
    assert await store.event_counts(None) == {"other": CountedEvents((0, 0, 0, 1))}


async def test_a_result_without_news_keeps_the_state(store: Any) -> None:
    """An event that is stored again without a state has the state it had, also in one group with the commit before."""
    state = EventState(CRITICAL, 5, silenced=True)
    await commit(store, event("a", state), event("a"))
    await commit(store, event("a"))
    (item,) = await store.listed_events(listed(), 0, 10)
    assert item.state == state
    assert (await store.event_changes("default", 1, 10)).changed == []


async def test_an_event_that_begins_anew_forgets_its_state(store: Any) -> None:
    """An event that is deleted and stored in one commit has a new state."""
    await commit(store, event("a", EventState(CRITICAL, 5)))
    await commit(store, DeleteEvent(EventKey("default", "a", "c")), event("a"))
    (item,) = await store.listed_events(listed(), 0, 10)
    assert item.state == EventState()


async def test_marks_of_silences(store: Any) -> None:
    """Marking changes `silenced` alone; the last of several marks and states of a commit holds; others are ignored."""
    a, b = EventKey("default", "a", "c"), EventKey("default", "b", "c")
    await commit(store, event("a", EventState(CRITICAL, 5)), event("b", EventState(WARNING, 6)))
    await commit(store, MarkSilenced(a, True), MarkSilenced(b, True), MarkSilenced(b, False))
    await commit(store, MarkSilenced(EventKey("default", "unknown", "c"), True))
    (item,) = await store.silenced_events("default", 0, 10)
    assert (item.key, item.state, item.body) == (a, EventState(CRITICAL, 5, silenced=True), b"a/c")
    assert list(await store.silenced_events("default", item.id, 10)) == []
    await commit(store, MarkSilenced(a, True), event("a", EventState(PASSING, 9)))
    assert list(await store.silenced_events("default", 0, 10)) == []


async def test_changes_of_a_list(store: Any) -> None:
    """Who knows a list up to a revision hears of changed states and of deleted events once, and not of repetitions."""
    await commit(store, event("a"), event("b"), event("other", namespace="other"))
    revision = (await commit(store, event("c"))).revision
    assert await store.event_changes_revision("default") == revision
    await commit(store, event("a"))
    await commit(store, event("b", EventState(CRITICAL, 9)), DeleteEvent(EventKey("default", "c", "c")))
    changes = await store.event_changes("default", revision, 10)
    assert [(item.key.entity, item.state.severity, item.body) for item in changes.changed] == [("b", CRITICAL, b"b/c")]
    assert changes.gone == [EventKey("default", "c", "c")]
    assert not changes.more
    assert changes.revision == await store.event_changes_revision("default")
    later = await store.event_changes("default", changes.revision, 10)
    assert (later.changed, later.gone, later.revision) == ([], [], changes.revision)


async def test_too_many_changes_are_not_listed(store: Any) -> None:
    """More changes than asked for are only said to be there, with the revision to go on from."""
    await stored(store, some_events(20))
    changes = await store.event_changes("default", 0, 19)
    assert (changes.changed, changes.more) == ((), True)
    assert changes.revision == await store.event_changes_revision("default")
    assert len((await store.event_changes("default", 0, 20)).changed) == 20


async def test_an_event_that_comes_back_is_not_gone(store: Any) -> None:
    """An event that was deleted and exists again is a changed one."""
    revision = (await commit(store, event("a"))).revision
    await commit(store, DeleteEvent(EventKey("default", "a", "c")))
    await commit(store, event("a"))
    changes = await store.event_changes("default", revision, 10)
    assert (entities(changes.changed), changes.gone) == (["a"], [])


async def test_deletions_that_are_forgotten(store: Any) -> None:
    """Who was away for more deletions than the store remembers is told that it missed changes."""
    revision = (await commit(store, event("first"))).revision
    for start in range(0, 10_500, 1500):
        names = [f"e{i}" for i in range(start, start + 1500)]
        await store.commit([event(name) for name in names])
        await store.commit([DeleteEvent(EventKey("default", name, "c")) for name in names])
    assert (await store.event_changes("default", revision, 100_000)).more
    now = await store.event_changes_revision("default")
    assert not (await store.event_changes("default", now, 10)).more


async def test_incidents_since(store: Any) -> None:
    """Failing events whose status changed lately are counted, up to a bound."""
    await stored(store, {f"old{i}": EventState(CRITICAL, 10) for i in range(3)})
    await stored(store, {f"new{i}": EventState(i % 3, 20 + i) for i in range(6)})
    await stored(store, {"well": EventState(PASSING, 30)})
    assert await store.incidents_since("default", 20, 100) == 6
    assert await store.incidents_since("default", 20, 4) == 4
    assert await store.incidents_since("default", 31, 100) == 0


async def found(store: Any, **search: Any) -> list[str]:
    """The events that a search finds, read to its end."""
    events, after = [], None
    query = listed(NAME, **search.pop("query", {}))
    while True:
        walk = await store.search_events(EventSearch(query, **search), after)
        events += [f"{item.key.entity}/{item.key.check}" for item in walk.items]
        after = walk.after
        if after is None:
            return events


async def test_searching_names(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word finds events by any part of their names, in any case and with its signs as they are."""
    for medium in ("sqlite", "postgres"):
        monkeypatch.setattr(f"sensu.store.{medium}.event_lists.SEARCHED_AT_ONCE", 2)

    await commit(store, event("web1", check="http"), event("web1", check="disk"), event("db1", check="web_%x"))
    await commit(store, event("DB2", check="disk"), event("web1", check="http", namespace="other"))
    assert await found(store, word="WEB") == ["db1/web_%x", "web1/disk", "web1/http"]
    assert await found(store, word="b1/h") == ["web1/http"]
    assert await found(store, word="_%") == ["db1/web_%x"]
    assert await found(store, word="\\") == []
    assert await found(store, entity="web1") == ["web1/disk", "web1/http"]
    assert await found(store, check="disk") == ["DB2/disk", "web1/disk"]
    assert await found(store, entity="web1", check="disk", word="d") == ["web1/disk"]
    await commit(store, event("web1", EventState(CRITICAL, 1, silenced=True), check="http"))
    assert await found(store, word="web", query={"silenced": False}) == ["db1/web_%x", "web1/disk"]
    assert await found(store, query={"severities": frozenset((CRITICAL,))}) == ["web1/http"]


async def test_since_is_kept_while_the_severity_stays(store: Any) -> None:
    """A state with the severity before does not change since when the event has it."""
    await commit(store, event("a", EventState(CRITICAL, 5)))
    await commit(store, event("a", EventState(CRITICAL, 8, flapping=True)))
    (item,) = await store.listed_events(listed(), 0, 10)
    assert item.state == EventState(CRITICAL, 5, flapping=True)
    await commit(store, event("a", EventState(WARNING, 9)))
    (item,) = await store.listed_events(listed(), 0, 10)
    assert item.state == EventState(WARNING, 9)


async def test_counts_of_entities(store: Any) -> None:
    """Events are counted by severity for each entity asked for, and for each one that has failing events."""
    await commit(store, event("a", EventState(CRITICAL, 1)), event("a", EventState(WARNING, 1), check="d"), event("b"))
    await commit(store, event("a", EventState(CRITICAL, 1), namespace="other"))
    assert await store.event_counts_of("default", ["a", "b", "c"]) == {"a": (1, 1, 0, 0), "b": (0, 0, 0, 1)}
    assert await store.failing_entities("default") == {"a": (1, 1, 0, 0)}
    await store.commit([event(f"more{number}") for number in range(30)])
    assert await store.failing_entities("default") == {"a": (1, 1, 0, 0)}
    assert await store.failing_entities("nowhere") == {}


async def test_counts_of_checks(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are counted by severity for each check, over all entities, however many are read at once."""
    monkeypatch.setattr("sensu.store.sqlite.event_lists.SEARCHED_AT_ONCE", 2)
    await commit(store, event("a", EventState(CRITICAL, 1)), event("b", EventState(WARNING, 1)), event("c"))
    await commit(store, event("a", EventState(CRITICAL, 1), check="d"), event("b", check="d"))
    await commit(store, event("a", EventState(CRITICAL, 1), namespace="other"))
    check = event("a").key.check
    assert await numbers(store) == {check: (1, 1, 0, 1), "d": (1, 0, 0, 1)}
    assert await numbers(store, namespace="nowhere") == {}


@pytest.mark.parametrize("at_once", [2, 10_000])
async def test_groups_of_a_search(store: Any, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """The events that a search finds are counted for each check or entity, however many are read at once."""
    monkeypatch.setattr("sensu.store.sqlite.event_lists.SEARCHED_AT_ONCE", at_once)
    await commit(
        store, event("web1", EventState(CRITICAL, 1, silenced=True), check="http"), event("web1", check="disk")
    )
    await commit(store, event("web2", EventState(CRITICAL, 1), check="http"))
    await commit(store, event("db1", EventState(WARNING, 1), check="disk"))
    failing = {"severities": frozenset((CRITICAL, WARNING))}
    assert await numbers(store, query=failing) == {"http": (2, 0, 0, 0), "disk": (0, 1, 0, 0)}
    assert await numbers(store, query={**failing, "silenced": False}) == {"http": (1, 0, 0, 0), "disk": (0, 1, 0, 0)}
    assert await numbers(store, GroupedBy.ENTITY, word="WEB") == {"web1": (1, 0, 0, 1), "web2": (1, 0, 0, 0)}
    assert await numbers(store, GroupedBy.ENTITY, check="disk") == {"web1": (0, 0, 0, 1), "db1": (0, 1, 0, 0)}
    assert await numbers(store, entity="web1") == {"http": (1, 0, 0, 0), "disk": (0, 0, 0, 1)}
    groups = await store.event_groups(EventSearch(EventQuery("default")), GroupedBy.ENTITY)
    assert {name: sum(counts.silenced) for name, counts in groups.items()} == {"web1": 1, "web2": 0, "db1": 0}


async def numbers(
    store: Any,
    by: GroupedBy = GroupedBy.CHECK,
    namespace: str = "default",
    query: Mapping[str, Any] | None = None,
    **search: str,
) -> dict[str, SeverityNumbers]:
    """The numbers of each group that a search finds."""
    groups = await store.event_groups(EventSearch(EventQuery(namespace, **(query or {})), **search), by)
    return {name: counts.by_severity for name, counts in groups.items()}
