"""When API keys were last used: noted for each key at most once in ten minutes, not with every request."""

from collections.abc import Mapping

import msgspec

from sensu.backend.auth.records import Records
from sensu.clock import Clock
from sensu.resources.kinds import API_KEY
from sensu.rules.etag import etag
from sensu.rules.key_views import key_id
from sensu.store.contract import Store
from sensu.store.values import DeleteResource, Key, Must, PutResource, Write

KEY_USE_KIND = "internal/v1.APIKeyUse"
USE_NOTED_EVERY_S = 600.0


class KeyUse(msgspec.Struct, frozen=True):
    """The last use of a key, in Unix seconds."""

    at: float


class KeyUses:
    """Notes and reads the last uses of API keys, by the ids of the keys.

    What is remembered in memory is bounded by the number of keys: a key that is not stored is not noted.
    """

    def __init__(self, store: Store, records: Records, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._noted: dict[str, float] = {}
        records.subscribe(API_KEY, self._forget)

    def is_due(self, key: str) -> bool:
        """Whether a use of the key now would be noted."""
        return self._clock.now() - self._noted.get(key, 0.0) >= USE_NOTED_EVERY_S

    async def used(self, key: str) -> None:
        """Note that a key, which is valid, is used now; raises StoreError."""
        if not self.is_due(key):
            return
        now = self._clock.now()
        self._noted[key] = now
        body = msgspec.json.encode(KeyUse(now))
        await self._store.commit([PutResource(_key_of(key_id(key)), body, etag(body))])

    def _forget(self, key: Key, resource: object) -> None:
        if resource is None:
            self._noted.pop(key.name, None)

    async def all(self) -> Mapping[str, float]:
        """The last uses that are stored."""
        stored = await self._store.list(KEY_USE_KIND, None)
        return {item.key.name: msgspec.json.decode(item.body, type=KeyUse).at for item in stored.items}

    async def left_over(self, known: frozenset[str]) -> list[Write]:
        """The writes that drop the uses of keys that no longer exist; `known` are the ids of those that do."""
        return [forgotten(one) for one in await self.all() if one not in known]


def forgotten(use_id: str) -> Write:
    """The write that drops the use of a key."""
    return DeleteResource(_key_of(use_id), Must.ANY)


def _key_of(use_id: str) -> Key:
    return Key(KEY_USE_KIND, "", use_id)
