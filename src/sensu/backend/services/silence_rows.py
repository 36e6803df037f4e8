"""Rows of silences: what each of them silences now, and when it begins and ends.

Silences are in memory. What a silence of an entity or of a check silences is counted by an index; for other
subscriptions, the events that are marked as silenced are read for a bounded time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.services.counting_share import CountedNotLongAgo
from sensu.backend.services.entity_rows import chosen_names
from sensu.backend.services.event_selection import numbers_by_check
from sensu.backend.services.outcomes import Found, Refusal
from sensu.backend.services.row_requests import LIMIT_DEFAULT, RowSearches
from sensu.clock import Clock
from sensu.resources.kinds import EVENT, SILENCED
from sensu.resources.silenced import Silenced
from sensu.rules.event_row import listed_body, subject_of
from sensu.rules.selectors.selection import Selection
from sensu.rules.severity import PASSING, WORDS
from sensu.rules.silencing import ANY, SilenceIndex, SilenceReach, expired, in_force, reach_of
from sensu.store.contract import Store
from sensu.store.values import CountedEvents, EventKey, SeverityNumbers

ORDERS = ("severity", "end", "begin", "name")
READ_AT_ONCE = 200
COUNTING_S = 0.3
"""For how long the events that are marked as silenced are read for one answer."""
NOTHING = "none"
"""The `worst` of a silence that silences nothing now."""

_Place = tuple[float | str, ...]
_NONE: SeverityNumbers = (0, 0, 0, 0)
_RANKS = {word: rank for rank, word in enumerate((*WORDS, NOTHING))}
_NEVER = float("inf")


class SilenceRow(msgspec.Struct, frozen=True):
    """A row of a list of silences.

    `subscription` and `check` are empty for any. Times are in Unix seconds; `expire_at` is 0 if it does not end by
    itself. `active` says whether it has begun. `events`, `failing` (those that do not pass) and `worst` (`none` for
    nothing) are what it silences now; if not `exact`, there may be more.
    """

    name: str
    subscription: str
    check: str
    reason: str
    creator: str
    begin: int
    expire_at: int
    expire_on_resolve: bool
    active: bool
    events: int
    failing: int
    worst: str
    exact: bool


class SilenceRows(msgspec.Struct, frozen=True):
    """A page of a list of silences.

    `total` counts those that match; `silences`, `active`, `pending` and `idle` (active, but silencing nothing now)
    count those of the whole namespace. `hidden` names what the caller may not list and what is therefore not counted.
    """

    revision: int
    total: int
    silences: int
    active: int
    pending: int
    idle: int
    hidden: Sequence[str]
    rows: Sequence[SilenceRow]


class SilenceRowsRequest(msgspec.Struct, frozen=True):
    """What part of which list is asked for."""

    order: str = ORDERS[0]
    offset: int = 0
    limit: int = LIMIT_DEFAULT
    word: str = ""
    active: bool | None = None
    idle: bool | None = None
    label_selectors: tuple[str, ...] = ()
    field_selectors: tuple[str, ...] = ()


class _Hits(msgspec.Struct, frozen=True):
    """How many events of each severity silences silence, by their names, and which of these numbers may be too low."""

    numbers: Mapping[str, SeverityNumbers]
    inexact: frozenset[str] = frozenset()


class SilenceLists:
    """Lists the silences of a namespace as rows, for callers who may list them."""

    def __init__(self, store: Store, access: Access, records: Records, clock: Clock) -> None:
        self._store, self._access, self._records, self._clock = store, access, records, clock
        self._searches = RowSearches(SILENCED, access, ORDERS)
        self._counted: CountedNotLongAgo[_Hits] = CountedNotLongAgo(clock)

    async def rows(self, caller: Identity, namespace: str, asked: SilenceRowsRequest) -> Found | Refusal:
        """A page of the list, as JSON of `SilenceRows`."""

        async def page(selection: Selection | None) -> Found:
            return await self._page(caller, namespace, asked, selection)

        return await self._searches.found(caller, namespace, asked, page)

    async def _page(
        self, caller: Identity, namespace: str, asked: SilenceRowsRequest, selection: Selection | None
    ) -> Found:
        await self._store.feed.caught_up()
        revision, now = self._store.feed.revision, self._clock.now()
        hidden = not self._access.allows(caller, "list", EVENT.segment, namespace=namespace)
        stored: Sequence[Silenced] = self._records.list(SILENCED, namespace)
        silences = [one for one in stored if not expired(one, now)]
        active = {one.metadata.name: one for one in silences if in_force(one, now)}
        hits = _Hits({}) if hidden else await self._hits(namespace, list(active.values()))
        idle = {name for name in active if name not in hits.inexact and hits.numbers.get(name) == _NONE}
        chosen = None if selection is None else await chosen_names(self._store, SILENCED, namespace, selection)
        word = asked.word.casefold()
        found = [
            _row(one, one.metadata.name in active, hits)
            for one in silences
            if (chosen is None or one.metadata.name in chosen)
            and (asked.active is None or (one.metadata.name in active) is asked.active)
            and (asked.idle is None or (one.metadata.name in idle) is asked.idle)
            and any(word in text.casefold() for text in (one.metadata.name, one.reason, one.creator))
        ]
        found.sort(key=_PLACES[asked.order])
        rows = SilenceRows(
            revision,
            len(found),
            len(silences),
            len(active),
            len(silences) - len(active),
            len(idle),
            [EVENT.segment] if hidden else [],
            found[asked.offset : asked.offset + asked.limit],
        )
        return Found(msgspec.json.encode(rows))

    async def _hits(self, namespace: str, active: Sequence[Silenced]) -> _Hits:
        revision = await self._store.event_changes_revision(namespace)
        reaches = tuple((one.metadata.name, reach_of(one)) for one in active)
        return await self._counted.numbers(namespace, revision, lambda: self._count(namespace, active), reaches)

    async def _count(self, namespace: str, active: Sequence[Silenced]) -> _Hits:
        numbers: dict[str, SeverityNumbers] = {}
        reaches = {one.metadata.name: reach_of(one) for one in active}
        singles = {name: one for name, one in reaches.items() if one.entity and one.check}
        entities = {name: one for name, one in reaches.items() if one.entity and not one.check}
        wide = {name: one for name, one in reaches.items() if not one.entity and not one.subscription}
        if singles:
            numbers |= await self._of_singles(namespace, singles)
        if entities:
            names = list({one.entity for one in entities.values()})
            counts = await self._store.event_counts_of(namespace, names)
            numbers |= {name: counts.get(one.entity, _NONE) for name, one in entities.items()}
        if wide:
            whole = (await self._store.event_counts(namespace)).get(namespace, CountedEvents()).by_severity
            checks = await numbers_by_check(self._store, namespace) if any(one.check for one in wide.values()) else {}
            numbers |= {name: checks.get(one.check, _NONE) if one.check else whole for name, one in wide.items()}
        others = [one for one in active if reaches[one.metadata.name].subscription]
        return await self._of_marked(namespace, others, numbers) if others else _Hits(numbers)

    async def _of_singles(self, namespace: str, singles: Mapping[str, SilenceReach]) -> dict[str, SeverityNumbers]:
        """Counts the events of silences of one check of one entity."""
        keys = {name: EventKey(namespace, one.entity, one.check) for name, one in singles.items()}
        states = {event.key: event.state for event in await self._store.events_of_keys(list(set(keys.values())))}
        return {name: _added(_NONE, states[key].severity) if key in states else _NONE for name, key in keys.items()}

    async def _of_marked(
        self, namespace: str, silences: Sequence[Silenced], numbers: dict[str, SeverityNumbers]
    ) -> _Hits:
        """Counts the events of silences of subscriptions among those that are marked as silenced."""
        index = SilenceIndex(silences)
        numbers |= {one.metadata.name: _NONE for one in silences}
        until, after = self._clock.monotonic() + COUNTING_S, 0
        while events := await self._store.silenced_events(namespace, after, READ_AT_ONCE):
            for event in events:
                for one in index.about(subject_of(listed_body(event.body))):
                    name = one.metadata.name
                    numbers[name] = _added(numbers[name], event.state.severity)
            after = events[-1].id
            if self._clock.monotonic() >= until:
                return _Hits(numbers, frozenset(one.metadata.name for one in silences))
            await asyncio.sleep(0)
        return _Hits(numbers)


def _added(numbers: SeverityNumbers, severity: int) -> SeverityNumbers:
    critical, warning, unknown, passing = (number + (place == severity) for place, number in enumerate(numbers))
    return critical, warning, unknown, passing


def _row(one: Silenced, active: bool, hits: _Hits) -> SilenceRow:
    name = one.metadata.name
    numbers = hits.numbers.get(name, _NONE)
    return SilenceRow(
        name=name,
        subscription="" if one.subscription == ANY else one.subscription,
        check="" if one.check == ANY else one.check,
        reason=one.reason,
        creator=one.creator,
        begin=one.begin,
        expire_at=max(0, one.expire_at),
        expire_on_resolve=one.expire_on_resolve,
        active=active,
        events=sum(numbers),
        failing=sum(numbers) - numbers[PASSING],
        worst=next((word for word, number in zip(WORDS, numbers, strict=True) if number), NOTHING),
        exact=name not in hits.inexact,
    )


def _severity(row: SilenceRow) -> _Place:
    return _RANKS[row.worst], -row.failing, not row.active, row.name


_PLACES: Mapping[str, Callable[[SilenceRow], _Place]] = {
    "severity": _severity,
    "end": lambda row: (row.expire_at or _NEVER, row.name),
    "begin": lambda row: (-row.begin, row.name),
    "name": lambda row: (row.name,),
}
