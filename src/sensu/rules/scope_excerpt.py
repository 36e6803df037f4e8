"""Reads the fields that an expression uses directly from an event's JSON, if they have the same value there.

This is the case for strings, numbers and booleans of the check and the entity, for their names, labels and annotations,
and for an entity's system. Other lists and objects, and plain fields that are missing or null in the JSON, need the
whole scope (`rules/expression_scope.py`).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from sensu.rules.expression_scope import FieldPath
from sensu.rules.flattened import flattened_system
from sensu.rules.redaction import without_secrets

_REMEMBERED_MAX = 1_000
_PLAIN = (str | int | float | bool,)
_OBJECT = (dict[str, Any] | None, None)
_TEXTS = (tuple[str, ...] | None, None)
"""The types of fields, with the default of those that may be missing."""

_NAMES, _LABELS = frozenset({"name", "namespace"}), frozenset({"labels", "annotations"})
_ENTITY = "entity"
_SYSTEM = (_ENTITY, "system")
_PARTS = frozenset({"check", _ENTITY})
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
            found.setdefault(path[0], {})[path[1]] = _value(getattr(read, path[0]), path[0], path[1])
    return found


def _value(part: Any, name: str, field: str) -> Any:
    """A field of the check or the entity, as the scope has it."""
    if field in _NAMES:
        return getattr(part.metadata, field)
    if field in _LABELS:
        labels = getattr(part.metadata, field) or {}
        return without_secrets(labels, part.redact or ()) if name == _ENTITY else labels
    return flattened_system(part.system or {}) if (name, field) == _SYSTEM else getattr(part, field)


@lru_cache(_REMEMBERED_MAX)
def _decoder(paths: frozenset[FieldPath]) -> Callable[[bytes], Any] | None:
    """A decoder for only these fields; None if one of them may not be a plain value."""
    of_event: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for path in paths:
        if len(path) == 1 and path[0] in _OF_EVENT:
            of_event[path[0]] = _PLAIN
        elif len(path) == 2 and path[0] in _PARTS and path[1] != "metadata" and path[1].isidentifier():
            _ask(parts.setdefault(path[0], {}), path[0], path[1])
        else:
            return None
    return msgspec.json.Decoder(_struct({**of_event, **parts})).decode


def _ask(part: dict[str, Any], name: str, field: str) -> None:
    if field in _NAMES:
        part.setdefault("metadata", {})[field] = _PLAIN
    elif field in _LABELS:
        part.setdefault("metadata", {})[field] = _OBJECT
        if name == _ENTITY:
            part.setdefault("redact", _TEXTS)
    else:
        part[field] = _OBJECT if (name, field) == _SYSTEM else _PLAIN


def _struct(names: Mapping[str, Any]) -> Any:
    fields = [(name, _struct(kind)) if isinstance(kind, dict) else (name, *kind) for name, kind in names.items()]
    return msgspec.defstruct("Read", fields, kw_only=True, gc=False)
