"""Namespaces: which are visible to a caller, and what is created and deleted with them.

Source: docs, "Namespaces API"; recorded scenarios namespaces-lifecycle, namespaces-visible, namespaces-delete-nonempty.
"""

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.auth.seeds import namespace_writes
from sensu.backend.services.lists import selection_of
from sensu.backend.services.outcomes import Deleted, Denied, Found, Invalid, Listing, NotFound, Refusal, Written
from sensu.backend.services.pages import PageRequest, one_chunk, text_of, token_of
from sensu.backend.services.payload import Conditions, Payload
from sensu.backend.services.resources import Resources
from sensu.backend.services.silences import is_over
from sensu.backend.stored_form import key_of, put
from sensu.resources.kinds import ALL_KINDS, EVENT, NAMESPACE, ROLE, ROLE_BINDING, SILENCED
from sensu.resources.namespace import Namespace
from sensu.resources.wire import encode
from sensu.rules.kinds.table import KEEPING_A_NAMESPACE
from sensu.store.values import DeleteResource, Expect, Must

_KEEPING = tuple(kind.qualified_name for kind in KEEPING_A_NAMESPACE)
_WITHIN = tuple(kind for kind in ALL_KINDS if kind.namespaced and (kind.dump_order or kind is EVENT))
"""The kinds whose resources lie in a namespace."""


class ContentsOfKind(msgspec.Struct, frozen=True):
    """How many resources of a kind there are, and whether they prevent the deletion of their namespace."""

    type: str
    resource: str
    count: int
    keeps: bool


class NamespaceContents(msgspec.Struct, frozen=True):
    """What lies in a namespace, of the kinds that the caller may list; `hidden` are the others."""

    namespace: str
    kinds: tuple[ContentsOfKind, ...]
    hidden: tuple[str, ...]


class Namespaces:
    """Creates, reads and deletes namespaces."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def listing(self, caller: Identity, page: PageRequest) -> Listing | Refusal:
        """The namespaces that are visible to the caller."""
        selection = selection_of(NAMESPACE, page)
        if isinstance(selection, Invalid):
            return selection
        names = self._resources.access.visible_namespaces(caller)
        stored = await self._resources.store.list(NAMESPACE.qualified_name, None)
        shown = {one.key.name: one.public for one in stored.items}
        bodies = [(name, shown.get(name) or encode(Namespace(name=name))) for name in names]
        chosen = [one for one in bodies if selection is None or selection.holds(one[1])]
        first = text_of(page.after)
        rest = [one for one in chosen if one[0] > first]
        page_of = rest[: page.limit] if page.limit else rest
        after = token_of(page_of[-1][0]) if len(page_of) < len(rest) else ""
        return Listing(one_chunk([body for _, body in page_of]), after, len(chosen))

    async def get(self, caller: Identity, name: str) -> Found | Refusal:
        """A namespace that is visible to the caller."""
        if name not in self._resources.access.visible_namespaces(caller):
            return NotFound()
        stored = await self._resources.store.get(key_of(NAMESPACE, "", name))
        return NotFound() if stored is None else Found(stored.public, stored.etag)

    async def create(self, caller: Identity, payload: Payload) -> Written | Refusal:
        """Create a namespace, with the role and binding that its pipelines need."""
        if not self._resources.access.allows(caller, "create", NAMESPACE.segment):
            return Denied()
        return await self._put(caller, None, payload, Must.BE_ABSENT)

    async def replace(self, caller: Identity, name: str, payload: Payload) -> Written | Refusal:
        """Create or replace a namespace, and restore its role and binding."""
        if not self._resources.access.allows(caller, "update", NAMESPACE.segment, name=name):
            return Denied()
        return await self._put(caller, name, payload, Must.ANY)

    async def patch(self, caller: Identity, name: str, payload: Payload, conditions: Conditions) -> Written | Refusal:
        """Apply a merge patch to a namespace; its name cannot change."""
        return await self._resources.patch(caller, NAMESPACE, "", name, payload, conditions)

    async def delete(self, caller: Identity, name: str) -> Deleted | Refusal:
        """Delete an empty namespace, with the role and binding of its pipelines."""
        if not self._resources.access.allows(caller, "delete", NAMESPACE.segment, name=name):
            return Denied()
        await self._drop_expired_silences(name)
        removal = DeleteResource(key_of(NAMESPACE, "", name), empty_of=_KEEPING)
        beside = (DeleteResource(write.key, Must.ANY) for write in namespace_writes(name))
        outcome = await self._resources.write(caller, removal, *beside)
        return Deleted() if isinstance(outcome, Written) else outcome

    async def contents(self, caller: Identity, name: str) -> Found | Refusal:
        """What lies in a namespace that is visible to the caller, as JSON of `NamespaceContents`."""
        if name not in self._resources.access.visible_namespaces(caller):
            return NotFound()
        store, now = self._resources.store, self._resources.clock.now()
        found, hidden = list[ContentsOfKind](), list[str]()
        for kind in _WITHIN:
            if not self._resources.access.allows(caller, "list", kind.segment, namespace=name):
                hidden.append(kind.segment)
                continue
            if kind is EVENT:
                number = await store.count_events(name)
            elif kind is SILENCED:
                stored = await store.list(SILENCED.qualified_name, name)
                number = sum(not is_over(one.body, now) for one in stored.items)
            else:
                number = await store.count(kind.qualified_name, name)
            if number:
                found.append(ContentsOfKind(kind.type, kind.segment, number, kind.qualified_name in _KEEPING))
        return Found(encode(NamespaceContents(name, tuple(found), tuple(dict.fromkeys(hidden)))))

    async def _drop_expired_silences(self, namespace: str) -> None:
        """Delete expired silences, which do not prevent the deletion; one that was created again meanwhile is kept."""
        store, now = self._resources.store, self._resources.clock.now()
        for stored in (await store.list(SILENCED.qualified_name, namespace)).items:
            if is_over(stored.body, now):
                await store.commit([Expect(stored.key, stored.etag), DeleteResource(stored.key)])

    async def _put(self, caller: Identity, name: str | None, payload: Payload, must: Must) -> Written | Refusal:
        namespace = await self._resources.incoming(caller, NAMESPACE, "", name, payload)
        if isinstance(namespace, Invalid):
            return namespace
        for kind in (ROLE, ROLE_BINDING):
            if not self._resources.access.allows(caller, "update", kind.segment, namespace=namespace.name):
                return Denied()
        beside = namespace_writes(namespace.name, caller.username)
        return await self._resources.write(caller, put(NAMESPACE, namespace, must=must), *beside)
