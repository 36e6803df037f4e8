"""Generates the OpenAPI 3.1 document of the API from its routes and the definitions of the resources."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from sensu.backend.api.request import MERGE_PATCH
from sensu.backend.api.router import Route
from sensu.resources.documents import document_shape
from sensu.resources.kinds import ALL_KINDS

JSON = "application/json"
_REFERENCE = "#/components/schemas/{name}"
_VARIABLE = re.compile(r"\{(\w+)\}")
_NAMES = {
    "namespace": "The name of a namespace.",
    "name": "The name of the resource; a slash is encoded as %2F.",
    "entity": "The name of an entity.",
    "check": "The name of a check.",
    "cluster": "The name of a registered cluster.",
    "path": "The path of the request that is passed on, with its slashes, for example api/core/v2/namespaces.",
}


class Problem(msgspec.Struct):
    """Why a request failed; `code` is the type of failure."""

    message: str
    code: int


class Refused(msgspec.Struct):
    """Why a request was refused: the caller is not authenticated or lacks the permission."""

    Code: int
    Message: str


OpenAPIDocument = dict[str, Any]


def document(routes: Iterable[Route], version: str) -> OpenAPIDocument:
    """The OpenAPI document of the routes."""
    known = sorted(routes, key=lambda route: (route.path, route.method))
    shapes = [shape for route in known for shape in (route.takes, *_given(route)) if shape is not None]
    schemas, components = msgspec.json.schema_components([*shapes, Problem, Refused], ref_template=_REFERENCE)
    by_shape = {repr(shape): schema for shape, schema in zip(shapes, schemas, strict=False)}
    paths: dict[str, OpenAPIDocument] = {}
    for route in known:
        operations = paths.setdefault(route.path, {})
        operations[route.method.lower()] = _operation(route, by_shape)
        if _is_paged(route):
            operations["head"] = _count_operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sensu in Python", "version": version, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"accessToken": []}, {"apiKey": []}],
        "tags": [{"name": tag} for tag in sorted({_tag(route) for route in known})],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SCHEMES, "headers": _HEADERS},
    }


_ABOUT = (
    "Monitoring with checks, events and handlers. Parsing of objects is lenient: keys are case-insensitive, unknown "
    "keys are ignored, and null means that a value is not set. Every GET endpoint also supports HEAD."
)
_SCHEMES = {
    "accessToken": {"type": "http", "scheme": "bearer", "description": "An access token, as returned by GET /auth."},
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "The word `Key`, a space, and an API key.",
    },
    "password": {"type": "http", "scheme": "basic"},
}
_HEADERS = {
    "Continue": {"description": "The token of the next page; absent on the last one.", "schema": {"type": "string"}},
    "Total": {
        "description": "The total number of resources; it may be absent if selectors are used.",
        "schema": {"type": "integer"},
    },
    "Etag": {"description": "The entity tag of the resource.", "schema": {"type": "string"}},
}


def _given(route: Route) -> tuple[Any, ...]:
    return (list[document_shape(route.lists)],) if route.lists is not None else (route.gives,)  # type: ignore[misc]


def _is_paged(route: Route) -> bool:
    return route.method == "GET" and (route.lists is not None or route.paged)


def _tag(route: Route) -> str:
    """The tag of an operation: the kind, or the first word of the path."""
    words = [word for word in route.path.split("/") if word and not word.startswith("{")]
    known = [word for word in words if word in _SEGMENTS]
    return known[-1] if known else words[3] if words[0] == "api" and len(words) > 3 else words[0]


_SEGMENTS = frozenset(kind.segment for kind in ALL_KINDS)


def _operation_id(route: Route) -> str:
    words = re.findall(r"\w+", route.path.removeprefix("/api/core/v2"))
    return "_".join((route.method.lower(), *words))


def _summary(route: Route) -> str:
    return (route.handler.__doc__ or "").strip().split("\n", 1)[0]


def _operation(route: Route, schemas: Mapping[str, Any]) -> OpenAPIDocument:
    operation: OpenAPIDocument = {
        "operationId": _operation_id(route),
        "summary": _summary(route),
        "tags": [_tag(route)],
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if route.takes is not None:
        media_type = MERGE_PATCH if route.method == "PATCH" else JSON
        operation["requestBody"] = {"required": True, "content": {media_type: {"schema": schemas[repr(route.takes)]}}}
    if route.path in ("/auth", "/auth/test"):
        operation["security"] = [{"password": []}]
    elif route.open:
        operation["security"] = []
    return operation


def _count_operation(route: Route) -> OpenAPIDocument:
    return {
        "operationId": "head_" + _operation_id(route).removeprefix("get_"),
        "summary": "Get the total number of resources in the Sensu-Total-Count header.",
        "tags": [_tag(route)],
        "parameters": [one for one in _parameters(route) if one["name"] not in ("watch", "Last-Event-ID")],
        "responses": {"200": {"description": "OK", "headers": _page_headers()}, **_FAILURES},
    }


def _parameters(route: Route) -> list[OpenAPIDocument]:
    found = [_in_path(name) for name in _VARIABLE.findall(route.path)]
    if _is_paged(route):
        found += _PAGE_PARAMETERS
        if route.lists is not None and route.watchable:
            found += _WATCH_PARAMETERS
    found += [_parameter("query", name, text, {"type": "string"}) for name, text in route.queries.items()]
    if route.conditional or (route.gives is not None and route.method == "PATCH"):
        found += _CONDITIONS
    return found


def _in_path(name: str) -> OpenAPIDocument:
    text = _NAMES.get(name, f"The {name} of the resource.")
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": text,
        "schema": {"type": "string", "minLength": 1},
    }


def _parameter(place: str, name: str, description: str, schema: OpenAPIDocument) -> OpenAPIDocument:
    return {"name": name, "in": place, "description": description, "schema": schema}


_TEXTS: OpenAPIDocument = {"type": "array", "items": {"type": "string"}}
_PAGE_PARAMETERS: Sequence[OpenAPIDocument] = (
    _parameter("query", "limit", "The maximum number of items per page.", {"type": "integer", "minimum": 0}),
    _parameter("query", "continue", "The token of the previous page.", {"type": "string"}),
    _parameter("query", "labelSelector", "Select resources by labels; all requirements must match.", _TEXTS),
    _parameter("query", "fieldSelector", "Select resources by fields; all requirements must match.", _TEXTS),
)
_WATCH_PARAMETERS: Sequence[OpenAPIDocument] = (
    _parameter("query", "watch", "Stream changes to the list as server-sent events.", {"type": "boolean"}),
    _parameter("header", "Last-Event-ID", "Continue a stream after this id.", {"type": "integer", "minimum": 0}),
)
_CONDITIONS: Sequence[OpenAPIDocument] = (
    _parameter("header", "If-Match", "Entity tags; the resource must have one of them.", {"type": "string"}),
    _parameter("header", "If-None-Match", "Entity tags; the resource must have none of them.", {"type": "string"}),
)


def _content(media_type: str, schema: Any) -> OpenAPIDocument:
    return {media_type: {"schema": schema}}


def _failure(description: str, *shapes: str) -> OpenAPIDocument:
    schemas = [{"$ref": _REFERENCE.format(name=shape)} for shape in shapes]
    return {
        "description": description,
        "content": {
            JSON: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}},
            "text/plain": {"schema": {"type": "string"}},
        },
    }


_FAILURES: OpenAPIDocument = {
    "4XX": _failure("The request was refused.", "Problem", "Refused"),
    "5XX": _failure("The backend cannot process the request now.", "Problem"),
}


def _page_headers() -> OpenAPIDocument:
    return {
        "Sensu-Continue": {"$ref": "#/components/headers/Continue"},
        "Sensu-Total-Count": {"$ref": "#/components/headers/Total"},
    }


def _responses(route: Route, schemas: Mapping[str, Any]) -> OpenAPIDocument:
    (shape,) = _given(route)
    success: OpenAPIDocument = {"description": _DESCRIPTIONS.get(route.status, "OK")}
    media_type = route.media_type.partition(";")[0]
    if shape is not None:
        success["content"] = _content(media_type, schemas[repr(shape)])
    elif media_type != JSON:
        success["content"] = _content(media_type, {"type": "string"})
    if _is_paged(route):
        success["headers"] = _page_headers()
        if route.lists is not None and route.watchable:
            success["content"] |= _content("text/event-stream", _CHANGE)
    elif shape is not None and route.method in ("GET", "PATCH") and not route.open:
        success["headers"] = {"Etag": {"$ref": "#/components/headers/Etag"}}
    return {str(route.status): success, **_FAILURES}


_CHANGE: OpenAPIDocument = {
    "type": "object",
    "description": "A change: `event` is its type, and `data` the changed resource as JSON.",
    "properties": {name: {"type": "string"} for name in ("id", "event", "data", "retry")},
}

_DESCRIPTIONS = {302: "The browser goes on to another URL", 200: "OK", 201: "Stored", 202: "Taken", 204: "Removed"}
