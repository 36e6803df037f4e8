"""Which endpoint a path belongs to: segments are compared percent-encoded, then variable ones are decoded.

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
from sensu.backend.membership import Duty, Ownership
from sensu.resources.kinds import Kind
from sensu.rules.share import slot_of, slot_of_delivery

Handler = Callable[[Request], Awaitable[Response]]
CORE = "/api/core/v2"
TEXT = "text/plain; charset=utf-8"
IN_NAMESPACE = f"{CORE}/namespaces/{{namespace}}"

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class KnownTo(Enum):
    """Which worker of a backend can answer: any, or only one of them."""

    ALL = "all"
    SCHEDULER = "the one that schedules"
    ENTITY = "the one that has the entity, after the namespace in the path"
    DELIVERY = "the one that has the delivery, after the namespace in the path"

    def member(self, params: Sequence[str], ownership: Ownership) -> int:
        """Which one for the variable segments of a path."""
        if self is KnownTo.SCHEDULER:
            return ownership.holder_of(Duty.SCHEDULE)
        if self is KnownTo.ENTITY:
            return ownership.owner_of(slot_of(params[0], params[1]))
        if self is KnownTo.DELIVERY and params[1].isdigit() and params[1].isascii():
            return ownership.owner_of(slot_of_delivery(int(params[1][-DIGITS_READ_MAX:])))
        return ownership.member


DIGITS_READ_MAX = 18


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint: a method, a path with `{variable}` segments, and who answers.

    `open` ones are for everybody; `early` ones answer before the backend is ready. `lists` is the kind whose resources
    it answers with; `watchable` lists can be followed; other lists in pages are `paged`. Of several workers those
    that it is `known_to` answer.

    What the documentation says of it: it `takes` a body and `gives` one of these shapes, with this `status`;
    `media_type` is that of the answer, `queries` tells of its query parameters by their names.
    """

    method: str
    path: str
    handler: Handler
    open: bool = False
    early: bool = False
    lists: Kind | None = None
    watchable: bool = True
    paged: bool = False
    known_to: KnownTo = KnownTo.ALL
    takes: Any = None
    gives: Any = None
    status: int = 200
    media_type: str = "application/json"
    queries: Mapping[str, str] = field(default_factory=dict)


Match = tuple[Mapping[str, Route], tuple[str, ...]]

KNOWN_PATHS_MAX = 4096
"""How many matched paths are remembered; when it is reached, all are forgotten."""
KNOWN_PATH_LENGTH_MAX = 512
"""Longer paths are looked up each time, so that what is remembered stays within a few megabytes."""


class _Node:
    __slots__ = ("literals", "routes", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.routes: dict[str, Route] = {}


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
            if segment.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literals.setdefault(segment, _Node())
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is routed twice")
        node.routes[route.method] = route

    def match(self, path: str) -> Match | None:
        """The routes of an encoded path by method, and its decoded variable segments; None for unknown paths."""
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
    if node.variable is None or not segment:
        return None
    return _walk(node.variable, segments, position + 1, (*params, segment))


def cleaned(path: str) -> str:
    """The path without empty, `.` and `..` segments; the same text where there are none."""
    if "//" not in path and "/." not in path:
        return path
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def is_broken(path: str) -> bool:
    """Whether a path has a percent sign that encodes nothing."""
    return "%" in path and _BROKEN_ESCAPE.search(path) is not None
