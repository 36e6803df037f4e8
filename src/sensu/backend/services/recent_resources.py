"""Remembers the resources that requests have changed lately, as the next request that changes them replaces them."""

from collections.abc import Iterable, Sequence

from sensu.rules.etag import etag
from sensu.store.contract import Store
from sensu.store.pending import halve
from sensu.store.values import Change, EventKey, Key, Stored

REMEMBERED_MAX = 4096
BODY_BYTES_MAX = 4 * 1024
"""The maximum number of resources that are remembered, and the maximum size of each; others are read."""


class RecentResources:
    """Reads resources, and follows the changes of those that it has read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[Key, Stored | None] = {}
        self._reading: set[Key] = set()
        store.listen(self._follow)

    async def get(self, key: Key) -> Stored | None:
        """The resource, None if it does not exist; raises StoreError."""
        if key in self._known:
            return self._known[key]
        self._reading.add(key)
        found = await self._store.get(key)
        if key in self._reading:
            self._reading.remove(key)
            self._remember(key, found)
        return found

    def forget(self, keys: Iterable[Key]) -> None:
        """Read these resources the next time."""
        for key in keys:
            self._known.pop(key, None)

    def _remember(self, key: Key, stored: Stored | None) -> None:
        if stored is None or len(stored.body) <= BODY_BYTES_MAX:
            self._known[key] = stored
            halve(self._known, REMEMBERED_MAX)
        else:
            self._known.pop(key, None)

    def _follow(self, changes: Sequence[Change]) -> None:
        for change in changes:
            key = change.key
            if isinstance(key, EventKey):
                continue
            self._reading.discard(key)
            if key in self._known:
                body = change.body
                self._remember(
                    key, None if body is None else Stored(key, body, change.shown, etag(body), change.revision)
                )
