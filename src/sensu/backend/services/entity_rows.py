"""Rows of entities: what each of them looks like by its events, its agent and its facts.

Names, classes and subscriptions are in memory, the states of events are counted by an index; of the stored entities
only those of the page are read, unless a selector asks for more.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.ports import Subscribers
from sensu.backend.services.entity_tally import EntityTally
from sensu.backend.services.lists import resource_walk
from sensu.backend.services.outcomes import Found, Refusal
from sensu.backend.services.overview_parts import EntitiesPart
from sensu.backend.services.row_requests import LIMIT_DEFAULT, RowSearches
from sensu.backend.stored_form import key_of
from sensu.resources.entity import EntityConfig
from sensu.resources.kinds import ENTITY, Kind
from sensu.rules.finding import has_words
from sensu.rules.selectors.selection import Selection
from sensu.rules.severity import PASSING, WORDS
from sensu.store.contract import Store

NO_EVENTS = "none"
LOOKED_AT_ONCE = 2000
"""After this number of entities, other work goes first."""

_NO_COUNTS = (0, 0, 0, 0)


class _System(msgspec.Struct, frozen=True, gc=False):
    platform: str = ""
    platform_version: str = ""


class _Facts(msgspec.Struct, frozen=True, gc=False):
    """What rows show of a stored entity besides its configuration."""

    last_seen: int = 0
    system: _System = _System()


_facts_of = msgspec.json.Decoder(_Facts).decode


class EntityRow(msgspec.Struct, frozen=True):
    """A row of a list of entities.

    `worst` is the most severe state of its events (`critical`, `warning`, `unknown`, `passing`), or `none` without
    events; `checks` counts its events and `failing` those that do not pass. `connected` says whether its agent is
    connected now. `last_seen` is in Unix seconds.
    """

    name: str
    entity_class: str = msgspec.field(name="class")
    worst: str
    failing: int
    checks: int
    connected: bool
    last_seen: int
    platform: str
    platform_version: str
    subscriptions: Sequence[str]


class EntityRows(msgspec.Struct, frozen=True):
    """A page of a list of entities; `total` counts those that match, `counts` those of the whole namespace."""

    revision: int
    total: int
    counts: EntitiesPart
    rows: Sequence[EntityRow]


class EntityRowsRequest(msgspec.Struct, frozen=True):
    """What part of which list is asked for."""

    order: str = "severity"
    offset: int = 0
    limit: int = LIMIT_DEFAULT
    word: str = ""
    entity_class: str = ""
    connected: bool | None = None
    label_selectors: tuple[str, ...] = ()
    field_selectors: tuple[str, ...] = ()


class EntityLists:
    """Lists the entities of a namespace as rows, for callers who may list them."""

    def __init__(
        self, store: Store, access: Access, records: Records, subscribers: Subscribers, tally: EntityTally
    ) -> None:
        self._tally = tally
        self._store, self._access, self._records, self._subscribers = store, access, records, subscribers
        self._searches = RowSearches(ENTITY, access)

    async def rows(self, caller: Identity, namespace: str, asked: EntityRowsRequest) -> Found | Refusal:
        """A page of the list, as JSON of `EntityRows`."""

        async def page(selection: Selection | None) -> Found:
            return await self._page(namespace, asked, selection)

        return await self._searches.found(caller, namespace, asked, page)

    async def _page(self, namespace: str, asked: EntityRowsRequest, selection: Selection | None) -> Found:
        revision = await self._store.event_changes_revision(namespace)
        await self._store.feed.caught_up()
        found = await self._matching(namespace, asked, selection)
        if asked.order == "severity":
            failing = await self._store.failing_entities(namespace)
            found = _failing_first(found, failing)
        page = found[asked.offset : asked.offset + asked.limit]
        counts = await self._store.event_counts_of(namespace, [entity.metadata.name for entity in page])
        rows = [await self._row(entity, counts.get(entity.metadata.name, _NO_COUNTS)) for entity in page]
        revision = max(revision, self._store.feed.revision)
        return Found(msgspec.json.encode(EntityRows(revision, len(found), self._tally.of(namespace), rows)))

    async def _matching(
        self, namespace: str, asked: EntityRowsRequest, selection: Selection | None
    ) -> Sequence[EntityConfig]:
        """The entities that match, in order of their names."""
        chosen = None if selection is None else await chosen_names(self._store, ENTITY, namespace, selection)
        tests: list[Callable[[EntityConfig], bool]] = []
        if asked.entity_class:
            tests.append(lambda entity: entity.entity_class == asked.entity_class)
        if asked.word:
            tests.append(lambda entity: has_words(entity.metadata.name, asked.word))
        if chosen is not None:
            tests.append(lambda entity: entity.metadata.name in chosen)
        if asked.connected is not None:
            tests.append(lambda entity: self._connected(entity) is asked.connected)
        entities: Sequence[EntityConfig] = self._records.list(ENTITY, namespace)
        if not tests:
            return entities
        found: list[EntityConfig] = []
        for start in range(0, len(entities), LOOKED_AT_ONCE):
            part = entities[start : start + LOOKED_AT_ONCE]
            found += [entity for entity in part if all(test(entity) for test in tests)]
            await asyncio.sleep(0)
        return found

    def _connected(self, entity: EntityConfig) -> bool:
        name, namespace = entity.metadata.name, entity.metadata.namespace
        return self._subscribers.sessions(namespace, f"entity:{name}") > 0

    async def _row(self, entity: EntityConfig, counts: Sequence[int]) -> EntityRow:
        stored = await self._store.get(key_of(ENTITY, entity.metadata.namespace, entity.metadata.name))
        facts = _Facts() if stored is None else _facts_of(stored.body)
        worst = next((word for word, number in zip(WORDS, counts, strict=True) if number), NO_EVENTS)
        return EntityRow(
            entity.metadata.name,
            entity.entity_class,
            worst,
            sum(counts) - counts[PASSING],
            sum(counts),
            self._connected(entity),
            facts.last_seen,
            facts.system.platform,
            facts.system.platform_version,
            entity.subscriptions or (),
        )


def _failing_first(entities: Sequence[EntityConfig], failing: Mapping[str, Sequence[int]]) -> Sequence[EntityConfig]:
    """Those with the most severe events and the most of them first, the others by name."""
    bad = [entity for entity in entities if entity.metadata.name in failing]
    good = [entity for entity in entities if entity.metadata.name not in failing]
    return [*sorted(bad, key=lambda entity: [-number for number in failing[entity.metadata.name]]), *good]


async def chosen_names(store: Store, kind: Kind, namespace: str, selection: Selection) -> set[str]:
    """The names of the resources of a kind that selectors choose."""
    names: set[str] = set()
    async for items in resource_walk(store, kind, namespace, selection)(None):
        names.update(place[1] for place, body in items if selection.holds(body))
    return names
