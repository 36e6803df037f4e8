"""What happened to an entity, and what happened before an event changed its state."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.audit import RESOURCE as AUDIT
from sensu.backend.services.history import Period
from sensu.backend.services.history_series import bounds_of
from sensu.backend.services.outcomes import Denied, Found, Invalid, NotFound, Refusal
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.resources.event import Event
from sensu.resources.kinds import (
    ASSET,
    CHECK,
    ENTITY,
    ENTITY_CONFIG,
    EVENT,
    EVENT_FILTER,
    FALLBACK_PIPELINE,
    HANDLER,
    PIPELINE,
    SILENCED,
)
from sensu.resources.silenced import Silenced
from sensu.resources.wire import Wire, always_int, always_list, decode, encode
from sensu.rules.audit import AuditRecord
from sensu.rules.handling import unpacked as unpacked_handling
from sensu.rules.history import unpacked
from sensu.rules.severity import WORDS
from sensu.rules.silencing import SilenceIndex, SilenceSubject, subject_of
from sensu.rules.timeline import (
    NEIGHBOUR,
    AgentArrival,
    Band,
    Mark,
    SilenceSpan,
    StateChange,
    Timeline,
    bands_of,
    mark_of_audit,
    marks_of_changes,
    marks_of_connections,
    marks_of_silence,
    span_of_silence,
    spans_within,
)
from sensu.rules.workflow import plan
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import EventKey, EventOrder, EventQuery, HistoryPosition

DAY_S = 86_400
BANDS_MAX, MARKS_MAX, BEFORE_MAX = 2000, 2000, 50
EVENTS_MAX = 500
AUDIT_READ_MAX = 5000
"""How many of the newest entries of the audit log are looked at."""
CHANGED_READ_MAX = 5000
"""How many of the events that changed last are looked at."""
WINDOW_S, WINDOW_MAX_S = 3600, 7 * DAY_S


class Before(Wire, frozen=True):
    """What happened in the `window` (in seconds) before the last state change at `at`, newest first."""

    at: int = always_int()
    window: int = always_int()
    marks: tuple[Mark, ...] = always_list()
    hidden: tuple[str, ...] = always_list()


class Timelines:
    """Tells what happened, as far as the caller may read it."""

    def __init__(self, store: Store, records: ResourceCache, access: Access, clock: Clock) -> None:
        self._store, self._records, self._access, self._clock = store, records, access, clock

    async def of_entity(self, caller: Identity, namespace: str, entity: str, period: Period) -> Found | Refusal:
        """What happened to an entity within a period, as JSON of `Timeline`."""
        if not self._access.allows(caller, "get", ENTITY.segment, name=entity, namespace=namespace):
            return Denied()
        bounds = bounds_of(period, self._clock.now(), DAY_S)
        if isinstance(bounds, Invalid):
            return bounds
        start, end = bounds
        page = await self._store.list_events(namespace, entity, limit=EVENTS_MAX)
        events = [each for each in page.items if self._allows(caller, each.key)]
        bands, marks, subjects = list[Band](), list[Mark](), list[SilenceSubject]()
        for stored in events:
            subject = subject_of(decode(Event, stored.body))
            subjects += [] if subject is None else [subject]
            changes = await self._changes(stored.key, start)
            bands += bands_of(stored.key.check, changes, start, end)
            marks += marks_of_changes(stored.key.check, changes)
        connections = await self._store.connections(namespace, entity, start, end, MARKS_MAX)
        noted = (AgentArrival(one.at, one.connected, one.backend, one.why) for one in reversed(connections))
        marks += marks_of_connections(noted)
        hidden = list[str]()
        checks = {each.key.check for each in events}
        names = {(ENTITY.type, entity), (ENTITY_CONFIG.type, entity), *((CHECK.type, check) for check in checks)}
        spans = list[SilenceSpan]()
        marks += await self._marks(caller, namespace, names, subjects, start, hidden, spans)
        within = sorted((mark for mark in marks if start <= mark.at <= end), key=lambda mark: mark.at)
        bands.sort(key=lambda band: band.start)
        cut = bands[-BANDS_MAX:]
        goes_on = str(cut[0].start) if len(cut) < len(bands) else ""
        found = Timeline(
            bands=tuple(cut),
            marks=tuple(within[-MARKS_MAX:]),
            silences=tuple(spans_within(spans, start, end)[-MARKS_MAX:]),
            hidden=tuple(hidden),
            next=goes_on,
        )
        return Found(encode(found))

    async def before(self, caller: Identity, key: EventKey, window_s: int) -> Found | Refusal:
        """What happened before the last state change of an event, as JSON of `Before`."""
        if not self._allows(caller, key):
            return Denied()
        if not 0 < window_s <= WINDOW_MAX_S:
            return Invalid(f"window must be between 1 s and {WINDOW_MAX_S // DAY_S} days")
        stored = await self._store.get_event(key)
        page = await self._store.state_changes(key, 1)
        if stored is None or page is None:
            return NotFound()
        at = page.items[0].at if page.items else int(self._clock.now())
        event, start, hidden = decode(Event, stored.body), at - window_s, list[str]()
        subject = subject_of(event)
        names = set(self._involved(key, event))
        marks = await self._marks(caller, key.namespace, names, [] if subject is None else [subject], start, hidden, [])
        marks += await self._neighbours(caller, key, start, at, hidden)
        within = sorted((mark for mark in marks if start <= mark.at <= at), key=lambda mark: -mark.at)
        found = Before(at=at, window=window_s, marks=tuple(within[:BEFORE_MAX]), hidden=tuple(hidden))
        return Found(encode(found))

    def _allows(self, caller: Identity, key: EventKey) -> bool:
        name = f"{key.entity}/{key.check}"
        return self._access.allows(caller, "get", EVENT.segment, name=name, namespace=key.namespace)

    async def _changes(self, key: EventKey, start: int) -> list[StateChange]:
        """The state changes of an event, newest first, back to the one before `start`."""
        found: list[StateChange] = []
        position: HistoryPosition | None = None
        while len(found) < BANDS_MAX:
            page = await self._store.state_changes(key, 100, position)
            for item in () if page is None else page.items:
                try:
                    entry, handlings = unpacked(item.body), unpacked_handling(item.handled or b"")
                except InvalidResource:
                    continue
                found.append(StateChange(item.at, entry.status, entry.flapping, handlings))
                if item.at < start:
                    return found
            position = None if page is None else page.older
            if position is None:
                break
            await asyncio.sleep(0)
        return found

    async def _marks(
        self,
        caller: Identity,
        namespace: str,
        names: set[tuple[str, str]],
        subjects: Sequence[SilenceSubject],
        start: int,
        hidden: list[str],
        spans: list[SilenceSpan],
    ) -> list[Mark]:
        """The marks of silences, whose spans are added too, and of changes to the configuration."""
        found: list[Mark] = []
        silences_allowed = self._access.allows(caller, "list", SILENCED.segment, namespace=namespace)
        if silences_allowed:
            silences: Sequence[Silenced] = self._records.list(SILENCED, namespace)
            for one in _about(silences, subjects):
                found += marks_of_silence(one)
                spans.append(span_of_silence(one))
        else:
            hidden.append(SILENCED.segment)
        if not self._access.allows(caller, "list", AUDIT):
            hidden.append(AUDIT)
            return found
        async for record in self._records_since(namespace, start):
            if (record.type, record.name) in names:
                check = record.name if record.type == CHECK.type else ""
                found.append(mark_of_audit(record, check=check))
            elif silences_allowed and record.type == SILENCED.type and record.action == "delete":
                for one in _deleted(record, subjects):
                    found += marks_of_silence(one, int(record.at), record.username)
                    spans.append(span_of_silence(one, int(record.at)))
        return found

    async def _records_since(self, namespace: str, start: int) -> AsyncIterator[AuditRecord]:
        """The entries of the audit log of a namespace since a time, newest first."""
        before, read = 0, 0
        while read < AUDIT_READ_MAX:
            entries = await self._store.audit(256, before)
            for entry in entries:
                if entry.at < start:
                    return
                record = decode(AuditRecord, entry.body)
                if record.namespace == namespace:
                    yield record
            if not entries:
                return
            before, read = entries[-1].id, read + len(entries)
            await asyncio.sleep(0)

    def _involved(self, key: EventKey, event: Event) -> Iterator[tuple[str, str]]:
        """The types and names of the resources that decide about an event."""
        check = event.check
        assert check is not None
        yield CHECK.type, key.check
        yield ENTITY.type, key.entity
        yield ENTITY_CONFIG.type, key.entity
        for asset in check.runtime_assets or ():
            yield ASSET.type, asset
        for handler in check.handlers:
            yield HANDLER.type, handler
        for pipeline in event.pipelines or ():
            yield PIPELINE.type, pipeline.name
        if check.fallback_pipeline is not None:
            yield FALLBACK_PIPELINE.type, check.fallback_pipeline.name
        planned = plan(
            event,
            lambda name: self._records.get(PIPELINE, key.namespace, name),
            lambda name: self._records.get(HANDLER, key.namespace, name),
            lambda name: self._records.get(FALLBACK_PIPELINE, key.namespace, name),
        )
        for workflow in (*planned.workflows, *planned.later):
            yield HANDLER.type, workflow.handler.name
            for name in workflow.filters:
                yield EVENT_FILTER.type, name

    async def _neighbours(self, caller: Identity, key: EventKey, start: int, end: int, hidden: list[str]) -> list[Mark]:
        """The other events of the entity, and of the check, that changed in the window and have not changed since."""
        if not self._access.allows(caller, "list", EVENT.segment, namespace=key.namespace):
            hidden.append(EVENT.segment)
            return []
        query = EventQuery(key.namespace, EventOrder.CHANGED)
        found, after, read = list[Mark](), None, 0
        while read < CHANGED_READ_MAX:
            walk = await self._store.walk_events(query, after, 256)
            for event in walk.items:
                if event.state.since < start:
                    return found
                near = event.key.entity == key.entity or event.key.check == key.check
                if near and event.key != key and event.state.since <= end:
                    word = WORDS[event.state.severity]
                    text = f"{event.key.entity}/{event.key.check} became {word}"
                    names = {"entity": event.key.entity, "check": event.key.check}
                    found.append(Mark(at=event.state.since, sort=NEIGHBOUR, text=text, **names))
            after, read = walk.after, read + len(walk.items)
            if after is None:
                break
            await asyncio.sleep(0)
        return found


def _about(silences: Sequence[Silenced], subjects: Sequence[SilenceSubject]) -> list[Silenced]:
    """The silences that apply to one of the subjects, at any time."""
    index = SilenceIndex(silences)
    return list({one.metadata.name: one for subject in subjects for one in index.about(subject)}.values())


def _deleted(record: AuditRecord, subjects: Sequence[SilenceSubject]) -> Sequence[Silenced]:
    """The silence that was deleted, or ended by itself, if it applied to one of the subjects."""
    try:
        silence = msgspec.convert(record.before, Silenced)
    except msgspec.ValidationError:
        return []
    return _about([silence], subjects)
