"""API keys. They are granted to existing users, and read, patched and revoked like any resource.

Source: docs, "APIkeys API"; recorded scenarios apikeys-lifecycle, apikeys-invalid.
"""

import uuid

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.outcomes import Denied, Invalid, Refusal, Written
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.resources import Resources
from sensu.backend.stored_form import key_of, put
from sensu.resources.api_key import APIKey
from sensu.resources.kinds import API_KEY, USER
from sensu.store.values import Must


class APIKeyGrants:
    """Grants API keys."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def grant(self, caller: Identity, payload: Payload) -> Written | Refusal:
        """Grant a key to the user in the request; the name of the outcome is the secret key."""
        if not self._resources.access.allows(caller, "create", API_KEY.segment):
            return Denied()
        sent = await decoded(APIKey, payload)
        if isinstance(sent, Invalid):
            return sent
        if not sent.username or await self._resources.store.get(key_of(USER, "", sent.username)) is None:
            return Invalid("user does not exist")
        secret = str(uuid.uuid4())
        named = msgspec.structs.replace(
            sent,
            metadata=msgspec.structs.replace(sent.metadata, name=secret, created_by=caller.username),
            created_at=int(self._resources.clock.now()),
        )
        key = self._resources.validated(caller, API_KEY, named)
        if isinstance(key, Invalid):
            return key
        outcome = await self._resources.write(caller, put(API_KEY, key, must=Must.BE_ABSENT))
        return Written(name=secret) if isinstance(outcome, Written) else outcome
