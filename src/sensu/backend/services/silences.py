"""Silences. They are named after their subscription and check, and deleted when they expire.

Source: docs, "Silencing API"; recorded scenarios silenced-lifecycle, silenced-expiry, silenced-sub-collections.
"""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.lists import selection_of
from sensu.backend.services.outcomes import Deleted, Denied, Exists, Found, Invalid, Listing, NotFound, Refusal, Written
from sensu.backend.services.pages import PageRequest
from sensu.backend.services.payload import ANY_STATE, Conditions, Payload
from sensu.backend.services.resources import Resources
from sensu.backend.stored_form import delete, key_of, put
from sensu.resources.kinds import SILENCED
from sensu.resources.silenced import Silenced
from sensu.rules.silencing import ANY
from sensu.store.values import Must

UNKNOWN = NotFound("silenced entry not found")
_KIND = SILENCED.qualified_name
_MANY = 500
_Chunks = AsyncIterator[Sequence[bytes]]


class _End(msgspec.Struct):
    """The fields of a silence that lists need."""

    expire_at: int = 0
    check: str = ""
    subscription: str = ""


_end_of = msgspec.json.Decoder(_End).decode


def is_over(body: bytes, now: float) -> bool:
    """Whether a stored silence has expired."""
    return 0 < _end_of(body).expire_at <= now


class Silences:
    """Creates, replaces, reads and deletes silences."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def get(self, caller: Identity, namespace: str, name: str) -> Found | Refusal:
        """A silence that has not expired."""
        found = await self._resources.get(caller, SILENCED, namespace, name)
        if isinstance(found, NotFound) or (isinstance(found, Found) and self._is_over(found.body)):
            return UNKNOWN
        return found

    async def listing(self, caller: Identity, namespace: str | None, page: PageRequest) -> Listing | Refusal:
        """All silences that have not expired; the list is not paged."""
        if not self._resources.access.allows(caller, "list", SILENCED.segment, namespace=namespace or ""):
            return Denied()
        selection = selection_of(SILENCED, page)
        if isinstance(selection, Invalid):
            return selection
        holds = (lambda _: True) if selection is None else selection.holds
        return await self._listing(lambda: self._resources.store.bodies(_KIND, namespace), holds)

    async def _listing(self, chunks: Callable[[], _Chunks], keep: Callable[[bytes], bool]) -> Listing:
        """The silences that have not expired and that `keep` accepts; they are few enough to be counted first."""
        total = 0
        async for items in self._lasting(chunks(), keep):
            total += len(items)
        return Listing(self._lasting(chunks(), keep), total=total)

    async def of_subscription(self, caller: Identity, namespace: str, subscription: str) -> Listing | Refusal:
        """The silences of a subscription, or of every one (`*`)."""
        name = f"subscriptions/{subscription}"
        if not self._resources.access.allows(caller, "get", SILENCED.segment, name=name, namespace=namespace):
            return Denied()
        bodies = self._resources.store.bodies
        return await self._listing(
            lambda: bodies(_KIND, namespace), lambda body: (_end_of(body).subscription or ANY) == subscription
        )

    async def of_check(self, caller: Identity, namespace: str | None, check: str) -> Listing | Refusal:
        """The silences of a check, as they were created: `expire` is not updated."""
        access, name = self._resources.access, f"checks/{check}"
        if not access.allows(caller, "get", SILENCED.segment, name=name, namespace=namespace or ""):
            return Denied()
        return await self._listing(lambda: self._as_stored(namespace), lambda body: _end_of(body).check == check)

    async def create(self, caller: Identity, namespace: str, payload: Payload) -> Written | Refusal:
        """Create a silence; an expired one of the same name is replaced."""
        if not self._resources.access.allows(caller, "create", SILENCED.segment, namespace=namespace):
            return Denied()
        silence = await self._resources.incoming(caller, SILENCED, namespace, None, payload)
        if isinstance(silence, Invalid):
            return silence
        outcome = await self._resources.write(caller, put(SILENCED, silence, must=Must.BE_ABSENT))
        return await self._over_expired(caller, silence) if isinstance(outcome, Exists) else outcome

    async def _over_expired(self, caller: Identity, silence: Silenced) -> Written | Refusal:
        meta = silence.metadata
        before = await self._resources.store.get(key_of(SILENCED, meta.namespace, meta.name))
        if before is None or not self._is_over(before.body):
            return Exists()
        return await self._resources.write(caller, put(SILENCED, silence, etag_before=before.etag))

    async def replace(
        self, caller: Identity, namespace: str, name: str, payload: Payload, conditions: Conditions = ANY_STATE
    ) -> Written | Refusal:
        """Create or replace a silence."""
        return await self._resources.replace(caller, SILENCED, namespace, name, payload, conditions)

    async def delete(self, caller: Identity, namespace: str, name: str) -> Deleted | Refusal:
        """Delete a silence; one that has expired is deleted and reported as not found."""
        if not self._resources.access.allows(caller, "delete", SILENCED.segment, name=name, namespace=namespace):
            return Denied()
        stored = await self._resources.store.get(key_of(SILENCED, namespace, name))
        outcome = await self._resources.write(caller, delete(SILENCED, namespace, name))
        if stored is None or self._is_over(stored.body):
            return NotFound()
        return Deleted() if isinstance(outcome, Written) else outcome

    def _is_over(self, body: bytes) -> bool:
        return is_over(body, self._resources.clock.now())

    async def _lasting(self, chunks: _Chunks, keep: Callable[[bytes], bool]) -> _Chunks:
        async for items in chunks:
            yield [item for item in items if not self._is_over(item) and keep(item)]

    async def _as_stored(self, namespace: str | None) -> _Chunks:
        after: tuple[str, str] | None = None
        more = True
        while more:
            page = await self._resources.store.list(_KIND, namespace, after=after, limit=_MANY)
            yield [item.body for item in page.items]
            more = page.more
            if more:
                after = (page.items[-1].key.namespace, page.items[-1].key.name)
