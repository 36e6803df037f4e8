"""Finds resources and events of all kinds and namespaces by a part of their names."""

import asyncio
from collections.abc import Iterator

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.outcomes import Found, Invalid
from sensu.clock import Clock
from sensu.resources.kinds import ALL_KINDS, API_KEY, EVENT
from sensu.resources.wire import Wire, always_bool, always_list, always_str, encode
from sensu.rules.finding import NamedThing, best, word_problem
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import EventPosition, EventQuery, EventSearch

LIMIT, LIMIT_MAX = 20, 100
WORD_CHARACTERS_MAX = 200
SEARCH_S = 0.15
"""How long events are searched for."""

_KINDS = tuple(kind for kind in ALL_KINDS if kind not in (API_KEY, EVENT))
"""The kinds that are found; the names of API keys are secret."""


class FoundName(Wire, frozen=True):
    """A resource or event; the name of an event is `ENTITY/CHECK`, and `resource` is the word of its kind in URLs."""

    type: str = always_str()
    api_version: str = always_str()
    resource: str = always_str()
    namespace: str = always_str()
    name: str = always_str()


class FoundNames(Wire, frozen=True):
    """The best matches first; `partial` says that there was no time to look at the names of all events."""

    found: tuple[FoundName, ...] = always_list()
    partial: bool = always_bool()


class Find:
    """Finds what the caller may list."""

    def __init__(self, store: Store, records: ResourceCache, access: Access, clock: Clock) -> None:
        self._store, self._records, self._access, self._clock = store, records, access, clock

    async def find(self, caller: Identity, word: str, limit: int) -> Found | Invalid:
        """The names that contain a word, as JSON of `FoundNames`."""
        if not word.strip() or len(word) > WORD_CHARACTERS_MAX:
            return Invalid(f"word must have between 1 and {WORD_CHARACTERS_MAX} characters")
        if problem := word_problem(word):
            return Invalid(problem)
        if not 0 < limit <= LIMIT_MAX:
            return Invalid(f"limit must be between 1 and {LIMIT_MAX}")
        events, partial = await self._events(caller, word, limit)
        names = best([*self._resources(caller), *events], word, limit)
        return Found(encode(FoundNames(found=tuple(map(_shown, names)), partial=partial)))

    def _resources(self, caller: Identity) -> Iterator[NamedThing]:
        for place, kind in enumerate(_KINDS):
            allowed: dict[str, bool] = {}
            for namespace, name in self._records.names(kind):
                if namespace not in allowed:
                    allowed[namespace] = self._access.allows(caller, "list", kind.segment, namespace=namespace)
                if allowed[namespace]:
                    yield NamedThing(place, namespace, name)

    async def _events(self, caller: Identity, word: str, limit: int) -> tuple[list[NamedThing], bool]:
        """Events whose names contain the word, and whether there was no time to look at all of them."""
        found: list[NamedThing] = []
        until = self._clock.monotonic() + SEARCH_S
        for namespace in self._access.visible_namespaces(caller):
            if not self._access.allows(caller, "list", EVENT.segment, namespace=namespace):
                continue
            search = EventSearch(EventQuery(namespace), word)
            after: EventPosition | None = None
            while True:
                walk = await self._store.search_events(search, after)
                found += [NamedThing(len(_KINDS), namespace, f"{one.key.entity}/{one.key.check}") for one in walk.items]
                after = walk.after
                if after is None:
                    break
                await asyncio.sleep(0)
                if self._clock.monotonic() >= until:
                    return best(found, word, limit), True
            found = best(found, word, limit)
        return found, False


def _shown(named: NamedThing) -> FoundName:
    kind = _KINDS[named.kind] if named.kind < len(_KINDS) else EVENT
    return FoundName(
        type=kind.type,
        api_version=kind.api_version,
        resource=kind.segment,
        namespace=named.namespace,
        name=named.name,
    )
