"""Reads resources for a query, with the permissions of its caller."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLResolveInfo

from sensu.backend.auth.identity import Identity
from sensu.backend.graphql.bounds import SEARCHED_MAX, RemainingCost
from sensu.backend.graphql.node_ids import NodeId
from sensu.backend.graphql.use_cases import UseCases
from sensu.backend.services.outcomes import Found, Listing, Refusal
from sensu.backend.services.pages import PageRequest
from sensu.resources.kinds import EVENT, NAMESPACE, SILENCED, Kind
from sensu.resources.silenced import Silenced
from sensu.resources.wire import decode
from sensu.rules.silencing import SilenceIndex

WHOLE = PageRequest()


@dataclass(frozen=True, slots=True)
class Bodies:
    """The resources of a list as JSON; `partial` if more exist."""

    items: Sequence[bytes] = ()
    partial: bool = False


NONE = Bodies()


class QueryReader:
    """Reads for one query, each resource once. Resources that the caller may not read appear not to exist.

    Reads run one at a time, so that a query loads the store no more than any other request.
    """

    def __init__(self, use_cases: UseCases, caller: Identity, work: RemainingCost) -> None:
        self.use_cases = use_cases
        self.caller = caller
        self.work = work
        self._turn = asyncio.Lock()
        self._found: dict[NodeId, Any] = {}
        self._lists: dict[tuple[Kind, str | None, str | None], Bodies] = {}
        self._silences: dict[str, SilenceIndex] = {}

    @property
    def is_known(self) -> bool:
        """Whether the caller is authenticated."""
        return bool(self.caller.username)

    def forget(self) -> None:
        """Clear the cache, so that resources are read again."""
        self._found.clear()
        self._lists.clear()
        self._silences.clear()

    async def one(self, info: "Info", kind: Kind, namespace: str, name: str) -> Any | None:
        """A resource for a field, None if the caller may not read it; the name of an event is `ENTITY/CHECK`."""
        node = NodeId(kind, namespace, name)
        self.work.shown(1, info)
        async with self._turn:
            if node not in self._found:
                outcome = await self._get(node) if self.is_known else None
                self._found[node] = decode(kind.shape, outcome.body) if isinstance(outcome, Found) else None
            return self._found[node]

    async def named(self, info: "Info", kind: Kind, namespace: str, names: Iterable[str] | None) -> list[Any]:
        """The resources of these names that the caller may read, for a field."""
        found = [await self.one(info, kind, namespace, name) for name in names or ()]
        return [one for one in found if one is not None]

    async def _get(self, node: NodeId) -> Found | Refusal:
        cases, caller = self.use_cases, self.caller
        if node.kind is NAMESPACE:
            return await cases.namespaces.get(caller, node.name)
        if node.kind is EVENT:
            return await cases.events.get(caller, node.event_key)
        if node.kind is SILENCED:
            return await cases.silences.get(caller, node.namespace, node.name)
        return await cases.resources.get(caller, node.kind, node.namespace, node.name)

    async def bodies(self, kind: Kind, namespace: str | None, entity: str | None = None) -> Bodies:
        """The resources of a namespace, or the events of an entity, up to the limit of a search."""
        at = (kind, namespace, entity)
        async with self._turn:
            if at not in self._lists:
                self._lists[at] = await self._searched(*at)
            found = self._lists[at]
        self.work.searched(len(found.items))
        return found

    async def _searched(self, kind: Kind, namespace: str | None, entity: str | None) -> Bodies:
        outcome = await self._listing(kind, namespace, entity) if self.is_known else None
        if not isinstance(outcome, Listing):
            return NONE
        found: list[bytes] = []
        async with aclosing(outcome.chunks) as chunks:  # type: ignore[type-var]
            async for items in chunks:
                found += items
                if len(found) > SEARCHED_MAX:
                    return Bodies(found[:SEARCHED_MAX], partial=True)
        return Bodies(found)

    async def _listing(self, kind: Kind, namespace: str | None, entity: str | None) -> Listing | Refusal:
        cases, caller = self.use_cases, self.caller
        if kind is NAMESPACE:
            return await cases.namespaces.listing(caller, WHOLE)
        if kind is EVENT:
            return await cases.events.listing(caller, namespace, entity, WHOLE)
        if kind is SILENCED:
            return await cases.silences.listing(caller, namespace, WHOLE)
        return await cases.resources.listing(caller, kind, namespace, WHOLE)

    async def silences(self, namespace: str) -> list[Silenced]:
        """The silences of a namespace."""
        found = await self.bodies(SILENCED, namespace)
        return [decode(Silenced, body) for body in found.items]

    async def silence_index(self, namespace: str) -> SilenceIndex:
        """An index of the silences of a namespace, to find those of events."""
        if namespace not in self._silences:
            self._silences[namespace] = SilenceIndex(await self.silences(namespace))
        return self._silences[namespace]


Info = GraphQLResolveInfo[QueryReader]
"""The context of a field."""
