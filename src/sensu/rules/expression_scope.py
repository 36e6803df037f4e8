"""The form of events and entities for expressions and mutators."""

from collections.abc import Collection, Mapping
from typing import Any

from sensu.rules.filters import has_metrics, is_resolution
from sensu.rules.flattened import (
    flattened_entity,
    flattened_entity_config,
    flattened_event,
)
from sensu.rules.redaction import without_secrets

FieldPath = tuple[str, ...]
"""The name of a field, or the names of a part of the scope and a field in it."""

_FLAPPING = "flapping"


def event_scope(event: Mapping[str, Any]) -> dict[str, Any]:
    """`event` in filter expressions: flattened, its entity redacted, with Sensu's flags; `id` is a list of bytes.

    Source: docs, filters, event attributes; recorded filter cases.
    """
    scope = flattened_event(event)
    scope["entity"] = redacted_scope(scope["entity"])
    check: Mapping[str, Any] = event.get("check") or {}
    scope["has_check"] = event.get("check") is not None
    scope["has_metrics"] = has_metrics(event)
    scope["is_incident"] = bool(check.get("status"))
    scope["is_resolution"] = is_resolution(event)
    scope["is_silenced"] = bool(check.get("silenced"))
    scope["is_flapping_start"] = check.get("state") == _FLAPPING
    scope["is_flapping_end"] = False
    return scope


def entity_scope(entity: Mapping[str, Any]) -> dict[str, Any]:
    """`entity` in asset filters: the whole entity, flattened. Source: docs, assets, filters."""
    return flattened_entity(entity)


def entity_config_scope(entity: Mapping[str, Any]) -> dict[str, Any]:
    """`entity` in entity_attributes of proxy requests: its configuration, metadata both ways, no system or state.

    Source: recorded entity_attributes cases.
    """
    return flattened_entity_config(entity)


def redacted_scope(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The flattened entity with the values of its secret labels and annotations replaced."""
    redact = tuple(entity.get("redact") or ())
    return {**entity, **{group: without_secrets(entity[group], redact) for group in ("labels", "annotations")}}


def fields_at(scope: Mapping[str, Any], paths: Collection[FieldPath]) -> dict[str, Any]:
    """The existing fields of a scope at these paths."""
    found: dict[str, Any] = {}
    for name, *inner in sorted(paths, reverse=True):
        if name not in scope:
            continue
        part = scope[name]
        if not inner or not isinstance(part, Mapping):
            found[name] = part
            continue
        some = found.setdefault(name, {})
        if inner[0] in part:
            some[inner[0]] = part[inner[0]]
    return found
