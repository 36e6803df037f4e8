"""The endpoints of the federation's gateway: all clusters with their namespaces, and requests to one or all of them."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

from sensu.backend.api.errors import INTERNAL, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, problem, unavailable
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, Streamed, json
from sensu.backend.api.router import Route
from sensu.backend.federation.all_clusters import (
    BODY_BYTES_MAX,
    AllClusters,
    ClusterAnswer,
    ClusterViews,
    cluster_answer,
)
from sensu.backend.federation.gateway import (
    ClusterBusy,
    ClusterLate,
    ClusterRequest,
    ClusterUnavailable,
    Gateway,
    GatewayAnswer,
    NotPassedOn,
)
from sensu.backend.ports import Application
from sensu.log import fields
from sensu.resources.wire import encode
from sensu.rules.gateway import ALL, LOCAL, ROOT, refusal_of, sent_headers

logger = logging.getLogger("sensu.federation")

EMPTY = (204, 304)
WHOLE_BYTES_MAX = 1024 * 1024
"""An answer of at most this size is sent as a whole, so that it can be compressed for browsers."""


class LocalApi:
    """The API of this process, for requests to all clusters; `serve` sets it."""

    def __init__(self) -> None:
        self._application: Application | None = None

    def serve(self, application: Application) -> None:
        """Answer with this application."""
        self._application = application

    async def answer(self, scope: Mapping[str, Any], path: str) -> ClusterAnswer:
        """What this cluster answers to a GET."""
        assert self._application is not None
        heard: list[Any] = []
        size = 0

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(part: Any) -> None:
            nonlocal size
            size += len(part.get("body", b""))
            if size <= BODY_BYTES_MAX:
                heard.append(part)

        asked = {**scope, "method": "GET", "path": path, "raw_path": path.encode("latin-1")}
        await self._application(asked, receive, send)
        if size > BODY_BYTES_MAX:
            return ClusterAnswer(LOCAL, error=f"the answer has more than {BODY_BYTES_MAX} bytes: ask for a page of it")
        after = dict(heard[0]["headers"]).get(b"sensu-continue", b"").decode()
        body = b"".join(part.get("body", b"") for part in heard[1:])
        return cluster_answer(LOCAL, heard[0]["status"], body, after)


def routes(gateway: Gateway, clusters: AllClusters, local: LocalApi) -> Iterator[Route]:
    """The clusters, and what is passed on to them."""
    endpoint = ClustersEndpoint(gateway, clusters, local)
    yield Route("GET", ROOT, endpoint.views, gives=ClusterViews)
    yield Route("GET", f"{ALL}/{{path}}", endpoint.everywhere, takes_rest=True, gives=list[ClusterAnswer])
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        yield Route(method, f"{ROOT}/{{cluster}}/{{path}}", endpoint.pass_on, takes_rest=True)


class ClustersEndpoint:
    """Handles requests to other clusters."""

    def __init__(self, gateway: Gateway, clusters: AllClusters, local: LocalApi) -> None:
        self._gateway, self._clusters, self._local = gateway, clusters, local

    async def views(self, request: Request) -> Response:
        """List the clusters of the federation with the namespaces that the caller may see in each."""
        return json(encode(await self._clusters.namespaces(request.caller)))

    async def everywhere(self, request: Request) -> Response:
        """Send a GET to all clusters, this one included; the answer has an item for each cluster."""
        path = _path_after(request, ALL)
        why = refusal_of(path)
        if why:
            return problem(400, INVALID_ARGUMENT, why)
        if "watch" in request.query or path.startswith("/api/sensu/v1/live"):
            return problem(400, INVALID_ARGUMENT, "a request to all clusters cannot be a stream")
        asked = ClusterRequest("GET", _target(request, path), sent_headers(request.scope["headers"]))
        answers = await self._clusters.answers(request.caller, asked, lambda: self._local.answer(request.scope, path))
        return json(encode(answers))

    async def pass_on(self, request: Request) -> Response:
        """Send the request to one cluster, as the caller; the answer is that of the cluster."""
        name = request.params[0]
        cluster = self._gateway.get(name)
        if cluster is None:
            return problem(404, NOT_FOUND, f"the cluster {name} is not registered here")
        path = _path_after(request, ROOT, segments=1)
        why = refusal_of(path)
        if why:
            return problem(400, INVALID_ARGUMENT, why)
        sent = None if request.scope["method"] in ("GET", "HEAD") else await request.body()
        headers = sent_headers(request.scope["headers"])
        asked = ClusterRequest(request.scope["method"], _target(request, path), headers, sent)
        async with contextlib.AsyncExitStack() as stack:
            try:
                answer = await stack.enter_async_context(self._gateway.asked(request.caller, cluster, asked))
                if request.is_head or answer.status in EMPTY:
                    return Response(answer.status, _headers(answer))
                if answer.length is not None and answer.length <= WHOLE_BYTES_MAX:
                    body = await answer.body(WHOLE_BYTES_MAX)
                    return Response(answer.status, [*_headers(answer), (b"content-length", b"%d" % len(body))], body)
            except NotPassedOn as err:
                return problem(403, PERMISSION_DENIED, str(err))
            except ClusterBusy as err:
                return unavailable(str(err))
            except ClusterUnavailable as err:
                return problem(504 if isinstance(err, ClusterLate) else 502, INTERNAL, str(err))
            return _PassedOn(answer, stack.pop_all(), request.gone)


def _path_after(request: Request, root: str, segments: int = 0) -> str:
    """The encoded path of the request for a cluster, with its slash."""
    path: str = request.scope["raw_path"].decode("latin-1")
    rest = path.removeprefix(f"{root}/").split("/", segments)
    return f"/{rest[-1]}"


def _target(request: Request, path: str) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _headers(answer: GatewayAnswer) -> list[tuple[bytes, bytes]]:
    kept = {**answer.headers, "x-content-type-options": "nosniff"}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept.items()]


class _PassedOn(Streamed):
    """An answer that is passed on as it comes; `held` is what has to be closed after it."""

    def __init__(
        self, answer: GatewayAnswer, held: contextlib.AsyncExitStack, gone: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(answer.status, _headers(answer), parts=_parts(answer), gone=gone)
        self._held = held

    async def close(self) -> None:
        """Close the connection to the cluster, unless all of the answer was read."""
        await super().close()
        await self._held.aclose()


async def _parts(answer: GatewayAnswer) -> AsyncIterator[bytes]:
    """The parts of an answer; one that breaks off ends, so that its reader finds it incomplete."""
    try:
        async for part in answer.parts():
            yield part
    except ClusterUnavailable as err:
        logger.warning("an answer of another cluster is incomplete", extra=fields(error=str(err)))
