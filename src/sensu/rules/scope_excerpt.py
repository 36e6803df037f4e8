"""Reads the fields that an expression uses directly from an event's JSON, if they have the same value there.

This is the case for strings, numbers and booleans of the check and the entity, and for their names. Lists, objects and
fields that are missing or null in the JSON need the whole scope (`rules/expression_scope.py`).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from sensu.rules.expression_scope import FieldPath

_REMEMBERED_MAX = 1_000
_PLAIN = str | int | float | bool
_OF_METADATA = frozenset({"name", "namespace"})
_PARTS = frozenset({"check", "entity"})
_OF_EVENT = frozenset({"timestamp", "sequence"})


def excerpt(event_json: bytes, paths: frozenset[FieldPath]) -> bytes | None:
    """The JSON of an event's scope with only the fields at `paths`; None if the whole scope is needed."""
    found = excerpt_of(event_json, paths)
    return None if found is None else msgspec.json.encode(found)


def excerpt_of(event_json: bytes, paths: frozenset[FieldPath]) -> dict[str, Any] | None:
    """The same as an object."""
    decode = _decoder(paths)
    if decode is None:
        return None
    try:
        read = decode(event_json)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    found: dict[str, Any] = {}
    for path in paths:
        if len(path) == 1:
            found[path[0]] = getattr(read, path[0])
        else:
            part = getattr(read, path[0])
            holder = part.metadata if path[1] in _OF_METADATA else part
            found.setdefault(path[0], {})[path[1]] = getattr(holder, path[1])
    return found


@lru_cache(_REMEMBERED_MAX)
def _decoder(paths: frozenset[FieldPath]) -> Callable[[bytes], Any] | None:
    """A decoder for only these fields; None if one of them may not be a plain value."""
    of_event: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for path in paths:
        if len(path) == 1 and path[0] in _OF_EVENT:
            of_event[path[0]] = _PLAIN
        elif len(path) == 2 and path[0] in _PARTS and path[1] != "metadata" and path[1].isidentifier():
            _ask(parts.setdefault(path[0], {}), path[1])
        else:
            return None
    for name, inner in parts.items():
        of_event[name] = _struct(inner)
    return msgspec.json.Decoder(_struct(of_event)).decode


def _ask(part: dict[str, Any], name: str) -> None:
    if name in _OF_METADATA:
        part.setdefault("metadata", {})[name] = _PLAIN
    else:
        part[name] = _PLAIN


def _struct(names: Mapping[str, Any]) -> Any:
    fields = [(name, _struct(kind) if isinstance(kind, dict) else kind) for name, kind in names.items()]
    return msgspec.defstruct("Read", fields, gc=False)
