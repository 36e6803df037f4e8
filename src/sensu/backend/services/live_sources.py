"""Reads what changed of each topic; a value is encoded once, however many clients follow it."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from sensu.backend.auth.records import Records
from sensu.backend.services.event_rows import Rows, counts_of
from sensu.backend.services.live_topics import (
    COUNTS,
    ENTITIES,
    EVENT_ROW,
    EVENTS,
    OWED,
    RESOURCES,
    DeliveriesTick,
    EntitiesTick,
    EntityName,
    EventsTick,
    Topic,
)
from sensu.resources.kinds import ALL_KINDS, ENTITY, EVENT
from sensu.store.contract import Store
from sensu.store.values import Change, CountedDeliveries, CountedEvents, EventChanges, EventKey, Key

ROWS_MAX = 200
"""More changes of a list in one tick are not listed."""
NAMES_MAX = 200
REMEMBERED_MAX = 20_000
"""The number of changes of resources that are kept for clients that reconnect."""

_SEGMENTS = {kind.qualified_name: kind.segment for kind in ALL_KINDS if kind not in (EVENT, ENTITY)}
Values = dict[Topic, bytes]


class ResourceChanges:
    """The names of resources that changed, by revision: the last of them."""

    def __init__(self, store: Store, records: Records, changes_max: int = REMEMBERED_MAX) -> None:
        self._feed = store.feed
        self._changes: deque[tuple[int, str, str]] = deque()
        self._max = changes_max
        self.forgotten = store.feed.revision
        self._stop = store.listen(self._hear)
        records.subscribe(ENTITY, self._hear_entity)

    def close(self) -> None:
        """Follow the store no longer."""
        self._stop()

    def _hear(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if isinstance(change.key, Key) and change.key.kind in _SEGMENTS:
                self._remember(change.revision, _SEGMENTS[change.key.kind], change.key)

    def _hear_entity(self, key: Key, entity: Any) -> None:
        """The configuration of an entity changed; its state changes with every keepalive, and is not reported."""
        self._remember(self._feed.revision, ENTITY.segment, key)

    def _remember(self, revision: int, segment: str, key: Key) -> None:
        self._changes.append((revision, f"{segment}:{key.namespace}", key.name))
        if len(self._changes) > self._max:
            self.forgotten = self._changes.popleft()[0]

    def since(self, revision: int) -> dict[str, Sequence[str]]:
        """The names behind a revision by `segment:namespace`, sorted; none where there are too many."""
        found: dict[str, set[str]] = {}
        for at, place, name in reversed(self._changes):
            if at <= revision:
                break
            found.setdefault(place, set()).add(name)
        return {place: sorted(names) if len(names) <= NAMES_MAX else () for place, names in found.items()}


class LiveSources:
    """Reads the values of topics."""

    def __init__(self, store: Store, records: Records, rows: Rows) -> None:
        self._store, self._rows = store, rows
        self.resources = ResourceChanges(store, records)

    async def revision(self, topics: Iterable[Topic]) -> int:
        """The revision up to which everything can be read now."""
        revisions = [await self._store.event_changes_revision(one) for one in _namespaces(topics, EVENTS, ENTITIES)]
        await self._store.feed.caught_up()
        return max([self._store.feed.revision, *revisions])

    async def present(self, topics: Iterable[Topic]) -> Values:
        """The values of topics that have one at any time: counts, and events."""
        topics = list(topics)
        values: Values = {}
        for topic in topics:
            if topic.sort == COUNTS:
                counts = await self._store.event_counts(topic.namespace)
                shown = counts_of(counts.get(topic.namespace, CountedEvents()))
                values[topic] = msgspec.json.encode(shown)
            elif topic.sort == OWED:
                found = (await self._store.delivery_counts(topic.namespace)).get(topic.namespace, CountedDeliveries())
                values[topic] = msgspec.json.encode(DeliveriesTick(found.owed, found.dead))
        return values | await self.events(topic for topic in topics if topic.sort == EVENT_ROW)

    async def events(self, topics: Iterable[Topic]) -> Values:
        """The rows of single events, `null` for those that do not exist."""
        by_key: dict[EventKey, Topic] = {topic.key: topic for topic in topics if topic.key is not None}
        if not by_key:
            return {}
        found = await self._store.events_of_keys(list(by_key))
        values = dict.fromkeys(by_key.values(), b"null")
        for event, row in zip(found, self._rows.of(found), strict=True):
            values[by_key[event.key]] = msgspec.json.encode(row)
        return values

    async def changed(self, topics: Iterable[Topic], after: int, resources_after: int) -> tuple[Values, int]:
        """The values of lists and resources that changed behind revisions, and the revision of the last change."""
        topics = list(topics)
        values: Values = {}
        lists = {topic: topic.namespace for topic in topics if topic.sort in (EVENTS, ENTITIES)}
        changes = {one: await self._store.event_changes(one, after, ROWS_MAX) for one in set(lists.values())}
        newest = max([after, *(found.revision for found in changes.values())])
        names = self.resources.since(resources_after)
        for topic in topics:
            if topic.sort == EVENTS:
                found = changes[topic.namespace]
                if found.changed or found.gone or found.more:
                    values[topic] = self._events_tick(found)
            elif topic.sort == ENTITIES:
                self._entities_tick(topic, changes[topic.namespace], names, values)
            elif topic.sort == RESOURCES and topic.of in names:
                values[topic] = msgspec.json.encode(names[topic.of])
        return values, newest

    def _events_tick(self, changes: EventChanges) -> bytes:
        gone = [(key.entity, key.check) for key in changes.gone]
        return msgspec.json.encode(EventsTick(self._rows.of(changes.changed), gone, changes.more))

    def _entities_tick(
        self, topic: Topic, changes: EventChanges, names: Mapping[str, Sequence[str]], values: Values
    ) -> None:
        """Entities whose configuration or events changed."""
        configured = names.get(f"{ENTITY.segment}:{topic.namespace}")
        changed = {event.key.entity for event in changes.changed} | {key.entity for key in changes.gone}
        changed.update(configured or ())
        more = changes.more or configured == () or len(changed) > ROWS_MAX
        if changed or more:
            shown = () if more else [EntityName(name) for name in sorted(changed)]
            values[topic] = msgspec.json.encode(EntitiesTick(shown, (), more))


def _namespaces(topics: Iterable[Topic], *sorts: str) -> set[str]:
    return {topic.namespace for topic in topics if topic.sort in sorts}
