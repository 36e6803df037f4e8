"""The use cases of all kinds of resources: list, get, create, replace, patch, delete."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace as replaced_in
from typing import Any

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services import merging
from sensu.backend.services.administrators import administrator_kept
from sensu.backend.services.audit import AUDITED_KINDS, AuditLog
from sensu.backend.services.built_in import built_in, found_in, in_namespace, is_built_in, unchangeable, with_built_in
from sensu.backend.services.key_locks import KeyLocks
from sensu.backend.services.lists import Pages, place_order, resource_walk, selection_of
from sensu.backend.services.outcomes import (
    Deleted,
    Denied,
    Exists,
    Found,
    Invalid,
    Listing,
    NotFound,
    PreconditionFailed,
    Refusal,
    Written,
    namespace_missing,
)
from sensu.backend.services.pages import PageRequest, resource_position, resource_token
from sensu.backend.services.payload import ANY_STATE, Conditions, Payload, decoded_kind, merge_patch_of
from sensu.backend.services.recent_resources import RecentResources
from sensu.backend.services.sealed_values import SealedValues
from sensu.backend.stored_form import delete, key_of, put
from sensu.clock import Clock
from sensu.resources.documents import encoded
from sensu.resources.kinds import Kind, name_of, namespace_of
from sensu.resources.silenced import Silenced
from sensu.resources.wire import Wire
from sensu.rules.kinds.kind_rules import FieldProblem
from sensu.rules.kinds.silenced import NO_LIMITS, SilenceLimits
from sensu.rules.kinds.table import RULES, completed, problem_of
from sensu.store.contract import Store
from sensu.store.values import (
    Committed,
    Conflict,
    DeleteResource,
    Expect,
    Key,
    Must,
    PutResource,
    Refused,
    Stored,
    Write,
)

PATCH_ATTEMPTS = 5

ScriptCheck = Callable[[Wire], Awaitable[str | None]]
"""Returns the problem with the JavaScript of a resource, or None."""

Consequences = Callable[[PutResource | DeleteResource, Stored | None], Sequence[Write]]
"""Returns what is written together with a change of a resource (None: there was none before)."""


class Resources:
    """Reads and writes resources of every kind. Each use case begins by checking the caller's permission."""

    def __init__(
        self,
        store: Store,
        access: Access,
        clock: Clock,
        check_scripts: ScriptCheck,
        audit: AuditLog,
        sealed: SealedValues,
        alone: bool = True,
        consequences: Consequences = lambda _write, _before: (),
        silence_limits: SilenceLimits = NO_LIMITS,
    ) -> None:
        """`alone` says that no other process writes to the store."""
        self.store = store
        self._audit = audit
        self._locks = KeyLocks()
        self._recent = RecentResources(store)
        self.sealed = sealed
        self._consequences = consequences
        self._alone = alone
        self._silence_limits = silence_limits
        self.access = access
        self.clock = clock
        self.script_problem = check_scripts

    async def get(self, caller: Identity, kind: Kind, namespace: str, name: str) -> Found | Refusal:
        """A resource."""
        if not self.access.allows(caller, "get", kind.segment, name=name, namespace=namespace):
            return Denied()
        stored = await self.store.get(key_of(kind, namespace, name))
        if stored is None:
            return await built_in(self.store, kind, namespace, name) or NotFound()
        return Found(self.sealed.shown(caller, kind, stored.body, stored.public), stored.etag)

    async def listing(
        self, caller: Identity, kind: Kind, namespace: str | None, page: PageRequest
    ) -> Listing | Refusal:
        """The resources of a namespace, or of all namespaces or the cluster (None)."""
        if not self.access.allows(caller, "list", kind.segment, namespace=namespace or ""):
            return Denied()
        found = await self.page_of(kind, namespace, page)
        if isinstance(found, Invalid) or not self.sealed.has_any(kind):
            return found
        return replaced_in(found, chunks=self.sealed.shown_list(caller, kind, found.chunks))

    async def page_of(self, kind: Kind, namespace: str | None, page: PageRequest) -> Listing | Invalid:
        """A page of the resources of a kind, for a caller who may read all of them.

        Only lists of one namespace contain built-in resources.
        """
        word = kind.qualified_name
        selection = selection_of(kind, page)
        if isinstance(selection, Invalid):
            return selection
        more = kind.built_in if namespace is not None else ()
        total = await self.store.count(word, namespace) + len(more) if selection is None else None
        if page.is_whole and not more:
            return Listing(self.store.bodies(word, namespace), total=total)
        walk = resource_walk(self.store, kind, namespace, selection)
        if namespace is not None and more:
            walk = with_built_in(walk, kind, namespace)
        pages = Pages(walk, place_order, selection)
        after = resource_position(namespace, page.after)
        return await pages.listing(page, after, lambda place: resource_token(namespace, *place), total)

    async def create(self, caller: Identity, kind: Kind, namespace: str, payload: Payload) -> Written | Refusal:
        """Create a resource."""
        if not self.access.allows(caller, "create", kind.segment, namespace=namespace):
            return Denied()
        resource = await self.incoming(caller, kind, namespace, None, payload)
        if isinstance(resource, Invalid):
            return resource
        if is_built_in(kind, resource):
            return _as_built_in(kind, resource)
        return await self.write(caller, put(kind, resource, must=Must.BE_ABSENT))

    async def replace(
        self,
        caller: Identity,
        kind: Kind,
        namespace: str,
        name: str,
        payload: Payload,
        conditions: Conditions = ANY_STATE,
    ) -> Written | Refusal:
        """Create or replace the resource of that name, if its state meets the conditions."""
        if not self.access.allows(caller, "update", kind.segment, name=name, namespace=namespace):
            return Denied()
        resource = await self.incoming(caller, kind, namespace, name, payload)
        if isinstance(resource, Invalid):
            return resource
        if is_built_in(kind, resource):
            return _as_built_in(kind, resource)
        if conditions == ANY_STATE:
            return await self.write(caller, put(kind, resource))
        stored = await self.store.get(key_of(kind, namespace, name))
        if stored is None:
            write = None if conditions.if_match else put(kind, resource, must=Must.BE_ABSENT)
        else:
            held = merging.holds(conditions, stored.etag)
            write = put(kind, resource, must=Must.BE_PRESENT, etag_before=stored.etag) if held else None
        if write is None:
            return PreconditionFailed(f"at least one condition failed for the {kind.word} {name}")
        return await self.write(caller, write)

    async def patch(
        self, caller: Identity, kind: Kind, namespace: str, name: str, payload: Payload, conditions: Conditions
    ) -> Written | Refusal:
        """Apply a merge patch (RFC 7396) to a resource; its name and namespace cannot change.

        The response echoes an empty list as `[]`, although some kinds later return it as `null`.
        Source: recorded scenario patch-null.
        """
        if not self.access.allows(caller, "update", kind.segment, name=name, namespace=namespace):
            return Denied()
        if (fixed := unchangeable(kind, name, "changed")) is not None:
            return fixed
        patch = await merge_patch_of(kind, payload)
        if isinstance(patch, Invalid):
            return patch
        where = f"/sensu.io/{kind.store_prefix}/{namespace + '/' if kind.namespaced else ''}{name}"

        echoed = b""

        def merge(stored: Stored) -> Any | Invalid:
            nonlocal echoed
            merged = merging.merged(kind, msgspec.json.decode(stored.body), patch, namespace, name)
            validated = merged if isinstance(merged, Invalid) else self.validated(caller, kind, merged, bare=True)
            kept = validated if isinstance(validated, Invalid) else self.sealed.sealed_over(validated, stored)
            echoed = b"" if isinstance(kept, Invalid) else encoded(kind, RULES[kind].shown(kept))
            return kept

        problem = merging.problem_of_identity(patch, namespace, name)
        if problem:
            return Invalid(problem)
        outcome = await self.amend(caller, kind, namespace, name, merge, conditions=conditions, where=where)
        return Written(echoed, outcome.etag) if isinstance(outcome, Written) else outcome

    async def delete(self, caller: Identity, kind: Kind, namespace: str, name: str) -> Deleted | Refusal:
        """Delete a resource."""
        if not self.access.allows(caller, "delete", kind.segment, name=name, namespace=namespace):
            return Denied()
        if (fixed := unchangeable(kind, name, "deleted")) is not None:
            return fixed
        outcome = await self.write(caller, delete(kind, namespace, name))
        return Deleted() if isinstance(outcome, Written) else outcome

    async def incoming(
        self, caller: Identity, kind: Kind, namespace: str, name: str | None, payload: Payload
    ) -> Any | Invalid:
        """Decode, complete and validate a resource that was sent to a URL; without `name`, any name is accepted."""
        resource = await decoded_kind(kind, payload)
        if isinstance(resource, Invalid):
            return resource
        if kind.wrapped and kind.namespaced and not namespace_of(resource):
            resource = in_namespace(resource, namespace)  # Source: docs, "enterprise/bsm/v1" (examples)
        problem = mismatch(kind, resource, namespace, name)
        if problem:
            return Invalid(problem)
        complete = self.validated(caller, kind, with_author(resource, caller))
        if isinstance(complete, Invalid) or is_built_in(kind, complete):
            return complete
        problem = await self.script_problem(complete)
        return _invalid(kind, problem) if problem else await self.sealed.sealed(complete)

    def validated(self, caller: Identity, kind: Kind, resource: Any, *, bare: bool = False) -> Any | Invalid:
        """The resource completed, or the reason why it is invalid, worded as for a patch if `bare`."""
        complete = completed(resource, username=caller.username, now=self.clock.now())
        problem = problem_of(complete)
        if problem is None and isinstance(complete, Silenced):
            limited = self._silence_limits.applied(complete)
            if not isinstance(limited, FieldProblem):
                return limited
            problem = limited.message
        if problem is None:
            return complete
        return Invalid(problem) if bare else _invalid(kind, problem)

    async def amend(
        self,
        caller: Identity,
        kind: Kind,
        namespace: str,
        name: str,
        change: Callable[[Stored], Any | Invalid],
        *,
        conditions: Conditions = ANY_STATE,
        where: str = "",
        beside: Sequence[Write] = (),
    ) -> Written | Refusal:
        """Replace the stored resource with the result of `change`; repeated if another request changed it meanwhile.

        `where` is its name in messages; the writes in `beside` are committed with it or not at all.
        """
        for _ in range(PATCH_ATTEMPTS):
            stored = await self.store.get(key_of(kind, namespace, name))
            if stored is None:
                return NotFound(f"key {where} not found") if where else NotFound()
            if not merging.holds(conditions, stored.etag):
                break
            resource = change(stored)
            if isinstance(resource, Invalid):
                return resource
            problem = await self.script_problem(resource)
            if problem is not None:
                return Invalid(problem)
            write = put(kind, resource, must=Must.BE_PRESENT, etag_before=stored.etag)
            outcome = await self.write(caller, write, *beside)
            if not isinstance(outcome, PreconditionFailed | NotFound):
                return outcome
        return PreconditionFailed(f"at least one condition failed for the key {where}")

    async def write(self, caller: Identity, first: PutResource | DeleteResource, *others: Write) -> Written | Refusal:
        """Commit writes together with their audit entries; the outcome is that of the first write."""
        outcome = await self._commit(caller, (first, *others))
        if isinstance(outcome, Exists):
            return outcome
        if isinstance(outcome, Refused):
            return refusal_of(outcome.conflict, first.key.namespace if isinstance(first, PutResource) else "")
        if isinstance(first, PutResource):
            return Written(first.body if first.shown is None else first.shown, first.etag)
        return Written()

    async def _commit(self, caller: Identity, writes: Sequence[Write]) -> Committed | Refused | Exists:
        """Commit writes and their audit entries, unless no administrator would remain."""
        known = [w for w in writes if isinstance(w, PutResource | DeleteResource) and w.key.kind in AUDITED_KINDS]
        async with self._locks.held(write.key for write in known):
            while True:
                expected, audited, replaced = list[Write](), list[Write](), dict[Key, Stored | None]()
                for write in known:
                    before = replaced[write.key] = await self._recent.get(write.key)
                    expected.append(Expect(write.key, None if before is None else before.etag))
                    audited += self._audit.of_change(caller, write, before)
                    audited += self._consequences(write, before)
                kept = () if caller.forces else await administrator_kept(self.store, known, replaced)
                if isinstance(kept, Exists):
                    return kept
                if self._alone and not kept:
                    return await self.store.commit((*writes, *audited))
                outcome = await self.store.commit((*expected, *kept, *writes, *audited))
                if not isinstance(outcome, Refused) or outcome.conflict is not Conflict.CHANGED:
                    return outcome
                self._recent.forget(write.key for write in known)


def _as_built_in(kind: Kind, resource: Any) -> Written:
    """The outcome for a client that sends a built-in resource as it is."""
    found = found_in(kind, namespace_of(resource), name_of(resource))
    return Written(found.body, found.etag)


def _invalid(kind: Kind, problem: str) -> Invalid:
    return Invalid(problem if RULES[kind].bare_wording else f"resource is invalid: {problem}")


def mismatch(kind: Kind, resource: Any, namespace: str, name: str | None) -> str | None:
    """The contradiction between a resource and the URL that it was sent to, or None.

    Source: recorded scenarios checks-invalid, assets-invalid.
    """
    own_namespace, own_name = namespace_of(resource), name_of(resource)
    if kind.namespaced and own_namespace != namespace:
        return f"the namespace of the resource ({own_namespace}) does not match the namespace of the URI ({namespace})"
    if name is not None and own_name != name:
        return f"the name of the resource ({own_name}) does not match the name of the URI ({name})"
    return None


def with_author(resource: Any, caller: Identity) -> Any:
    """The resource with the caller as its author, if its kind has one.

    Source: recorded scenario http-bodies (created_by in the body is overwritten).
    """
    metadata = getattr(resource, "metadata", None)
    if metadata is None or metadata.created_by == caller.username:
        return resource
    author = msgspec.structs.replace(metadata, created_by=caller.username)
    return msgspec.structs.replace(resource, metadata=author)


def refusal_of(conflict: Conflict, namespace: str) -> Refusal:
    """The outcome of a refused commit for the caller."""
    if conflict is Conflict.EXISTS:
        return Exists()
    if conflict is Conflict.NOT_FOUND:
        return NotFound()
    if conflict is Conflict.ETAG:
        return PreconditionFailed("the resource was changed by another request")
    if conflict is Conflict.NAMESPACE_NOT_EMPTY:
        return Exists("resource is invalid: namespace is not empty")
    return namespace_missing(namespace)
