"""Prunes resources: deletes those that sensuctl created and the configuration no longer contains.

Source: docs, "Prune API".
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from sensu.backend.auth.identity import Identity
from sensu.backend.services.entities import Entities
from sensu.backend.services.lists import resource_walk, selection_of
from sensu.backend.services.outcomes import Deleted, Denied, Invalid, Refusal
from sensu.backend.services.pages import PageRequest
from sensu.backend.services.payload import Payload
from sensu.backend.services.resources import Resources
from sensu.errors import InvalidResource
from sensu.resources.kinds import ENTITY, USER, Kind
from sensu.resources.wire import Wire, convert_client, parse_json
from sensu.rules.pruning import ConfiguredPlace, PruningCandidate, candidate_of, is_pruned, pruned_kinds

PRUNED_MAX = 5_000
"""How many resources one request prunes at most; another request prunes the rest."""
KEPT_MAX = 100_000


class PrunedResource(Wire, frozen=True):
    """A resource in the body of a request (it is kept), or in the answer (it was pruned)."""

    type: str = ""
    api_version: str = ""
    name: str = ""
    namespace: str = ""
    labels: dict[str, str] = {}
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """The query of a request; without `users`, resources of the caller are pruned."""

    types: tuple[str, ...]
    namespaces: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    label_selectors: tuple[str, ...] = ()
    all_users: bool = False
    cluster_wide: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was pruned, or would be; `denied` resources stayed because the caller may not delete them."""

    resources: list[PrunedResource]
    denied: int = 0
    complete: bool = True


class Pruning:
    """Deletes resources that a configuration no longer contains."""

    def __init__(self, resources: Resources, entities: Entities) -> None:
        self._resources, self._entities = resources, entities

    async def prune(self, caller: Identity, request: PruneRequest, payload: Payload) -> Pruned | Refusal:
        """Delete what sensuctl created and the body does not contain, of the types and users that are named."""
        try:
            kinds = pruned_kinds(request.types, cluster_wide=request.cluster_wide)
            authors = self._authors(caller, request)
            kept = _kept(await payload())
        except InvalidResource as err:
            return Invalid(str(err))
        if authors == frozenset():
            return Denied()
        if not request.types:
            return Invalid("types must name at least one type, or be all")
        if not request.namespaces and any(kind.namespaced for kind in kinds) and not request.cluster_wide:
            return Invalid("namespaces must name at least one namespace, or clusterWide must be true")
        found, denied = list[PrunedResource](), 0
        for kind in kinds:
            candidates = self._candidates(kind, request)
            if isinstance(candidates, Invalid):
                return candidates
            chosen = [one async for one in candidates if is_pruned(one, kept, authors)]
            for one in chosen:
                if len(found) == PRUNED_MAX:
                    return Pruned(found, denied, complete=False)
                if not self._may_delete(caller, kind, one):
                    denied += 1
                elif request.dry_run or await self._deleted(caller, kind, one):
                    found.append(_shown(one))
        return Pruned(found, denied)

    def _authors(self, caller: Identity, request: PruneRequest) -> frozenset[str] | None:
        """The users whose resources are pruned: None for all, none if the caller may not prune those of others."""
        if request.all_users and request.users:
            raise InvalidResource("allUsers and users are mutually exclusive")
        authors = frozenset(request.users or (caller.username,))
        others = request.all_users or authors != {caller.username}
        if others and not self._resources.access.allows(caller, "list", USER.segment):
            return frozenset()
        return None if request.all_users else authors

    def _candidates(self, kind: Kind, request: PruneRequest) -> AsyncIterator[PruningCandidate] | Invalid:
        selection = selection_of(kind, PageRequest(label_selectors=request.label_selectors))
        if isinstance(selection, Invalid):
            return selection
        store = self._resources.store

        async def read() -> AsyncIterator[PruningCandidate]:
            for namespace in dict.fromkeys(request.namespaces) if kind.namespaced else ("",):
                async for items in resource_walk(store, kind, namespace or None, selection)(None):
                    for _, body in items:
                        if selection is None or selection.holds(body):
                            yield candidate_of(kind, msgspec.json.decode(body))

        return read()

    def _may_delete(self, caller: Identity, kind: Kind, one: PruningCandidate) -> bool:
        place = one.place
        return self._resources.access.allows(caller, "delete", kind.segment, name=place.name, namespace=place.namespace)

    async def _deleted(self, caller: Identity, kind: Kind, one: PruningCandidate) -> bool:
        """Delete a resource; returns whether it was still there."""
        namespace, name = one.place.namespace, one.place.name
        if kind is ENTITY:
            outcome = await self._entities.delete(caller, namespace, name)
        else:
            outcome = await self._resources.delete(caller, kind, namespace, name)
        return isinstance(outcome, Deleted)


def _shown(one: PruningCandidate) -> PrunedResource:
    return PrunedResource(**one.place._asdict(), labels=dict(one.labels), created_by=one.created_by)


def _kept(body: bytes) -> frozenset[ConfiguredPlace]:
    """The resources in a body: one, a list of them, or none; raises InvalidResource."""
    parsed = parse_json(body) if body.strip() else []
    items = parsed if isinstance(parsed, list) else [] if parsed is None else [parsed]
    if len(items) > KEPT_MAX:
        raise InvalidResource(f"the body has {len(items)} resources, but at most {KEPT_MAX} are allowed")
    kept = (convert_client(PrunedResource, item) for item in items)
    return frozenset(ConfiguredPlace(one.type, one.api_version, one.namespace, one.name) for one in kept)
