"""The silenced entries of each namespace, indexed again when one of them changes."""

from typing import Any

from sensu.resources.kinds import SILENCED
from sensu.rules.silencing import SilenceIndex
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Key


class SilenceIndexes:
    """A cached index of silenced entries per namespace."""

    def __init__(self, cache: ResourceCache) -> None:
        self._cache = cache
        self._indexes: dict[str, SilenceIndex] = {}
        cache.subscribe(SILENCED, self._change)

    def of(self, namespace: str) -> SilenceIndex:
        """The silenced entries of a namespace."""
        index = self._indexes.get(namespace)
        if index is None:
            index = self._indexes[namespace] = SilenceIndex(self._cache.list(SILENCED, namespace))
        return index

    def _change(self, key: Key, silence: Any) -> None:
        self._indexes.pop(key.namespace, None)
