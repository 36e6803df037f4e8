"""The form of entities, checks and events in templates and expressions: all fields, with metadata fields hoisted."""

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_METADATA_TEXTS = ("name", "namespace", "created_by")
_METADATA_MAPS = ("labels", "annotations")
_ENTITY: dict[str, Any] = {
    "entity_class": "",
    "subscriptions": [],
    "last_seen": 0,
    "deregister": False,
    "user": "",
    "redact": [],
    "sensu_agent_version": "",
    "keepalive_handlers": [],
}
_ENTITY_CONFIG_LEFT_OUT = ("system", "last_seen", "sensu_agent_version")
_SYSTEM_TEXTS = (
    *("hostname", "os", "platform", "platform_family", "platform_version", "arch"),
    *("libc_type", "vm_system", "vm_role", "cloud_provider", "float_type"),
)
_CHECK: dict[str, Any] = {
    **dict.fromkeys(("command", "cron", "output", "state", "scheduler", "processed_by", "proxy_entity_name"), ""),
    **dict.fromkeys(("output_metric_format",), ""),
    **dict.fromkeys(("high_flap_threshold", "interval", "low_flap_threshold", "ttl", "timeout", "executed"), 0),
    **dict.fromkeys(("issued", "status", "total_state_change", "last_ok", "occurrences"), 0),
    **dict.fromkeys(("occurrences_watermark", "max_output_size", "duration"), 0),
    **dict.fromkeys(("publish", "stdin", "round_robin", "is_silenced", "discard_output"), False),
    **dict.fromkeys(("handlers", "runtime_assets", "subscriptions", "check_hooks", "history", "silenced", "hooks"), []),
    **dict.fromkeys(("output_metric_handlers", "env_vars", "output_metric_tags", "secrets", "pipelines"), []),
    **dict.fromkeys(("output_metric_thresholds", "subdues"), []),
}


def _filled(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults, overridden by given values that are not null."""
    return {**defaults, **{key: value for key, value in given.items() if value is not None}}


def _metadata(holder: Mapping[str, Any]) -> dict[str, Any]:
    metadata: Mapping[str, Any] = holder.get("metadata") or {}
    texts: dict[str, Any] = {name: metadata.get(name) or "" for name in _METADATA_TEXTS}
    return {**texts, **{name: metadata.get(name) or {} for name in _METADATA_MAPS}}


def _hoisted(holder: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    flattened = _filled(holder, defaults)
    flattened.pop("metadata", None)
    flattened.update(_metadata(holder))
    return flattened


def flattened_entity(entity: Mapping[str, Any], struct_marks: bool = False) -> dict[str, Any]:
    """The entity with every field, metadata hoisted and no `.metadata`.

    `struct_marks`: nested objects carry the `-: 0` that Sensu shows when a template prints them whole.
    Source: recorded token case t028.
    """
    mark: dict[str, Any] = {"-": 0} if struct_marks else {}
    flattened = _hoisted(entity, _ENTITY)
    flattened["deregistration"] = {"handler": "", **(entity.get("deregistration") or {}), **mark}
    flattened["system"] = flattened_system(entity.get("system") or {}, mark)
    return flattened


def flattened_entity_config(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The entity's configuration with every field, metadata hoisted and as `.metadata`; no system, no state."""
    flattened = _hoisted(entity, _ENTITY)
    flattened["deregistration"] = {"handler": "", **(entity.get("deregistration") or {})}
    flattened["metadata"] = _metadata(entity)
    for name in _ENTITY_CONFIG_LEFT_OUT:
        flattened.pop(name, None)
    return flattened


def flattened_system(system: Mapping[str, Any], mark: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """An entity's system with every field; `mark` is added to nested objects."""
    network: Mapping[str, Any] = system.get("network") or {}
    interfaces = [
        {**_filled(interface, {"name": "", "mac": "", "addresses": []}), **mark}
        for interface in network.get("interfaces") or ()
    ]
    filled = _filled(system, {**dict.fromkeys(_SYSTEM_TEXTS, ""), "arm_version": 0, "processes": []})
    return {**filled, "network": {"interfaces": interfaces, **mark}, **mark}


def flattened_check(check: Mapping[str, Any]) -> dict[str, Any]:
    """The check with every field and its metadata hoisted; unset objects (`subdue`, `proxy_requests`) are omitted."""
    return _hoisted(check, _CHECK)


def flattened_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with every field and all metadata hoisted; `check` and `metrics` only if the event has them.

    A missing object is omitted, so that it is undefined in expressions. Source: recorded filter case f118.
    """
    flattened = _hoisted(event, {"timestamp": 0, "sequence": 0, "pipelines": []})
    flattened["id"] = id_bytes(event.get("id"))
    flattened["entity"] = flattened_entity(event.get("entity") or {})
    if event.get("check") is not None:
        flattened["check"] = flattened_check(event["check"])
    if event.get("metrics") is not None:
        flattened["metrics"] = _filled(event["metrics"], {"handlers": [], "points": []})
    return flattened


def id_bytes(text: Any) -> list[int]:
    """The bytes of an event's id; empty if it has no id."""
    try:
        return list(uuid.UUID(text).bytes) if isinstance(text, str) and text else []
    except ValueError:
        return []
