"""Caches the resources of some kinds in memory and follows the store's changes, so that reads need no query."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sensu.errors import InvalidResource
from sensu.log import fields
from sensu.resources.documents import decoded
from sensu.resources.entity import EntityConfig
from sensu.resources.kinds import ENTITY, Kind
from sensu.resources.wire import Wire, decode
from sensu.store.contract import Store
from sensu.store.values import Change, Key

Shape = type[Wire]
Decode = Callable[[bytes], Any]

logger = logging.getLogger(__name__)

PAGE_SIZE = 500

CONFIG_SHAPES: Mapping[str, Shape] = {ENTITY.qualified_name: EntityConfig}
"""Kinds of which only a part is cached, by qualified name: entities change with every keepalive, but their
configuration rarely does."""

Subscriber = Callable[[Key, Any], None]


class ResourceCache:
    """The stored resources of the kinds that were loaded, decoded when they are first used.

    A kind in `shapes` is decoded to that struct instead of its own. A body that cannot be decoded is logged and
    ignored. Memory use is bounded by the content of the store.
    """

    def __init__(self, store: Store, shapes: Mapping[str, Shape] = CONFIG_SHAPES) -> None:
        self._store = store
        self._shapes = shapes
        self._shelves: dict[str, _Shelf] = {}
        self._stop_listening: Callable[[], None] | None = None

    async def load(self, kinds: Iterable[Kind]) -> None:
        """Read all resources of the kinds, and follow their changes from now on; raises StoreError."""
        if self._stop_listening is None:
            self._stop_listening = self._store.listen(self._follow)
        for kind in kinds:
            shape = self._shapes.get(kind.qualified_name)
            shelf = _Shelf(partial(decoded, kind) if shape is None else partial(decode, shape))
            self._shelves[kind.qualified_name] = shelf
            await self._fill(kind.qualified_name, shelf)

    async def _fill(self, kind: str, shelf: "_Shelf") -> None:
        """Read all pages; changes that arrive meanwhile take precedence."""
        after, more = None, True
        while more:
            page = await self._store.list(kind, None, after=after, limit=PAGE_SIZE)
            for stored in page.items:
                shelf.load(stored.key, stored.body)
            more = page.more
            if more:
                after = (page.items[-1].key.namespace, page.items[-1].key.name)
        shelf.changed_in_load = None

    def close(self) -> None:
        """Stop following changes."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    def _follow(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if type(change.key) is Key:
                shelf = self._shelves.get(change.key.kind)
                if shelf is not None:
                    shelf.change(change.key, change.body)

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """The resource, or None; raises KeyError for a kind that was not loaded."""
        return self._shelves[kind.qualified_name].get(Key(kind.qualified_name, namespace, name))

    def list(self, kind: Kind, namespace: str | None = None) -> Sequence[Any]:
        """The resources of a namespace or of all, in the store's order; raises KeyError for a kind not loaded."""
        return self._shelves[kind.qualified_name].list(kind.qualified_name, namespace)

    def names(self, kind: Kind) -> Iterator[tuple[str, str]]:
        """Namespace and name of all resources of a kind, in any order, without decoding them."""
        return self._shelves[kind.qualified_name].names()

    def subscribe(self, kind: Kind, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` with key and resource (None: removed) after each change; returns a function to stop it.

        A write that does not affect the cached part of a resource is not a change. Raises KeyError for a kind that was
        not loaded.
        """
        subscribers = self._shelves[kind.qualified_name].subscribers
        subscribers.append(callback)

        def stop() -> None:
            if callback in subscribers:
                subscribers.remove(callback)

        return stop


class _Entry:
    """A resource, kept as its body until it is first used."""

    __slots__ = ("body", "resource")

    def __init__(self, body: bytes) -> None:
        self.body: bytes | None = body
        self.resource: Any = None

    def decoded(self, key: Key, decode_body: Decode) -> Any:
        """The resource, None if its body cannot be decoded."""
        if self.body is not None:
            self.resource, self.body = _decode(key, decode_body, self.body), None
        return self.resource


def _decode(key: Key, decode_body: Decode, body: bytes) -> Any:
    try:
        return decode_body(body)
    except InvalidResource as err:
        place = fields(kind=key.kind, namespace=key.namespace, name=key.name, reason=str(err))
        logger.error("ignored a stored resource that cannot be decoded", extra=place)
        return None


class _Shelf:
    """All resources of a kind."""

    def __init__(self, decode_body: Decode) -> None:
        self.subscribers: list[Subscriber] = []
        self.changed_in_load: set[Key] | None = set()
        self._decode = decode_body
        self._entries: dict[str, dict[str, _Entry]] = {}
        self._lists: dict[str | None, tuple[Any, ...]] = {}

    def load(self, key: Key, body: bytes) -> None:
        """Add a resource that was read, unless a change to it has arrived meanwhile."""
        if self.changed_in_load is None or key not in self.changed_in_load:
            self._entries.setdefault(key.namespace, {})[key.name] = _Entry(body)
            self._drop_lists(key.namespace)

    def get(self, key: Key) -> Any:
        entry = self._entries.get(key.namespace, {}).get(key.name)
        return None if entry is None else entry.decoded(key, self._decode)

    def list(self, kind: str, namespace: str | None) -> tuple[Any, ...]:
        known = self._lists.get(namespace)
        if known is None:
            known = self._lists[namespace] = tuple(self._sorted(kind, namespace))
        return known

    def names(self) -> Iterator[tuple[str, str]]:
        for namespace, entries in self._entries.items():
            for name in entries:
                yield namespace, name

    def _sorted(self, kind: str, namespace: str | None) -> Iterable[Any]:
        if namespace is None:
            for each in sorted(self._entries, key=lambda name: name + "/"):
                yield from self.list(kind, each)
            return
        entries = self._entries.get(namespace, {})
        for name in sorted(entries):
            resource = entries[name].decoded(Key(kind, namespace, name), self._decode)
            if resource is not None:
                yield resource

    def change(self, key: Key, body: bytes | None) -> None:
        if self.changed_in_load is not None:
            self.changed_in_load.add(key)
        names = self._entries.setdefault(key.namespace, {})
        before = names.get(key.name)
        if body is None:
            self._remove(key, names)
            return
        if not self.subscribers and (before is None or before.body is not None):
            names[key.name] = _Entry(body)
            self._drop_lists(key.namespace)
            return
        self._replace(key, names, before, body)

    def _remove(self, key: Key, names: dict[str, _Entry]) -> None:
        if names.pop(key.name, None) is not None:
            self._tell(key, None)
        if not names:
            del self._entries[key.namespace]

    def _replace(self, key: Key, names: dict[str, _Entry], before: _Entry | None, body: bytes) -> None:
        old = None if before is None else before.decoded(key, self._decode)
        resource = _decode(key, self._decode, body)
        if resource == old:
            return
        entry = names[key.name] = _Entry(body)
        entry.resource, entry.body = resource, None
        self._tell(key, resource)

    def _tell(self, key: Key, resource: Any) -> None:
        self._drop_lists(key.namespace)
        for subscriber in tuple(self.subscribers):
            try:
                subscriber(key, resource)
            except Exception:
                logger.exception("a subscriber to resources failed", extra=fields(kind=key.kind, name=key.name))

    def _drop_lists(self, namespace: str) -> None:
        self._lists.pop(namespace, None)
        self._lists.pop(None, None)
