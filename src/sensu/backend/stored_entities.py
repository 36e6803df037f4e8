"""A cache of stored entities, for daemons that need them while they decide."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from sensu.errors import InvalidResource
from sensu.resources.entity import Entity
from sensu.resources.kinds import ENTITY
from sensu.resources.wire import decode
from sensu.rules.etag import etag
from sensu.rules.share import Slots, slot_of
from sensu.store.contract import Store
from sensu.store.values import Change, Key

ENTITIES_MAX = 20_000
"""The maximum number of cached entities; the least recently used are dropped."""
BYTES_MAX = 256 * 1024 * 1024
"""The maximum size of cached entities as JSON in bytes; the least recently used are dropped."""

_KIND = ENTITY.qualified_name
_UNREAD = b""


@dataclass(frozen=True, slots=True)
class StoredEntity:
    """An entity and its entity tag, which must be unchanged when it is replaced."""

    entity: Entity
    etag: str


def entity_key(namespace: str, name: str) -> Key:
    """The key of an entity in the store."""
    return Key(_KIND, namespace, name)


class StoredEntities:
    """A bounded cache of stored entities that follows the store's changes; None means that an entity does not exist."""

    def __init__(self, store: Store, entities_max: int = ENTITIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._store = store
        self._max, self._bytes_max = entities_max, bytes_max
        self._bodies: dict[Key, bytes | None] = {}
        self._bytes = 0
        self._stop_listening: Callable[[], None] | None = None

    def open(self) -> None:
        """Start following the store's changes."""
        self._stop_listening = self._store.listen(self._follow)

    def close(self) -> None:
        """Stop following changes, and clear the cache."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        self._bodies.clear()
        self._bytes = 0

    async def forget(self, slots: Slots) -> None:
        """Forget the entities of slots, whose former owner may have changed them without a report."""
        for key in [key for key in self._bodies if slot_of(key.namespace, key.name) in slots]:
            self._put(key, None)
            del self._bodies[key]

    async def load(self, keys: Iterable[Key]) -> None:
        """Load entities into the cache, where they stay until many others are used; raises StoreError."""
        wanted = dict.fromkeys(keys)
        for key in wanted:
            if key in self._bodies:
                self._bodies[key] = self._bodies.pop(key)
            else:
                await self._read(key)
        self._forget_oldest(wanted)

    async def _read(self, key: Key) -> None:
        """Read an entity; a change that arrives meanwhile takes precedence."""
        self._bodies[key] = _UNREAD
        try:
            stored = await self._store.get(key)
        except BaseException:
            self._bodies.pop(key, None)
            raise
        if self._bodies.get(key) is _UNREAD:
            self._put(key, None if stored is None else stored.body)

    def _put(self, key: Key, body: bytes | None) -> None:
        self._bytes += len(body or b"") - len(self._bodies.get(key) or b"")
        self._bodies[key] = body

    def _forget_oldest(self, wanted: Collection[Key]) -> None:
        while len(self._bodies) > self._max or self._bytes > self._bytes_max:
            oldest = next(iter(self._bodies))
            if oldest in wanted:
                return
            self._put(oldest, None)
            del self._bodies[oldest]

    def get(self, key: Key) -> StoredEntity | None:
        """The entity, None if it does not exist; raises KeyError if it was not loaded."""
        body = self._bodies[key]
        if not body:
            return None
        try:
            return StoredEntity(decode(Entity, body), etag(body))
        except InvalidResource:
            return None

    def _follow(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if type(change.key) is Key and change.key in self._bodies:
                self._put(change.key, change.body)
