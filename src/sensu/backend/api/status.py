"""The endpoints for health, readiness, version and metrics; they need no authentication.

Source: docs, "Health API", "Version API", "Metrics API";
recorded scenarios server-health, server-version, server-ready.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sensu.backend.api.cluster import TIMEOUT, Member, Members, bad_timeout, timeout_of
from sensu.backend.api.errors import away, starting
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, text
from sensu.backend.api.router import TEXT, Route
from sensu.backend.initialise import is_initialised
from sensu.backend.metrics import BackendMetrics
from sensu.backend.ports import Peers
from sensu.errors import StoreError
from sensu.resources.wire import encode
from sensu.store.contract import Store

EXPOSITION_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_API_GROUPS = {"core/v2": "v2.16.0", "core/v3": "v3.8.0"}
ETCD_VERSIONS = {"etcdserver": "3.5.5", "etcdcluster": "3.5.0"}
"""The backend does not use etcd; these are the versions that Sensu Go's clients expect."""
HEALTH_TIMEOUT_S = 3.0
"""How long to wait for the store by default. Source: docs, "Health API"."""

NOT_INITIALISED = "the database is not initialised, so no user can log in: run sensu-backend init"


def routes(
    store: Store,
    members: Members,
    metrics: BackendMetrics,
    ready: Callable[[], bool],
    version: str,
    peers: Peers,
) -> Iterator[Route]:
    """The routes for health, readiness, version and metrics."""
    endpoint = StatusEndpoint(store, members, metrics, ready, version, peers)
    yield Route("GET", "/health", endpoint.health, open=True, early=True, media_type=TEXT, queries=TIMEOUT)
    yield Route("GET", "/ready", endpoint.readiness, open=True, early=True, media_type=TEXT)
    yield Route("GET", "/version", endpoint.versions, open=True, early=True, media_type=TEXT)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        yield Route(method, "/metrics", endpoint.exposition, open=True, early=True, media_type=EXPOSITION_TYPE.decode())


class StatusEndpoint:
    """Handles requests that monitor the backend."""

    def __init__(
        self,
        store: Store,
        members: Members,
        metrics: BackendMetrics,
        ready: Callable[[], bool],
        version: str,
        peers: Peers,
    ) -> None:
        self._peers = peers
        self._store = store
        self._members = members
        self._metrics = metrics
        self._ready = ready
        self._versions = encode({"etcd": ETCD_VERSIONS, "sensu_backend": version, "api_groups": _API_GROUPS})

    async def health(self, request: Request) -> Response:
        """Show the health of each backend; the status is 200 even if one is unhealthy."""
        timeout_s = timeout_of(request)
        if timeout_s is None:
            return bad_timeout(request)
        return text(await health_json(self._store, self._members, self._peers, timeout_s))

    async def readiness(self, request: Request) -> Response:
        """Check whether the backend is ready: it has started, and its database can be used."""
        if not self._ready():
            return starting()
        try:
            await self._store.feed.caught_up()
        except StoreError:
            return away()
        return text("ready\n")

    async def versions(self, request: Request) -> Response:
        """Show the versions of the backend and its interfaces."""
        return text(self._versions)

    async def exposition(self, request: Request) -> Response:
        """Get the metrics in the Prometheus text format."""
        others = await self._peers.numbers()
        return text(self._metrics.exposition(others), content_type=EXPOSITION_TYPE)


async def health_json(store: Store, members: Members, peers: Peers, timeout_s: float = HEALTH_TIMEOUT_S) -> bytes:
    """The health of all members as this one sees it; waits `timeout_s` for the store (0: no limit).

    What workers report is the health of the one backend that they are.
    """
    problems: Mapping[int, str] = {}
    try:
        async with asyncio.timeout(timeout_s if timeout_s > 0 else None):
            problem = await store.healthy()
            if not problem and not await is_initialised(store):
                problem = NOT_INITIALISED
            if not problem:
                problems = await peers.problems()
    except TimeoutError:
        problem = f"the store did not answer within {timeout_s} s"
    own, found = members.own, members.all()
    numbers = {one.status.number for one in found if one.status}
    problem = "; ".join(filter(None, (problem, *(said for number, said in problems.items() if number not in numbers))))
    shown = [_health_of(own, problem)]
    if warnings := store.warnings():
        shown[0]["Warnings"] = warnings
    others = [one for one in found if one.status and one.id != own.id]
    shown += [_health_of(one, problems.get(one.status.number, "")) for one in others if one.status]
    return encode({"Alarms": None, "ClusterHealth": shown, "Header": members.header})


def _health_of(member: Member, problem: str) -> dict[str, Any]:
    return {
        "MemberID": member.id,
        "MemberIDHex": f"{member.id:x}",
        "Name": member.name,
        "Err": problem,
        "Healthy": not problem,
    }
