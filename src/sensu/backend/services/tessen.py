"""The Tessen setting. It is stored for compatibility; the backend sends no data to anyone.

Source: docs, "Tessen API"; recorded scenario tessen.
"""

from sensu.backend.auth.identity import Identity
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal, Written
from sensu.backend.services.payload import Payload, decoded
from sensu.backend.services.resources import Resources
from sensu.backend.stored_form import key_of, put
from sensu.resources.kinds import TESSEN, name_of
from sensu.resources.tessen import TessenConfig

_NO_WORD = ""
"""Roles cannot name this resource; a rule must allow all resources (`*`)."""


class Tessen:
    """Reads and writes the setting."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def get(self, caller: Identity) -> Found | Refusal:
        """The setting; `opt_out` is false until it is written."""
        if not self._resources.access.allows(caller, "get", _NO_WORD):
            return Denied()
        stored = await self._resources.store.get(key_of(TESSEN, "", name_of(TessenConfig())))
        if stored is not None:
            return Found(stored.public, stored.etag)
        unset = put(TESSEN, TessenConfig())
        return Found(unset.body, unset.etag)

    async def replace(self, caller: Identity, payload: Payload) -> Written | Refusal:
        """Replace the setting."""
        if not self._resources.access.allows(caller, "update", _NO_WORD):
            return Denied()
        setting = await decoded(TessenConfig, payload)
        if isinstance(setting, Invalid):
            return setting
        return await self._resources.write(caller, put(TESSEN, setting))
