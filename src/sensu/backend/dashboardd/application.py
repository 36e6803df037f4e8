"""What the web UI's port answers, by path: the API in this process, the files of the build, or the page."""

import re
import zlib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from sensu.backend.api.errors import PERMISSION_DENIED, refused_before
from sensu.backend.api.first_administrator import PATH as FIRST_ADMINISTRATOR
from sensu.backend.api.request import Receive, header
from sensu.backend.api.responses import Header, Response, Send, text
from sensu.backend.auth.cookies import cookie_in
from sensu.backend.auth.credentials import COOKIE
from sensu.backend.dashboardd.build import WebBuild
from sensu.backend.dashboardd.files import ASSETS, WebFile
from sensu.backend.dashboardd.headers import API_POLICY, accepts, page_policy, with_defaults
from sensu.backend.dashboardd.missing_page import MISSING_POLICY, missing_page
from sensu.backend.dashboardd.origins import refusal_of
from sensu.backend.ports import Application

Frames = Callable[[], Sequence[str]]

PATH_CHARACTERS_MAX = 8_192
"""Longer paths are not found; a link to a resource whose name has thousands of characters fits."""
PACKED_BYTES_MIN, PACKED_BYTES_MAX = 1_024, 4 * 1024 * 1024
"""Answers of the API between these sizes are compressed; larger ones would hold up others."""

_API = re.compile(r"/(?:api|auth)(?:/.*)?|/(?:graphql|health|ready|version|openapi\.json|docs)")
_OF_BROWSERS = frozenset(("/auth/session", FIRST_ADMINISTRATOR))
_PACKED = "/api/sensu/v1/"
"""Where the API's answers to the web UI are; they are compressed for browsers."""
_NOWHERE = re.compile(r"%(?![0-9A-Fa-f]{2})|%(?:[01][0-9A-Fa-f]|7[Ff]|5[Cc])|[\x00-\x20\x7f\\]")
"""A broken escape, a control character or a backslash: no route of the page has one."""
_DOTS = re.compile(r"/(?:\.|%2[Ee]){1,2}(?=/|$)")
_ROBOTS = WebFile("text/plain; charset=utf-8", b"User-agent: *\nDisallow: /\n")
_NOT_FOUND = "404 Not Found\n"
_IMMUTABLE: Header = (b"cache-control", b"public, max-age=31536000, immutable")
_CHECKED: Header = (b"cache-control", b"no-cache")
_VARIES: Header = (b"vary", b"Accept-Encoding")


class WebApplication:
    """Answers the requests of browsers."""

    def __init__(self, api: Application, build: WebBuild, frames: Frames = tuple) -> None:
        """`api` is the API's own application, `build` has the files, `frames` the hosts that may embed the page."""
        self._api = api
        self._build = build
        self._frames = frames

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request of the ASGI server."""
        if scope["type"] != "http":
            return
        path = scope["raw_path"].decode("latin-1")
        if _API.fullmatch(path):
            await self._ask_api(scope, path, receive, _ApiAnswer(send, scope, path.startswith(_PACKED)))
            return
        response = self._answer(scope["method"], path, scope)
        response.headers = with_defaults(response.headers, page_policy(self._frames()))
        if scope["method"] == "HEAD":
            await response.send_head(send)
        else:
            await response.send(send)

    async def _ask_api(self, scope: MutableMapping[str, Any], path: str, receive: Receive, send: Send) -> None:
        """Have the API answer, to the session cookie if there is no Authorization header."""
        cookie = cookie_in(header(scope, b"cookie") or "", tls=scope["scheme"] == "https")
        counts = path in _OF_BROWSERS or header(scope, b"authorization") is None
        problem = refusal_of(scope, has_cookie=bool(cookie)) if counts else ""
        if problem:
            await refused_before(403, PERMISSION_DENIED, problem).send(send)
            return
        await self._api({**scope, COOKIE: cookie if counts else ""}, receive, send)

    def _answer(self, method: str, path: str, scope: Mapping[str, Any]) -> Response:
        if method not in ("GET", "HEAD"):
            return Response(405, [(b"allow", b"GET, HEAD"), (b"content-length", b"0")])
        if len(path) > PATH_CHARACTERS_MAX or _NOWHERE.search(path) or _DOTS.search(path):
            return text(_NOT_FOUND, status=404)
        files = self._build.files
        if path == "/robots.txt" and (files is None or path not in files.others):
            return _file(_ROBOTS, scope, _CHECKED)
        if files is None:
            return self._missing(path)
        found = files.others.get(path)
        if found is not None:
            return _file(found, scope, _IMMUTABLE if path.startswith(ASSETS) else _CHECKED)
        if path.startswith(ASSETS):
            return text(_NOT_FOUND, status=404)
        return _file(files.page, scope, _CHECKED)

    def _missing(self, path: str) -> Response:
        if path.startswith(ASSETS):
            return text(_NOT_FOUND, status=404)
        body = missing_page(self._build.problem)
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store"), MISSING_POLICY]
        return Response(200, [*headers, (b"content-length", b"%d" % len(body))], body)


def _file(file: WebFile, scope: Mapping[str, Any], caching: Header) -> Response:
    """A file in the best coding that the browser accepts; 304 if the browser has it already."""
    headers: list[Header] = [caching, _VARIES]
    if file.etag and caching is _CHECKED:
        headers.append((b"etag", file.etag.encode()))
        if file.etag in (header(scope, b"if-none-match") or ""):
            return Response(304, headers)
    accepted = header(scope, b"accept-encoding") or ""
    packings = ((name, packed) for name, packed in file.packed.items() if accepts(accepted, name))
    coding, body = next(packings, ("", file.body))
    if coding:
        headers.append((b"content-encoding", coding.encode()))
    headers += [(b"content-type", file.media_type.encode()), (b"content-length", b"%d" % len(body))]
    return Response(200, headers, body)


class _ApiAnswer:
    """Passes an answer of the API on, with the headers that browsers need, compressed if its size is worth it."""

    def __init__(self, send: Send, scope: Mapping[str, Any], may_pack: bool) -> None:
        self._send = send
        self._packs = may_pack and accepts(header(scope, b"accept-encoding") or "", "gzip")
        self._head: dict[str, Any] | None = None

    async def __call__(self, part: Mapping[str, Any]) -> None:
        """Part of ASGI's interface."""
        if part["type"] == "http.response.start":
            head = {**part, "headers": with_defaults(part["headers"], API_POLICY)}
            if self._packs and _may_be_packed(head["headers"]):
                head["headers"].append(_VARIES)
                self._head = head
                return
            await self._send(head)
        elif self._head is not None:
            head, self._head = self._head, None
            body = part.get("body", b"")
            if not part.get("more_body") and PACKED_BYTES_MIN <= len(body) <= PACKED_BYTES_MAX:
                packer = zlib.compressobj(1, wbits=31)
                body = packer.compress(body) + packer.flush()
                kept = [one for one in head["headers"] if one[0] != b"content-length"]
                length = (b"content-length", b"%d" % len(body))
                head["headers"] = [*kept, (b"content-encoding", b"gzip"), length]
            await self._send(head)
            await self._send({**part, "body": body})
        else:
            await self._send(part)


def _may_be_packed(headers: list[Header]) -> bool:
    """Whether an answer is JSON without a validator: a strong ETag is of the bytes as they are."""
    found = dict(headers)
    return found.get(b"content-type") == b"application/json" and b"etag" not in found
