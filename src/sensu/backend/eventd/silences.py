"""The silences of each namespace, indexed, and indexed anew when one of them changes."""

from typing import Any

from sensu.resources.kinds import SILENCED
from sensu.rules.silencing import SilenceIndex
from sensu.store.contract import Key
from sensu.store.resource_cache import ResourceCache


class Silences:
    """An index of silences for each namespace that was asked for since its last change."""

    def __init__(self, cache: ResourceCache) -> None:
        self._cache = cache
        self._indexes: dict[str, SilenceIndex] = {}
        cache.subscribe(SILENCED, self._change)

    def of(self, namespace: str) -> SilenceIndex:
        """The silences of a namespace."""
        index = self._indexes.get(namespace)
        if index is None:
            index = self._indexes[namespace] = SilenceIndex(self._cache.list(SILENCED, namespace))
        return index

    def _change(self, key: Key, silence: Any) -> None:
        self._indexes.pop(key.namespace, None)
