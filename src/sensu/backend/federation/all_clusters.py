"""Asks all clusters of the federation the same: what each answers, and why one does not answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.federation.gateway import ClusterRequest, ClusterUnavailable, Gateway, NotPassedOn
from sensu.backend.services.web_settings import web_settings
from sensu.errors import InvalidResource
from sensu.resources.federation import FederatedCluster
from sensu.resources.wire import Wire, decode
from sensu.rules.gateway import LOCAL

AT_ONCE_MAX = 16
"""How many clusters a request asks at the same time."""
WITHIN_S = 5.0
"""How long a cluster may take; it then counts as one that cannot be asked."""
BODY_BYTES_MAX = 4 * 1024 * 1024
"""How many bytes the answer of a cluster may have; longer lists are asked for in pages."""
NAMESPACES = "/api/enterprise/user-namespaces"
T = TypeVar("T")


class ClusterView(msgspec.Struct, frozen=True):
    """A cluster and the namespaces that the caller may see in it; none, and an `error`, if it cannot be asked."""

    name: str
    local: bool
    api_urls: tuple[str, ...]
    namespaces: tuple[str, ...]
    error: str = ""


class ClusterViews(msgspec.Struct, frozen=True):
    """The clusters, this one first; `always_show_local_cluster` is that of the web UI's configuration."""

    always_show_local_cluster: bool
    clusters: tuple[ClusterView, ...]


class ClusterAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a cluster answered: the `status` and the JSON of its `body`, or an `error`.

    `next` continues a list after this page.
    """

    cluster: str
    status: int = 0
    body: msgspec.Raw | None = None
    next: str = ""
    error: str = ""


class _Name(Wire, frozen=True):
    name: str = ""


class AllClusters:
    """Asks this cluster and the others."""

    def __init__(self, gateway: Gateway, access: Access, records: Records) -> None:
        self._gateway, self._access, self._records = gateway, access, records

    async def namespaces(self, caller: Identity) -> ClusterViews:
        """The clusters with the namespaces that the caller may see in each."""
        here = ClusterView(LOCAL, True, (), tuple(self._access.visible_namespaces(caller)))
        others = await self._of_each(lambda cluster: self._view(caller, cluster))
        return ClusterViews(web_settings(self._records).always_show_local_cluster, (here, *others))

    async def answers(
        self, caller: Identity, request: ClusterRequest, here: Callable[[], Awaitable[ClusterAnswer]]
    ) -> Sequence[ClusterAnswer]:
        """What each cluster answers to a request; `here` asks this one."""
        others = self._of_each(lambda cluster: self._answer(caller, cluster, request))
        local, found = await asyncio.gather(here(), others)
        return (local, *found)

    async def _view(self, caller: Identity, cluster: FederatedCluster) -> ClusterView:
        answer = await self._answer(caller, cluster, ClusterRequest("GET", NAMESPACES, {}))
        names, error = tuple[str, ...](), answer.error
        if not error:
            try:
                names = tuple(one.name for one in decode(tuple[_Name, ...], answer.body or msgspec.Raw(b"")))
            except InvalidResource:
                error = f"the answer about its namespaces was {answer.status}"
        return ClusterView(cluster.metadata.name, False, cluster.api_urls or (), names, error)

    async def _answer(self, caller: Identity, cluster: FederatedCluster, request: ClusterRequest) -> ClusterAnswer:
        name = cluster.metadata.name
        try:
            async with asyncio.timeout(WITHIN_S), self._gateway.asked(caller, cluster, request) as answer:
                body = await answer.body(BODY_BYTES_MAX)
                return cluster_answer(name, answer.status, body, answer.headers.get("sensu-continue", ""))
        except TimeoutError:
            return ClusterAnswer(name, error=f"the cluster {name} did not answer within {WITHIN_S:g} s")
        except (ClusterUnavailable, NotPassedOn) as err:
            return ClusterAnswer(name, error=str(err))

    async def _of_each(self, ask: Callable[[FederatedCluster], Awaitable[T]]) -> Sequence[T]:
        """What is found for each other cluster, in the order of their names."""
        room = asyncio.Semaphore(AT_ONCE_MAX)

        async def one(cluster: FederatedCluster) -> T:
            async with room:
                return await ask(cluster)

        return await asyncio.gather(*(one(cluster) for cluster in self._gateway.clusters()))


def cluster_answer(cluster: str, status: int, body: bytes, after: str = "") -> ClusterAnswer:
    """The answer of a cluster with a JSON body, or the error that it is none."""
    try:
        return ClusterAnswer(cluster, status, decode(msgspec.Raw, body), after)
    except InvalidResource:
        return ClusterAnswer(cluster, status, error=f"the answer was {status} without JSON")
