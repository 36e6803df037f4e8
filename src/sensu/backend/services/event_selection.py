"""Finds the events that a filter matches."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from sensu.backend.services.lists import selection_of
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.pages import PageRequest
from sensu.resources.kinds import EVENT
from sensu.rules.bulk import Where
from sensu.rules.severity import INCIDENT, WORDS, severities_of
from sensu.store.contract import Store
from sensu.store.values import EventKey, EventOrder, EventQuery, EventSearch, GroupedBy, ListedEvent, SeverityNumbers

READ_AT_ONCE = 256


async def matching_events(store: Store, namespace: str, where: Where, limit: int) -> Sequence[EventKey] | Invalid:
    """At most `limit` of the events of a namespace that match, in order of their names."""
    severities = severities_of(where.status)
    if severities is None:
        return Invalid(f"where.status must name some of {', '.join((*WORDS, INCIDENT))}")
    selectors = PageRequest(label_selectors=where.label_selectors, field_selectors=where.field_selectors)
    selection = selection_of(EVENT, selectors)
    if isinstance(selection, Invalid):
        return selection
    equal = selection.equal if selection is not None else {}
    query = EventQuery(namespace, EventOrder.NAME, severities, where.silenced)
    search = EventSearch(query, where.word, equal.get("entity.name", ""), equal.get("check.name", ""))
    found: list[EventKey] = []
    async for events in walked(store, search):
        if selection is not None:
            bodies = await store.events_of_ids([event.id for event in events])
            events = [event for event in bodies if selection.holds(event.body)]
        found += [event.key for event in events]
        if len(found) >= limit:
            break
    return found[:limit]


async def numbers_by_check(store: Store, namespace: str) -> Mapping[str, SeverityNumbers]:
    """How many events of each severity each check has; takes longer the more events the namespace has."""
    groups = await store.event_groups(EventSearch(EventQuery(namespace)), GroupedBy.CHECK)
    return {check: counts.by_severity for check, counts in groups.items()}


async def walked(store: Store, search: EventSearch) -> AsyncIterator[Sequence[ListedEvent]]:
    """The events of a search in the order of its query, in parts without bodies."""
    after = None
    while True:
        if search.is_narrow:
            walk = await store.search_events(search, after)
        else:
            walk = await store.walk_events(search.query, after, READ_AT_ONCE)
        for start in range(0, len(walk.items), READ_AT_ONCE):
            yield walk.items[start : start + READ_AT_ONCE]
            await asyncio.sleep(0)
        after = walk.after
        if after is None:
            return
