"""The form of events for JavaScript mutators."""

from collections.abc import Mapping
from typing import Any

from sensu.rules.flattened import flattened_check, flattened_entity, flattened_event, id_bytes

BUILT_IN = ("json", "only_check_output")
"""The names of mutators that need not be stored."""


def mutator_event(event: Mapping[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """The event for a mutator, in the form of the API with all fields, and the bytes of its id."""
    filled = _api_shape(event, flattened_event(event))
    filled["id"] = event.get("id")
    filled["entity"] = _api_shape(event.get("entity") or {}, flattened_entity(event.get("entity") or {}))
    if event.get("check") is not None:
        filled["check"] = _api_shape(event["check"], flattened_check(event["check"]))
    return filled, id_bytes(event.get("id"))


def _api_shape(holder: Mapping[str, Any], flattened: dict[str, Any]) -> dict[str, Any]:
    """A flattened object with its metadata's fields moved back under `metadata`."""
    names = ("name", "namespace", "labels", "annotations", "created_by")
    metadata = {name: flattened.pop(name) for name in names}
    return {**flattened, "metadata": {**(holder.get("metadata") or {}), **metadata}}
