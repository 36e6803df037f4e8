"""Rows of events: pages of lists of any length, sorted, counted, and searched.

A list without a search starts at any offset, which an index finds. Names are searched in the store. Selectors need the
bodies of events: these are read in the order of the list for a bounded time, and the caller goes on behind.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.lists import selection_of
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal
from sensu.backend.services.pages import PageRequest, text_of, token_of
from sensu.backend.services.row_requests import LIMIT_DEFAULT, LIMIT_MAX, SEARCHES_MAX, TOO_MANY_SEARCHES
from sensu.backend.silence_indexes import SilenceIndexes
from sensu.clock import Clock
from sensu.resources.kinds import EVENT
from sensu.rules.event_row import EventRow, listed_body, row_of, subject_of
from sensu.rules.finding import word_problem
from sensu.rules.handling import UNKNOWN, handled
from sensu.rules.kinds.table import selectable_of
from sensu.rules.selectors.selection import Columns, Selection
from sensu.rules.severity import ALL
from sensu.store.contract import Store
from sensu.store.values import (
    CountedEvents,
    EventKey,
    EventOrder,
    EventPosition,
    EventQuery,
    EventSearch,
    GroupedBy,
    ListedEvent,
    position_of,
)

COLUMNS_MAX = 20
SEARCH_S = 0.15
"""For how long the bodies of events are searched for one request."""
SEARCHED_AT_ONCE = 200


NAMES = {name.value: name for name in GroupedBy}
"""The groups that need no bodies of events."""
Keys = tuple[int | str, ...]


class SeverityCounts(msgspec.Struct, frozen=True):
    """How many events a namespace has of each severity, and how many of all are silenced."""

    critical: int
    warning: int
    unknown: int
    passing: int
    silenced: int


class EventRows(msgspec.Struct, frozen=True):
    """A page of a list of events.

    `revision` is what the list was read at, for a live stream to go on from. `total` counts the events that match,
    `counts` those of the whole namespace. A list that was not searched to its end is not `complete`; then `searched`
    events were looked at, `total` counts the matches among them, and `next` goes on behind them.
    """

    revision: int
    total: int
    counts: SeverityCounts
    searched: int
    complete: bool
    next: str
    rows: Sequence[EventRow]


class RowsRequest(msgspec.Struct, frozen=True):
    """What part of which list is asked for; `next` is that of an answer that was not complete.

    `by` is what events are grouped by: `check`, `entity`, or a field such as `labels.region`; `group` names one group.
    """

    order: EventOrder = EventOrder.SEVERITY
    offset: int = 0
    limit: int = LIMIT_DEFAULT
    severities: frozenset[int] = ALL
    silenced: bool | None = None
    word: str = ""
    label_selectors: tuple[str, ...] = ()
    field_selectors: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    next: str = ""
    by: str = ""
    group: str = ""


class GroupNames:
    """Names the group of an event by its check, its entity, or the value of a field; empty without such a value."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._columns = None if by in NAMES else Columns(selectable_of(EVENT), (by,))

    def of(self, key: EventKey, body: bytes) -> str:
        """The name of the group of an event."""
        if self._columns is not None:
            return self._columns.of(body).get(self._by, "")
        return key.check if self._by == GroupedBy.CHECK.value else key.entity


class _Search(msgspec.Struct, array_like=True, frozen=True):
    """The position of a search: the sort keys of the last event, and the numbers of events searched and matched."""

    after: Keys = ()
    searched: int = 0
    matches: int = 0


_decode_search = msgspec.json.Decoder(_Search).decode


class Rows:
    """Makes the rows of events, with the silences that apply now."""

    def __init__(self, clock: Clock, silences: SilenceIndexes) -> None:
        self._clock, self._silences = clock, silences

    def of(self, events: Sequence[ListedEvent], columns: Columns | None = None) -> list[EventRow]:
        """The rows of events, in their order."""
        now = self._clock.now()
        return [self._row(event, columns, now) for event in events]

    def _row(self, event: ListedEvent, columns: Columns | None, now: float) -> EventRow:
        body = listed_body(event.body)
        index = self._silences.of(event.key.namespace)
        silenced = [entry.metadata.name for entry in index.matching_subject(subject_of(body), now)] if index else ()
        return row_of(
            body,
            since=event.state.since,
            silenced=silenced,
            handled=handled(event.handling.change, event.handling.handled) if event.handling else UNKNOWN,
            columns=columns.of(event.body) if columns else None,
        )


class EventLists:
    """Lists the events of a namespace as rows, for callers who may list them."""

    def __init__(self, store: Store, access: Access, clock: Clock, rows: Rows) -> None:
        self._store, self._access, self._clock, self._rows = store, access, clock, rows
        self._searches = AtOnce(SEARCHES_MAX)

    async def rows(self, caller: Identity, namespace: str, asked: RowsRequest) -> Found | Refusal:
        """A page of the list, as JSON of `EventRows`."""
        if not self._access.allows(caller, "list", EVENT.segment, namespace=namespace):
            return Denied()
        selection = selection_asked(asked)
        if isinstance(selection, Invalid):
            return selection
        if selection is None and not asked.word and not asked.by:
            return await self._page(namespace, asked)
        with self._searches.admitted(caller) as admitted:
            return await self._searched(namespace, asked, selection) if admitted else TOO_MANY_SEARCHES

    async def _page(self, namespace: str, asked: RowsRequest) -> Found:
        revision, counts = await self._moment(namespace)
        query = _query(namespace, asked)
        events = await self._store.listed_events(query, asked.offset, asked.limit)
        total = counts.of(query)
        return self._found(asked, revision, counts, events, counts.total, total, "")

    async def _moment(self, namespace: str) -> tuple[int, CountedEvents]:
        """The revision that what is read from now on is at least at, and the counts."""
        revision = await self._store.event_changes_revision(namespace)
        await self._store.feed.caught_up()
        counts = (await self._store.event_counts(namespace)).get(namespace, CountedEvents())
        return max(revision, self._store.feed.revision), counts

    async def _searched(self, namespace: str, asked: RowsRequest, selection: Selection | None) -> Found | Invalid:
        begun = _begun(asked.next, asked.order)
        if begun is None:
            return Invalid("next must be that of an answer to the same request")
        revision, counts = await self._moment(namespace)
        search = search_of(namespace, asked, selection)
        gathered = await self._gathered(search) if search.is_narrow else None
        names = GroupNames(asked.by) if asked.by and asked.by not in NAMES else None
        if selection is None and names is None:
            page = (gathered or [])[asked.offset : asked.offset + asked.limit]
            events = await self._store.events_of_ids([event.id for event in page])
            return self._found(asked, revision, counts, events, counts.total, len(gathered or ()), "")
        walk = self._walked(search.query, begun.after) if gathered is None else _batches(gathered, asked.order, begun)
        rows: list[ListedEvent] = []
        until = self._clock.monotonic() + SEARCH_S
        async with contextlib.aclosing(walk) as batches:
            async for batch in batches:
                events = await self._store.events_of_ids([event.id for event in batch])
                chosen = [
                    event
                    for event in events
                    if (selection is None or selection.holds(event.body))
                    and (names is None or names.of(event.key, event.body) == asked.group)
                ]
                first = asked.offset - begun.matches
                rows += chosen[max(0, first) : max(0, first + asked.limit)]
                begun = _Search(
                    position_of(asked.order, batch[-1]).keys, begun.searched + len(batch), begun.matches + len(chosen)
                )
                if self._clock.monotonic() >= until:
                    token = token_of(msgspec.json.encode(begun).decode())
                    return self._found(asked, revision, counts, rows, begun.searched, begun.matches, token)
                await asyncio.sleep(0)
        return self._found(asked, revision, counts, rows, begun.searched, begun.matches, "")

    async def _gathered(self, search: EventSearch) -> list[ListedEvent]:
        """All events whose names fit, without bodies, sorted."""
        found: list[ListedEvent] = []
        after: EventPosition | None = None
        while True:
            walk = await self._store.search_events(search, after)
            found += walk.items
            after = walk.after
            if after is None:
                break
            await asyncio.sleep(0)
        order = search.query.order
        return sorted(found, key=lambda event: _sort_key(order, position_of(order, event).keys))

    async def _walked(self, query: EventQuery, keys: Keys) -> AsyncGenerator[Sequence[ListedEvent], None]:
        """The events of a list behind some sort keys, some at a time, without bodies."""
        after = EventPosition(keys) if keys else None
        while True:
            walk = await self._store.walk_events(query, after, SEARCHED_AT_ONCE)
            if walk.items:
                yield walk.items
            after = walk.after
            if after is None:
                return

    def _found(
        self,
        asked: RowsRequest,
        revision: int,
        counts: CountedEvents,
        events: Sequence[ListedEvent],
        searched: int,
        total: int,
        token: str,
    ) -> Found:
        columns = Columns(selectable_of(EVENT), asked.columns) if asked.columns else None
        rows = self._rows.of(events, columns)
        return Found(
            msgspec.json.encode(EventRows(revision, total, counts_of(counts), searched, not token, token, rows))
        )


def counts_of(counts: CountedEvents) -> SeverityCounts:
    """The counts of a namespace as the API shows them."""
    return SeverityCounts(*counts.by_severity, sum(counts.silenced))


def selection_asked(asked: RowsRequest) -> Selection | None | Invalid:
    """What the selectors of a request for rows or groups choose, None without any, or what is wrong with it."""
    problem = _problem_of(asked)
    if problem:
        return Invalid(problem)
    return selection_of(
        EVENT, PageRequest(label_selectors=asked.label_selectors, field_selectors=asked.field_selectors)
    )


def _problem_of(asked: RowsRequest) -> str:
    if not 0 < asked.limit <= LIMIT_MAX:
        return f"limit must be between 1 and {LIMIT_MAX}"
    if asked.offset < 0:
        return "offset must not be negative"
    if problem := word_problem(asked.word):
        return problem
    if len(asked.columns) > COLUMNS_MAX:
        return f"at most {COLUMNS_MAX} columns can be asked for"
    return ""


def _query(namespace: str, asked: RowsRequest) -> EventQuery:
    return EventQuery(namespace, asked.order, asked.severities, asked.silenced)


def search_of(namespace: str, asked: RowsRequest, selection: Selection | None) -> EventSearch:
    """What the store can search for: the word, and names that selectors or the group demand."""
    equal: Mapping[str, str] = selection.equal if selection is not None else {}
    entity, check = equal.get("entity.name", ""), equal.get("check.name", "")
    if asked.group and asked.by == GroupedBy.ENTITY.value:
        entity = asked.group
    if asked.group and asked.by == GroupedBy.CHECK.value:
        check = asked.group
    return EventSearch(_query(namespace, asked), asked.word, entity, check)


def _begun(token: str, order: EventOrder) -> _Search | None:
    """Where a search goes on; None if the token is none of a search in this order."""
    if not token:
        return _Search()
    try:
        search = _decode_search(text_of(token))
    except msgspec.MsgspecError:
        return None
    return search if [type(key) for key in search.after] == _KEYS[order] else None


_KEYS = {EventOrder.SEVERITY: [int, int, int], EventOrder.CHANGED: [int, int], EventOrder.NAME: [str, str]}


async def _batches(
    events: Sequence[ListedEvent], order: EventOrder, begun: _Search
) -> AsyncGenerator[Sequence[ListedEvent], None]:
    """The events behind where a search stands, some at a time."""
    if begun.after:
        last = _sort_key(order, begun.after)
        events = [event for event in events if _sort_key(order, position_of(order, event).keys) > last]
    for start in range(0, len(events), SEARCHED_AT_ONCE):
        yield events[start : start + SEARCHED_AT_ONCE]


def _sort_key(order: EventOrder, keys: Keys) -> tuple[int | str, ...]:
    """What sorts events as their lists are sorted: the latest change comes first."""
    if order is EventOrder.NAME:
        return (f"{keys[0]}/", keys[1])
    at = len(keys) - 2
    return (*keys[:at], -int(keys[at]), keys[-1])
