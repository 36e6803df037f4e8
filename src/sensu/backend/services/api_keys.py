"""API keys. They are granted to existing users, and read, patched and revoked like any resource.

Their names are the keys, so pages and scripts that need not know a key list, issue and revoke them by id.
Source: docs, "APIkeys API"; recorded scenarios apikeys-lifecycle, apikeys-invalid.
"""

import uuid
from collections.abc import Sequence

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.auth.key_uses import KeyUses, forgotten
from sensu.backend.services.outcomes import Deleted, Denied, Found, Invalid, NotFound, Refusal, Written
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.resources import Resources
from sensu.backend.stored_form import delete, key_of, put
from sensu.resources.api_key import APIKey
from sensu.resources.kinds import API_KEY, USER
from sensu.resources.wire import decode, encode
from sensu.rules.key_views import KeyViews, NewKey, key_id, key_view
from sensu.store.values import Must

LISTED_MAX = 1_000
"""How many keys an answer has at most, the newest."""


class APIKeyGrants:
    """Grants, shows and revokes API keys."""

    def __init__(self, resources: Resources, uses: KeyUses) -> None:
        self._resources, self._uses = resources, uses

    async def grant(self, caller: Identity, payload: Payload) -> Written | Refusal:
        """Grant a key to the user in the request; the name of the outcome is the secret key."""
        key = await self._granted(caller, payload)
        return Written(name=key.metadata.name) if isinstance(key, APIKey) else key

    async def issue(self, caller: Identity, payload: Payload) -> Found | Refusal:
        """Grant a key, and answer with it and its id."""
        key = await self._granted(caller, payload)
        if not isinstance(key, APIKey):
            return key
        return Found(encode(NewKey(key_id(key.metadata.name), key.metadata.name, key.username)))

    async def _granted(self, caller: Identity, payload: Payload) -> APIKey | Refusal:
        if not self._resources.access.allows(caller, "create", API_KEY.segment):
            return Denied()
        sent = await decoded(APIKey, payload)
        if isinstance(sent, Invalid):
            return sent
        if not sent.username or await self._resources.store.get(key_of(USER, "", sent.username)) is None:
            return Invalid("user does not exist")
        named = msgspec.structs.replace(
            sent,
            metadata=msgspec.structs.replace(sent.metadata, name=str(uuid.uuid4()), created_by=caller.username),
            created_at=int(self._resources.clock.now()),
        )
        key = self._resources.validated(caller, API_KEY, named)
        if isinstance(key, Invalid):
            return key
        left_over = await self._uses.left_over(frozenset(key_id(one.metadata.name) for one in await self._all()))
        outcome = await self._resources.write(caller, put(API_KEY, key, must=Must.BE_ABSENT), *left_over)
        return key if isinstance(outcome, Written) else outcome

    async def listing(self, caller: Identity) -> Found | Refusal:
        """The keys as they are shown, the newest first."""
        if not self._resources.access.allows(caller, "list", API_KEY.segment):
            return Denied()
        uses = await self._uses.all()
        keys = sorted(await self._all(), key=lambda key: -key.created_at)
        shown = tuple(key_view(key, uses.get(key_id(key.metadata.name), 0.0)) for key in keys[:LISTED_MAX])
        return Found(encode(KeyViews(shown, partial=len(keys) > LISTED_MAX)))

    async def revoke(self, caller: Identity, wanted: str) -> Deleted | Refusal:
        """Revoke the key with an id; a caller who may delete no key of that name does not learn whether it exists."""
        allows = self._resources.access.allows
        key = next((one for one in await self._all() if key_id(one.metadata.name) == wanted), None)
        if key is None:
            return NotFound() if allows(caller, "delete", API_KEY.segment) else Denied()
        name = key.metadata.name
        if not allows(caller, "delete", API_KEY.segment, name=name):
            return Denied()
        outcome = await self._resources.write(caller, delete(API_KEY, "", name), forgotten(wanted))
        return Deleted() if isinstance(outcome, Written) else outcome

    async def _all(self) -> Sequence[APIKey]:
        stored = await self._resources.store.list(API_KEY.qualified_name, None)
        return [decode(APIKey, one.body) for one in stored.items]
