"""Groups of events: how many events each check, each entity or each value of a field has, the worst group first.

Checks and entities are counted by the store. Other groups, and searches for more than names, need the bodies of events:
these are read for a bounded number of events.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.event_rows import (
    NAMES,
    GroupNames,
    RowsRequest,
    SeverityCounts,
    counts_of,
    search_of,
    selection_asked,
)
from sensu.backend.services.event_selection import walked
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal
from sensu.backend.services.row_requests import SEARCHES_MAX, TOO_MANY_SEARCHES
from sensu.resources.kinds import EVENT
from sensu.rules.selectors.selection import Selection
from sensu.store.contract import Store
from sensu.store.values import CountedEvents, EventSearch

GROUPED_MAX = 20_000
"""The number of events whose bodies are read for one answer; those behind them are not counted."""


class EventGroup(msgspec.Struct, frozen=True):
    """A group of events, and how many of them have which severity and are silenced.

    `name` is empty for the events that have no value by which they could be grouped.
    """

    name: str
    critical: int
    warning: int
    unknown: int
    passing: int
    silenced: int


class EventGroups(msgspec.Struct, frozen=True):
    """A page of the groups of a list of events: first those with the most critical events, then the most warnings.

    `total` counts the groups, `events` the events in all of them, and `counts` those of the whole namespace. If the
    answer is not `complete`, more events match than are read for one answer, and only a part was counted.
    """

    revision: int
    total: int
    events: int
    counts: SeverityCounts
    complete: bool
    groups: Sequence[EventGroup]


class GroupedEvents:
    """Groups the events of a namespace, for callers who may list them."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store, self._access = store, access
        self._searches = AtOnce(SEARCHES_MAX)

    async def groups(self, caller: Identity, namespace: str, asked: RowsRequest) -> Found | Refusal:
        """A page of the groups by `asked.by`, as JSON of `EventGroups`."""
        if not self._access.allows(caller, "list", EVENT.segment, namespace=namespace):
            return Denied()
        selection = selection_asked(asked)
        if isinstance(selection, Invalid):
            return selection
        with self._searches.admitted(caller) as admitted:
            return await self._page(namespace, asked, selection) if admitted else TOO_MANY_SEARCHES

    async def _page(self, namespace: str, asked: RowsRequest, selection: Selection | None) -> Found:
        revision = await self._store.event_changes_revision(namespace)
        whole = (await self._store.event_counts(namespace)).get(namespace, CountedEvents())
        search, complete = search_of(namespace, asked, selection), True
        if selection is None and asked.by in NAMES:
            counts = await self._store.event_groups(search, NAMES[asked.by])
            groups = [_group(name, one.by_severity, sum(one.silenced)) for name, one in counts.items()]
        else:
            groups, complete = await self._counted(search, selection, asked.by)
        groups.sort(key=lambda one: (-one.critical, -one.warning, -one.unknown, -one.passing, one.name))
        events = sum(one.critical + one.warning + one.unknown + one.passing for one in groups)
        page = groups[asked.offset : asked.offset + asked.limit]
        found = EventGroups(revision, len(groups), events, counts_of(whole), complete, page)
        return Found(msgspec.json.encode(found))

    async def _counted(
        self, search: EventSearch, selection: Selection | None, by: str
    ) -> tuple[list[EventGroup], bool]:
        """The groups of the events that match, and whether they are all of them."""
        numbers: Counter[tuple[str, int]] = Counter()
        silenced: Counter[str] = Counter()
        names = GroupNames(by)
        read = 0
        async for events in walked(self._store, search):
            read += len(events)
            for event in await self._store.events_of_ids([event.id for event in events]):
                if selection is None or selection.holds(event.body):
                    name = names.of(event.key, event.body)
                    numbers[name, event.state.severity] += 1
                    silenced[name] += event.state.silenced
            if read >= GROUPED_MAX:
                return _groups(numbers, silenced), False
        return _groups(numbers, silenced), True


def _groups(numbers: Mapping[tuple[str, int], int], silenced: Mapping[str, int]) -> list[EventGroup]:
    names = dict.fromkeys(name for name, _ in numbers)
    return [_group(name, [numbers.get((name, severity), 0) for severity in range(4)], silenced[name]) for name in names]


def _group(name: str, by_severity: Sequence[int], silenced: int) -> EventGroup:
    critical, warning, unknown, passing = by_severity
    return EventGroup(name, critical, warning, unknown, passing, silenced)
