"""The HTTP API as an ASGI application: matches the path, authenticates the caller, calls the endpoint, reports errors.

Source: recorded scenario rbac-401-403-404 (unknown paths and methods are answered before authentication).
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import Any

import msgspec

from sensu.backend.api.all_routes import routes_of
from sensu.backend.api.context import ApiContext
from sensu.backend.api.errors import (
    BAD_REQUEST,
    INTERNAL_ERROR,
    UNKNOWN_PATH,
    allowed_methods,
    method_not_allowed,
    starting,
    too_large,
    too_many,
    unauthenticated,
    unavailable,
)
from sensu.backend.api.late_writes import LateWrites
from sensu.backend.api.request import (
    BATCH,
    NOBODY,
    BodyTooLarge,
    ClientGone,
    Receive,
    Request,
    credentials_of,
    forces,
    header,
)
from sensu.backend.api.responses import Response, Send, located
from sensu.backend.api.router import Route, Router, cleaned, is_broken
from sensu.backend.api.watch import Watchable
from sensu.backend.auth.attempts import TooManyAttempts
from sensu.backend.auth.credentials import Credentials
from sensu.backend.auth.identity import Identity, Rejected
from sensu.backend.ports import Application
from sensu.backend.services.watches import Watches
from sensu.errors import StoreError
from sensu.log import fields

logger = logging.getLogger(__name__)

STORE_AWAY = "the store is unavailable, try again"
READS = ("GET", "HEAD", "OPTIONS")
USE_NOTED_WITHIN_S = 5.0
"""How long a request waits until the use of its session or key is noted."""


def build_application(context: ApiContext) -> Application:
    """Build the API of a backend."""
    watchable = Watchable(Watches(context.access, context.feed, context.sealed), context.authenticator)
    routes = [watchable.added(route) for route in routes_of(context)]
    application = HttpApi(Router(routes), context)
    context.local.serve(application)
    return application


class HttpApi:
    """Answers requests."""

    def __init__(self, router: Router, context: ApiContext) -> None:
        self._router = router
        self._authenticate = context.authenticator.authenticate
        self._is_use_due = context.authenticator.is_use_due
        self._used = partial(context.authenticator.used, ended=context.audit.of_refused_session)
        self._ready = context.ports.ready
        self._caught_up = context.store.feed.caught_up
        self._body_bytes_max = context.body_bytes_max
        self._ownership, self._peers = context.ownership, context.peers
        self._late = LateWrites(self._caught_up)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request of the ASGI server."""
        if scope["type"] != "http":
            return
        write = None if scope["method"] in READS else self._late.begin(scope, send)
        try:
            response = await self._answer(scope, receive)
        except ClientGone:
            return
        finally:
            if write is not None:
                self._late.end(write)
        if write is not None and write.answered:
            return
        if scope["method"] == "HEAD":
            await response.send_head(send)
        elif response.chunks is None:
            await response.send(send)
        else:
            await _send_read(response, scope, send)

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive) -> Response:
        found = self._route(scope)
        if isinstance(found, Response):
            return found
        route, params = found
        if not route.early and not self._ready():
            return starting()
        try:
            return await self._admitted(route, params, scope, receive)
        except BodyTooLarge as err:
            return too_large(str(err))
        except TooManyAttempts as err:
            return too_many(str(err), err.retry_after_s)
        except ClientGone:
            raise
        except StoreError as err:
            logger.warning("a request failed because the store is unavailable", extra=_about(scope, err))
            return unavailable(STORE_AWAY)
        except Exception as err:
            logger.exception("a request failed", extra=_about(scope, err))
            return INTERNAL_ERROR

    async def _admitted(
        self, route: Route, params: tuple[str, ...], scope: MutableMapping[str, Any], receive: Receive
    ) -> Response:
        """The response of the endpoint, if the caller proves who they are."""
        if not route.early:
            await self._caught_up()
        caller = NOBODY
        if not route.open:
            credentials = credentials_of(scope)
            proved = self._authenticate(credentials)
            if isinstance(proved, Rejected):
                return unauthenticated(proved.message)
            caller = _as_asked(proved, scope)
            if self._is_use_due(caller, credentials):
                await self._note_use(caller, credentials)
        return await self._handled(route, Request(scope, receive, params, caller, self._body_bytes_max))

    async def _note_use(self, caller: Identity, credentials: Credentials) -> None:
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(USE_NOTED_WITHIN_S):
                await self._used(caller, credentials)

    async def _handled(self, route: Route, request: Request) -> Response:
        """The endpoint's response, from this worker or from the one that can answer."""
        member = route.known_to.member(request.params, self._ownership)
        if member == self._ownership.member:
            return await route.handler(request)
        answer = await self._peers.ask(member, request.scope, await request.body())
        if answer is None:
            return unavailable("the worker that handles this request does not answer, try again")
        return Response(answer.status, list(answer.headers), answer.body)

    def _route(self, scope: MutableMapping[str, Any]) -> tuple[Route, tuple[str, ...]] | Response:
        """The route of a request, or the error response if there is none."""
        path: str = scope["raw_path"].decode("latin-1")
        if is_broken(path):
            return BAD_REQUEST
        found = self._router.match(path)
        if found is None:
            return _elsewhere(path, scope["query_string"].decode("latin-1"))
        routes, params = found
        method: str = scope["method"]
        route = routes.get(method)
        if route is not None:
            return route, params
        if method == "HEAD" and "GET" in routes:
            return routes["GET"], params
        allowed = (*routes, *(("HEAD",) if "GET" in routes else ()), "OPTIONS")
        return allowed_methods(allowed) if method == "OPTIONS" else method_not_allowed(allowed)


def _as_asked(caller: Identity, scope: Mapping[str, Any]) -> Identity:
    """The caller, with what the request says about how it acts; only members are believed about the batch."""
    batch = header(scope, BATCH) if scope.get("from_member") else None
    forced = forces(scope)
    return msgspec.structs.replace(caller, forces=forced, batch=batch or "") if forced or batch else caller


async def _send_read(response: Response, scope: MutableMapping[str, Any], send: Send) -> None:
    """Send a list while it is read. If the store fails after the response has begun, the connection is closed."""
    begun = False

    async def pass_on(part: Mapping[str, Any]) -> None:
        nonlocal begun
        begun = True
        await send(part)

    try:
        await response.send(pass_on)
    except StoreError as err:
        logger.warning("a request failed because the store is unavailable", extra=_about(scope, err))
        if not begun:
            await unavailable(STORE_AWAY).send(send)


def _elsewhere(path: str, query: str) -> Response:
    """The response to an unknown path: a redirect if the path has empty or dotted segments, otherwise 404.

    Source: recorded scenario http-paths.
    """
    clean = cleaned(path)
    if clean == path:
        return UNKNOWN_PATH
    return located(f"{clean}?{query}" if query else clean, status=301)


def _about(scope: Mapping[str, Any], err: Exception) -> dict[str, Any]:
    return fields(method=scope["method"], path=scope["path"], error=str(err))
