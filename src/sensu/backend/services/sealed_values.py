"""Secret values in resources: stored sealed, and shown only to callers who may change them.

All other callers, and the audit log, get `REDACTED`. A resource that is sent with `REDACTED` keeps the stored value, so
that what was read can be sent back.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.sealing import Sealing, place_of
from sensu.backend.services.outcomes import Invalid
from sensu.backend.stored_form import key_of
from sensu.resources.documents import decoded, encoded
from sensu.resources.kinds import Kind, kind_of, name_of, namespace_of
from sensu.rules.kinds.table import RULES
from sensu.rules.redaction import REDACTED
from sensu.store.contract import Store
from sensu.store.values import Stored


class _Value(NamedTuple):
    """A secret value as it is stored, and what it is."""

    sealed: str
    opened: str


class SealedValues:
    """Seals and shows the secret values of resources."""

    def __init__(self, store: Store, access: Access, sealing: Sealing) -> None:
        self._store = store
        self._access = access
        self._sealing = sealing

    async def sealed(self, resource: Any) -> Any | Invalid:
        """A resource from a client in the form that is stored; its kind has secret values or not."""
        kind = kind_of(resource)
        if RULES[kind].secrets is None:
            return resource
        return self.sealed_over(
            resource, await self._store.get(key_of(kind, namespace_of(resource), name_of(resource)))
        )

    def sealed_over(self, resource: Any, stored: Stored | None) -> Any | Invalid:
        """The same for a resource that replaces `stored`; values that it has from there are sealed already."""
        kind = kind_of(resource)
        change = RULES[kind].secrets
        if change is None:
            return resource
        known = self._values_of(None if stored is None else decoded(kind.part_of or kind, stored.body))
        missing: list[str] = []

        def seal(place: str, value: str) -> str:
            before = known.get(place)
            if before is not None and value == before.sealed:
                return value
            if value == REDACTED:
                value = "" if before is None else before.opened
                missing.extend([] if value else [place])
            return self._sealing.seal(value, place_of(resource, place))

        kept = change(resource, seal)
        if missing:
            return Invalid(f"{missing[0]} is {REDACTED}, which keeps the stored value, but none is stored; enter it")
        return kept

    def _values_of(self, before: Any) -> dict[str, _Value]:
        """The secret values of a stored resource (None: there is none), by their places."""
        values: dict[str, _Value] = {}
        if before is None:
            return values

        def note(place: str, value: str) -> str:
            values[place] = _Value(value, self._sealing.opened(value, place_of(before, place)) or "")
            return value

        change = RULES[kind_of(before)].secrets
        if change is not None:
            change(before, note)
        return values

    def shows(self, caller: Identity, kind: Kind, name: str, namespace: str = "") -> bool:
        """Whether a caller sees the secret values of a resource of the kind."""
        return self.has_any(kind) and self._access.allows(
            caller, "update", kind.segment, name=name, namespace=namespace
        )

    @staticmethod
    def has_any(kind: Kind) -> bool:
        """Whether resources of the kind have secret values."""
        return any(RULES[one].secrets is not None for one in kind.types or (kind,))

    def shown(self, caller: Identity, kind: Kind, body: bytes, public: bytes) -> bytes:
        """The JSON of a stored resource for a caller; `body` is its stored, `public` its redacted JSON."""
        if not self.has_any(kind):
            return public
        resource = decoded(kind.part_of or kind, body)
        if not self.shows(caller, kind, name_of(resource), namespace_of(resource)):
            return public
        return encoded(kind_of(resource), self._sealing.with_values(resource))

    async def shown_list(
        self, caller: Identity, kind: Kind, chunks: AsyncIterator[Sequence[bytes]]
    ) -> AsyncIterator[Sequence[bytes]]:
        """The public JSON of the resources of a list, with the values that the caller sees."""
        async for chunk in chunks:
            yield [await self._shown_one(caller, kind, public) for public in chunk]

    async def _shown_one(self, caller: Identity, kind: Kind, public: bytes) -> bytes:
        metadata = msgspec.json.decode(public)["metadata"]
        stored = await self._store.get(key_of(kind, metadata.get("namespace", ""), metadata["name"]))
        return public if stored is None else self.shown(caller, kind, stored.body, stored.public)
