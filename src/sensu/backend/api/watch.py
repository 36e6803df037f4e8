"""Watching lists: changes are streamed as server-sent events.

Source: the HTML standard, "Server-sent events".
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from sensu.backend.api.errors import INVALID_ARGUMENT, problem, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import NOSNIFF, Header, Response, Streamed
from sensu.backend.api.router import Route, RouteHandler
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.identity import Identity
from sensu.backend.services.live_changes import Scope
from sensu.backend.services.watches import Watches, WatchId, WatchMessage
from sensu.resources.kinds import Kind

CONTENT_TYPE = b"text/event-stream"
RETRY_MS = 1000
"""How long a client should wait before it reconnects."""

_ID_DIGITS_MAX = 18
_WATCH_ID = re.compile(rf"([0-9]{{1,{_ID_DIGITS_MAX}}})(?:\.([0-9]{{1,{_ID_DIGITS_MAX}}}))?")
_VARIABLE = re.compile(r"\{(\w+)\}")


class Watchable:
    """Adds the query parameter `watch=true` to lists."""

    def __init__(self, watches: Watches, authenticator: Authenticator) -> None:
        self._watches = watches
        self._authenticator = authenticator

    def added(self, route: Route) -> Route:
        """The route, with support for `watch`: lists of a kind can be watched, other lists report an error."""
        if route.method != "GET" or (route.lists is None and not route.paged):
            return route
        return replace(route, handler=self._handler(route))

    def _handler(self, route: Route) -> RouteHandler:
        variables = _VARIABLE.findall(route.path)

        async def follow_or_list(request: Request) -> Response:
            wanted = request.parameter("watch") if request.scope["query_string"] else None
            if wanted is None or wanted == "false" or request.is_head:
                return await route.handler(request)
            if wanted != "true":
                return problem(400, INVALID_ARGUMENT, f'invalid watch "{wanted}": it must be true or false')
            if route.lists is None or not route.watchable:
                return problem(400, INVALID_ARGUMENT, "this list cannot be watched")
            places = dict(zip(variables, request.params, strict=True))
            scope = Scope(route.lists.qualified_name, places.get("namespace"), places.get("entity"))
            return await self._follow(request, route.lists, scope)

        follow_or_list.__doc__ = route.handler.__doc__
        return follow_or_list

    async def _follow(self, request: Request, kind: Kind, scope: Scope) -> Response:
        after = _watch_id(request)
        if isinstance(after, Response):
            return after
        messages = await self._watches.watch(lambda: self._caller(request), kind, scope, request.page, after)
        if not isinstance(messages, AsyncIterator):
            return refused(messages)
        headers = [(b"content-type", CONTENT_TYPE), (b"cache-control", b"no-store"), NOSNIFF]
        return EventStream(200, headers, messages=messages, gone=request.gone)

    def _caller(self, request: Request) -> Identity | None:
        """The identity that the request's credentials prove at present, None if they are no longer valid."""
        proved = self._authenticator.authenticate(request.credentials)
        return proved if isinstance(proved, Identity) else None


def _watch_id(request: Request) -> WatchId | None | Response:
    """The last id that a client got of a list, None without one; or the response to a wrong one."""
    last = request.header(b"last-event-id") or ""
    if not last:
        return None
    found = _WATCH_ID.fullmatch(last)
    return _wrong_id() if found is None else WatchId(int(found[1]), int(found[2] or 0))


def _id_text(one: WatchId) -> bytes:
    return b"%d.%d" % one if one.stream else b"%d" % one.revision


def _wrong_id() -> Response:
    return problem(400, INVALID_ARGUMENT, "invalid Last-Event-ID header: it must be an id of this stream")


def last_event_id(request: Request) -> int | None | Response:
    """The last id that a client got, None without one; or the response to a wrong one."""
    last = request.header(b"last-event-id") or ""
    if last and not (last.isascii() and last.isdigit() and len(last) <= _ID_DIGITS_MAX):
        return _wrong_id()
    return int(last) if last else None


class EventStream(Streamed):
    """A response of server-sent events that continues until the messages end or the client disconnects."""

    def __init__(
        self,
        status: int,
        headers: list[Header],
        *,
        messages: AsyncIterator[Sequence[WatchMessage]],
        gone: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(status, headers, parts=_blocks(messages), gone=gone)
        self._messages = messages

    async def close(self) -> None:
        """Let go of the changes that are followed."""
        await super().close()
        closing = getattr(self._messages, "aclose", None)
        if closing is not None:
            await closing()


async def _blocks(messages: AsyncIterator[Sequence[WatchMessage]]) -> AsyncIterator[bytes]:
    yield b"retry: %d\n" % RETRY_MS
    async for some in messages:
        yield b"".join(map(block, some))


def block(message: WatchMessage) -> bytes:
    """A message as a server-sent event; without data it contains only the id."""
    lines = [] if message.id is None else [b"id: " + _id_text(message.id)]
    if message.event:
        lines += [b"event: " + message.event.encode(), b"data: " + message.data]
    else:
        lines.append(b": alive")
    return b"\n".join(lines) + b"\n\n"
