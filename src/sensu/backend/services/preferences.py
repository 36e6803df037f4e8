"""What users prefer in the web UI, kept for each by the name that its provider knows it by."""

from typing import Any

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.outcomes import Found, Invalid, Refusal
from sensu.backend.services.payload import Payload
from sensu.errors import InvalidResource
from sensu.resources.wire import parse_whole_json
from sensu.rules.etag import etag
from sensu.rules.preferences import preferences_problem
from sensu.store.contract import Store
from sensu.store.values import Key, PutResource

PREFERENCES_KIND = "internal/v1.Preferences"
_NONE = b"{}"


class UserPreferences:
    """Reads and replaces the caller's own preferences."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, caller: Identity) -> Found:
        """The caller's preferences; an empty object if there are none."""
        stored = await self._store.get(_key_of(caller))
        return Found(_NONE if stored is None else stored.body)

    async def of(self, caller: Identity) -> dict[str, Any]:
        """The same, decoded."""
        found: dict[str, Any] = msgspec.json.decode((await self.get(caller)).body)
        return found

    async def replace(self, caller: Identity, payload: Payload) -> Found | Refusal:
        """Keep the preferences that are sent; answers with them."""
        try:
            sent = parse_whole_json(await payload())
        except InvalidResource as err:
            return Invalid(str(err))
        body = msgspec.json.encode(sent)
        problem = preferences_problem(sent, len(body))
        if problem is not None:
            return Invalid(problem)
        await self._store.commit([PutResource(_key_of(caller), body, etag(body))])
        return Found(body)


def _key_of(caller: Identity) -> Key:
    return Key(PREFERENCES_KIND, "", f"{caller.provider_id}/{caller.username}")
