"""Lists: read from the store in pages, filtered by selectors, and streamed to the caller.

Memory use is constant: a list without a limit is streamed as it is read; a small page is held in memory, and a large
one is read twice, the first time to find its end. If selectors fix a namespace, a name, an entity or a check, only that
part of the store is read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from sensu.backend.services.outcomes import Invalid, Listing
from sensu.backend.services.pages import PageRequest
from sensu.backend.stored_form import key_of
from sensu.resources.kinds import USER, Kind
from sensu.rules.kinds.table import selectable_of
from sensu.rules.selectors.selectable import Selectable
from sensu.rules.selectors.selection import Selection, compiled
from sensu.store.contract import Store
from sensu.store.values import EventKey

WALKED_AT_ONCE = 256
HELD_MAX = 1000
"""Pages of up to this many resources are held in memory until they are complete."""

Position = TypeVar("Position")
Items = Sequence[tuple[Position, bytes]]
Walk = Callable[[Position | None], AsyncIterator[Items[Position]]]
"""Reads positions and JSON of resources after a position, in chunks."""

ResourcePlace = tuple[str, str]
Order = Callable[[Position], tuple[Any, ...]]
"""The sort key of a position in a list."""


def selection_of(kind: Kind, page: PageRequest) -> Selection | Invalid | None:
    """The selection for a kind by the selectors of a request, None if it has none."""
    return chosen_by(selectable_of(kind), page)


def chosen_by(selectable: Selectable, page: PageRequest) -> Selection | Invalid | None:
    """The selection by the selectors of a request, None if it has none."""
    if not page.label_selectors and not page.field_selectors:
        return None
    found = compiled(selectable, page.label_selectors, page.field_selectors)
    return Invalid(found) if isinstance(found, str) else found


class Pages(Generic[Position]):
    """A filtered list."""

    def __init__(self, walk: Walk[Position], order: Order[Position], selection: Selection | None) -> None:
        self._walk = walk
        self._order = order
        self._selection = selection

    async def _chosen(self, after: Position | None) -> AsyncIterator[Items[Position]]:
        selection = self._selection
        async for items in self._walk(after):
            if selection is None:
                yield items
            elif found := [item for item in items if selection.holds(item[1])]:
                yield found

    async def counted(self) -> int:
        """The number of resources; counting them takes as long as reading the list."""
        number = 0
        async for items in self._chosen(None):
            number += len(items)
        return number

    async def listing(
        self, page: PageRequest, after: Position | None, token: Callable[[Position], str], total: int | None
    ) -> Listing:
        """A page of the list. Unless `total` is given, they are counted only if it is free or requested."""
        if page.counted and total is None:
            total = await self.counted()
        if not page.limit:
            return Listing(self._bodies(after, None), total=total)
        if page.limit > HELD_MAX:
            last, more = await self._end(after, page.limit)
            return Listing(self._bodies(after, last), token(last) if more and last is not None else "", total)
        held, more = await self._held(after, page.limit)
        if total is None and after is None and not more:
            total = len(held)
        return Listing(_at_once([body for _, body in held]), token(held[-1][0]) if more else "", total)

    async def _held(self, after: Position | None, limit: int) -> tuple[list[tuple[Position, bytes]], bool]:
        """The resources of a page, and whether more follow."""
        held: list[tuple[Position, bytes]] = []
        async with aclosing(self._chosen(after)) as found:  # type: ignore[type-var]
            async for items in found:
                held.extend(items)
                if len(held) > limit:
                    break
        return held[:limit], len(held) > limit

    async def _end(self, after: Position | None, limit: int) -> tuple[Position | None, bool]:
        """The last position of a page, and whether more follow."""
        last: Position | None = None
        left = limit
        async with aclosing(self._chosen(after)) as found:  # type: ignore[type-var]
            async for items in found:
                if not left:
                    return last, True
                last = items[min(left, len(items)) - 1][0]
                if len(items) > left:
                    return last, True
                left -= len(items)
        return last, False

    async def _bodies(self, after: Position | None, last: Position | None) -> AsyncIterator[Sequence[bytes]]:
        """The JSON of the resources, up to and including the one at `last`."""
        end = None if last is None else self._order(last)
        async for items in self._chosen(after):
            if end is not None and self._order(items[-1][0]) > end:
                yield [body for position, body in items if self._order(position) <= end]
                return
            yield [body for _, body in items]


async def _at_once(bodies: Sequence[bytes]) -> AsyncIterator[Sequence[bytes]]:
    yield bodies


def resource_walk(store: Store, kind: Kind, namespace: str | None, selection: Selection | None) -> Walk[ResourcePlace]:
    """Reads the resources of a kind in a namespace, or in all namespaces (None)."""
    equal = selection.equal if selection else {}
    asked = equal.get("namespace") if kind.namespaced else None
    within = asked if namespace is None else namespace
    name = equal.get("username" if kind is USER else "name")

    async def walk(after: ResourcePlace | None) -> AsyncIterator[Items[ResourcePlace]]:
        if asked is not None and asked != within:
            return
        if name is not None and (within is not None or not kind.namespaced):
            stored = await store.get(key_of(kind, within or "", name))
            if stored is not None and (after is None or place_order((stored.key.namespace, name)) > place_order(after)):
                yield [((stored.key.namespace, name), stored.public)]
            return
        if after is not None and within is not None and after[0] != within:
            if after[0] + "/" > within + "/":
                return
            after = None
        async for items in _resources(store, kind.qualified_name, within, after):
            yield items

    return walk


async def _resources(
    store: Store, kind: str, namespace: str | None, after: ResourcePlace | None
) -> AsyncIterator[Items[ResourcePlace]]:
    more = True
    while more:
        page = await store.list(kind, namespace, after=after, limit=WALKED_AT_ONCE)
        if not page.items:
            return
        yield [((item.key.namespace, item.key.name), item.public) for item in page.items]
        last = page.items[-1].key
        after, more = (last.namespace, last.name), page.more
        await asyncio.sleep(0)


def event_walk(store: Store, namespace: str | None, entity: str | None, selection: Selection | None) -> Walk[EventKey]:
    """Reads the events of an entity, of a namespace, or of all namespaces (None)."""
    equal = selection.equal if selection else {}
    asked = (equal.get("namespace"), equal.get("entity.name"))
    check = equal.get("check.name")
    within = (asked[0] if namespace is None else namespace, asked[1] if entity is None else entity)

    async def walk(after: EventKey | None) -> AsyncIterator[Items[EventKey]]:
        if any(one not in (None, fixed) for one, fixed in zip(asked, within, strict=True)):
            return
        if within[0] is not None and within[1] is not None and check is not None:
            stored = await store.get_event(EventKey(within[0], within[1], check))
            if stored is not None and (after is None or event_order(stored.key) > event_order(after)):
                yield [(stored.key, stored.body)]
            return
        for fixed, reached in zip(within, (after.namespace, after.entity) if after else (), strict=False):
            if fixed is not None and reached != fixed:
                if reached + "/" > fixed + "/":
                    return
                after = None
                break
            if fixed is None:
                break
        async for items in _events(store, within, check, after):
            yield items

    return walk


async def _events(
    store: Store, within: tuple[str | None, str | None], check: str | None, after: EventKey | None
) -> AsyncIterator[Items[EventKey]]:
    """The events of the part of the store that `within` fixes; an entity without a namespace is filtered later."""
    entity = within[1] if within[0] is not None else None
    more = True
    while more:
        page = await store.list_events(within[0], entity, check=check, after=after, limit=WALKED_AT_ONCE)
        if not page.items:
            return
        yield [(item.key, item.body) for item in page.items]
        after, more = page.items[-1].key, page.more
        await asyncio.sleep(0)


def place_order(place: ResourcePlace) -> tuple[str, ...]:
    """The sort key of resources in lists."""
    return (place[0] + "/", place[1])


def event_order(key: EventKey) -> tuple[str, ...]:
    """The sort key of events in lists."""
    return (key.namespace + "/", key.entity + "/", key.check)
