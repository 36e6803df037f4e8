"""The license, which is stored for clients of Sensu Go and grants nothing.

Source: docs, "License API".
"""

from collections.abc import Callable, Mapping

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.outcomes import Deleted, Denied, Found, Invalid, NotFound, Refusal, Written
from sensu.backend.services.payload import Payload, decoded_kind
from sensu.backend.services.resources import Resources, with_author
from sensu.backend.stored_form import key_of, put
from sensu.resources.documents import decoded
from sensu.resources.kinds import LICENSE
from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import encode
from sensu.rules.kinds.license import labels

NAME = LICENSE.segment


class Licenses:
    """Reads and writes the license; `entities` returns how many entities of each class there are."""

    def __init__(self, resources: Resources, entities: Callable[[], Mapping[str, int]]) -> None:
        self._resources = resources
        self._entities = entities

    async def get(self, caller: Identity) -> Found | Refusal:
        """The license as it was sent, with the present numbers of entities as labels."""
        if not self._resources.access.allows(caller, "get", LICENSE.segment, name=NAME):
            return Denied()
        stored = await self._resources.store.get(key_of(LICENSE, "", NAME))
        if stored is None:
            return NotFound()
        kept = decoded(LICENSE, stored.public)
        metadata = ObjectMeta(labels=labels(self._entities()), created_by=kept.metadata.created_by)
        shown = msgspec.to_builtins(msgspec.structs.replace(kept, metadata=metadata))
        document = {
            "type": LICENSE.type,
            "api_version": LICENSE.api_version,
            "metadata": {key: value for key, value in shown.pop("metadata").items() if key != "name"},
            "spec": {**shown, "metadata": {}},
        }
        return Found(encode(document), stored.etag)

    async def replace(self, caller: Identity, payload: Payload) -> Written | Refusal:
        """Store a license."""
        if not self._resources.access.allows(caller, "update", LICENSE.segment, name=NAME):
            return Denied()
        sent = await decoded_kind(LICENSE, payload)
        if isinstance(sent, Invalid):
            return sent
        complete = self._resources.validated(caller, LICENSE, with_author(sent, caller))
        if isinstance(complete, Invalid):
            return complete
        return await self._resources.write(caller, put(LICENSE, complete))

    async def delete(self, caller: Identity) -> Deleted | Refusal:
        """Delete the license."""
        return await self._resources.delete(caller, LICENSE, "", NAME)
