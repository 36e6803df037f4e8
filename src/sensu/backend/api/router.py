"""Finds the endpoint of a path: segments are compared percent-encoded, then variable ones are decoded.

Source: recorded scenario http-paths (an encoded slash is part of a name, encoded words are unknown paths).
"""

import posixpath
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import unquote

from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.membership import Ownership
from sensu.resources.kinds import Kind
from sensu.rules.share import slot_of, slot_of_delivery

RouteHandler = Callable[[Request], Awaitable[Response]]
CORE = "/api/core/v2"
TEXT = "text/plain; charset=utf-8"
IN_NAMESPACE = f"{CORE}/namespaces/{{namespace}}"

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class KnownTo(Enum):
    """The workers of a backend that can answer a request: any, or only one."""

    ALL = "all"
    OWNER = "the worker that owns the entity or check in the path"
    DELIVERY = "the worker that owns the delivery in the path"

    def member(self, params: Sequence[str], ownership: Ownership) -> int:
        """The worker, given the variable segments of a path."""
        if self is KnownTo.OWNER:
            return ownership.owner_of(slot_of(params[0], params[1]))
        if self is KnownTo.DELIVERY and params[1].isdigit() and params[1].isascii():
            return ownership.owner_of(slot_of_delivery(int(params[1][-DIGITS_READ_MAX:])))
        return ownership.member


DIGITS_READ_MAX = 18


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint: a method, a path with `{variable}` segments, and a handler.

    `open` routes need no authentication; `early` ones answer before the backend is ready. `lists` is the kind of the
    resources in a list; `watchable` lists can be watched; other lists in pages are `paged`. A `conditional`
    write meets the preconditions in its headers. If there are several
    workers, those that the route is `known_to` answer. If a route `takes_rest`, its last variable is all of the path
    that remains.

    The rest is documentation: the shape of the body that it `takes` and of the response that it `gives`, the `status`
    and `media_type` of the response, and the descriptions of its query parameters (`queries`).
    """

    method: str
    path: str
    handler: RouteHandler
    open: bool = False
    early: bool = False
    lists: Kind | None = None
    watchable: bool = True
    paged: bool = False
    conditional: bool = False
    takes_rest: bool = False
    known_to: KnownTo = KnownTo.ALL
    takes: Any = None
    gives: Any = None
    status: int = 200
    media_type: str = "application/json"
    queries: Mapping[str, str] = field(default_factory=dict)


Match = tuple[Mapping[str, Route], tuple[str, ...]]

KNOWN_PATHS_MAX = 4096
"""The number of matched paths that are cached; when it is reached, the cache is cleared."""
KNOWN_PATH_LENGTH_MAX = 512
"""Longer paths are not cached, so that the cache takes at most a few megabytes."""


class _Node:
    __slots__ = ("literals", "rest", "routes", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.routes: dict[str, Route] = {}
        self.rest: _Node | None = None


class Router:
    """Finds routes by path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._known: dict[str, Match] = {}
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.path.split("/")[1:]:
            if route.takes_rest and segment == route.path.rpartition("/")[2]:
                node.rest = node.rest or _Node()
                node = node.rest
            elif segment.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literals.setdefault(segment, _Node())
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is routed twice")
        node.routes[route.method] = route

    def match(self, path: str) -> Match | None:
        """The routes of an encoded path by method, and its decoded variable segments; None if the path is unknown."""
        known = self._known.get(path)
        if known is not None:
            return known
        found = _walk(self._root, path.split("/"), 1, ())
        if found is None:
            return None
        routes, params = found
        match = (routes, tuple(unquote(param) for param in params))
        if len(path) <= KNOWN_PATH_LENGTH_MAX:
            if len(self._known) >= KNOWN_PATHS_MAX:
                self._known.clear()
            self._known[path] = match
        return match


def _walk(node: _Node, segments: list[str], position: int, params: tuple[str, ...]) -> Match | None:
    if position == len(segments):
        return (node.routes, params) if node.routes else None
    segment = segments[position]
    literal = node.literals.get(segment)
    if literal is not None:
        found = _walk(literal, segments, position + 1, params)
        if found is not None:
            return found
    if node.variable is not None and segment:
        found = _walk(node.variable, segments, position + 1, (*params, segment))
        if found is not None:
            return found
    return None if node.rest is None else (node.rest.routes, (*params, "/".join(segments[position:])))


def cleaned(path: str) -> str:
    """The path without empty, `.` and `..` segments; the same string if it has none."""
    if "//" not in path and "/." not in path:
        return path
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def is_broken(path: str) -> bool:
    """Whether a path has an invalid percent encoding."""
    return "%" in path and _BROKEN_ESCAPE.search(path) is not None
