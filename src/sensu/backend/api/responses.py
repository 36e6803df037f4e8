"""HTTP responses. Small ones are sent at once, long lists while they are read."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from sensu.backend.services.outcomes import Listing

Header = tuple[bytes, bytes]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

NOSNIFF: Header = (b"x-content-type-options", b"nosniff")
JSON_TYPE: Header = (b"content-type", b"application/json")
TEXT_TYPE: Header = (b"content-type", b"text/plain; charset=utf-8")
_EMPTY: Header = (b"content-length", b"0")

CHUNK_BYTES = 256 * 1024
"""Parts of a list are joined to about this size before they are sent."""


@dataclass(slots=True)
class Response:
    """A status, headers and a body; with `chunks`, the body is a JSON list of their items."""

    status: int
    headers: list[Header]
    body: bytes = b""
    chunks: AsyncIterator[Sequence[bytes]] | None = field(default=None)

    async def send(self, send: Send) -> None:
        """Send the response."""
        if self.chunks is not None:
            await _send_list(self, self.chunks, send)
            return
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})

    async def send_head(self, send: Send) -> None:
        """Send the status and headers; a list is not read."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b""})


@dataclass(slots=True)
class LineByLine(Response):
    """A response with a line for each item of `chunks`."""

    async def send(self, send: Send) -> None:
        """Send the lines as they are read."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        if self.chunks is not None:
            async for items in self.chunks:
                lines = b"".join(item + b"\n" for item in items)
                await send({"type": "http.response.body", "body": lines, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _never() -> None:
    await asyncio.Event().wait()


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


@dataclass(slots=True)
class Streamed(Response):
    """A response whose parts are sent as they come, until they end or the client disconnects."""

    parts: AsyncIterator[bytes] = field(default_factory=_nothing)
    gone: Callable[[], Awaitable[None]] = _never

    async def send(self, send: Send) -> None:
        """Send the parts as they come."""
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            await send({"type": "http.response.body", "body": b"", "more_body": True})  # sends the head
            await self._pass_on_until_gone(send)
        finally:
            await self.close()

    async def send_head(self, send: Send) -> None:
        """Send the status and the headers."""
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of what the parts are made from."""
        closing = getattr(self.parts, "aclose", None)
        if closing is not None:
            await closing()

    async def _pass_on_until_gone(self, send: Send) -> None:
        passing = asyncio.ensure_future(self._pass_on(send))
        leaving = asyncio.ensure_future(self.gone())
        try:
            await asyncio.wait((passing, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (passing, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _pass_on(self, send: Send) -> None:
        async for part in self.parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


CREATED = Response(201, [JSON_TYPE, _EMPTY, NOSNIFF])
NO_CONTENT = Response(204, [JSON_TYPE, NOSNIFF])
OK_EMPTY = Response(200, [_EMPTY, NOSNIFF])


def json(body: bytes, *, etag: str = "", status: int = 200) -> Response:
    """A response with a JSON document."""
    headers = [JSON_TYPE, (b"content-length", b"%d" % len(body)), NOSNIFF]
    if etag:
        headers.append((b"etag", etag.encode("ascii")))
    return Response(status, headers, body)


def unstored(response: Response) -> Response:
    """The response, which no cache on its way keeps."""
    return replace(response, headers=[*response.headers, (b"cache-control", b"no-store")])


def text(body: str | bytes, *, status: int = 200, content_type: bytes = b"text/plain; charset=utf-8") -> Response:
    """A response with text, or with JSON that is labelled as text."""
    raw = body if isinstance(body, bytes) else body.encode()
    return Response(status, [(b"content-type", content_type), (b"content-length", b"%d" % len(raw)), NOSNIFF], raw)


_LOCATION = "/%?#[]@!$&'()*+,;=:~"
"""Characters that are not escaped in a Location header. Backslashes are escaped: browsers read them as slashes."""


def located(path: str, *, status: int) -> Response:
    """An empty response with a Location header."""
    return Response(status, [(b"location", quote(path, safe=_LOCATION).encode()), _EMPTY, NOSNIFF])


def listing(found: Listing) -> Response:
    """A list, with the token of the next page and the total in the headers."""
    headers = [JSON_TYPE, NOSNIFF]
    if found.after:
        headers.append((b"sensu-continue", found.after.encode("ascii")))
    if found.total is not None:
        headers.append((b"sensu-total-count", b"%d" % found.total))
    return Response(200, headers, chunks=found.chunks)


async def _send_list(response: Response, chunks: AsyncIterator[Sequence[bytes]], send: Send) -> None:
    """Send a small list at once, a larger one in parts; the stored JSON is sent unchanged."""
    pending: list[bytes] = []
    size = 0
    started = False
    async for items in chunks:
        pending += items
        size += sum(map(len, items))
        if size > CHUNK_BYTES:
            if not started:
                await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
            part = (b"," if started else b"[") + b",".join(pending)
            await send({"type": "http.response.body", "body": part, "more_body": True})
            started, pending, size = True, [], 0
    if started:
        tail = (b"," + b",".join(pending) if pending else b"") + b"]"
        await send({"type": "http.response.body", "body": tail})
        return
    body = b"[" + b",".join(pending) + b"]"
    headers = [*response.headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
