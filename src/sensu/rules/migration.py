"""Decides what of another backend is copied, in which order, in which form, and what is the same already."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sensu.resources.check import KEEPALIVE
from sensu.resources.kind import METADATA
from sensu.resources.kinds import ENTITY, EVENT, HANDLER, MUTATOR, NAMESPACE, SECRET, SILENCED, USER, Kind
from sensu.rules.drafts import OBSERVED, comparable
from sensu.rules.kinds.silenced import ended_at
from sensu.rules.redaction import REDACTED

_LAST = (SILENCED, ENTITY, EVENT)
_NOT_COPIED = {
    "federation/v1": "they name other clusters; create them again where they are needed",
    "licensing/v2": "no license is needed",
    "store/v1": "the backend's flag --store names its database",
    "core/v2.APIKey": "their secrets cannot be copied; issue new ones with 'sensuctl api-key grant'",
    "core/v2.TessenConfig": "usage is never reported to anybody",
}
"""Why an API group, or a kind, is not copied."""
_REACTIONS: Mapping[str, Any] = {"handlers": [], "pipelines": [], "output_metric_handlers": []}
"""What would handle an event, with the values that do nothing."""
_HIDING = ("labels", "annotations")
"""The parts of an entity's metadata in which the API hides values."""


class CopyPlan(NamedTuple):
    """The kinds to copy, in their order, and those that are not copied, with the reason."""

    kinds: Sequence[Kind]
    not_copied: Mapping[Kind, str]


def copy_plan(kinds: Iterable[Kind]) -> CopyPlan:
    """Namespaces come first, then every kind after those it needs; silences, entities and events are the last."""
    reasons = {kind: _NOT_COPIED.get(kind.api_version) or _NOT_COPIED.get(kind.qualified_name) for kind in kinds}
    copied = [kind for kind, why in reasons.items() if why is None]
    copied.sort(
        key=lambda kind: (_LAST.index(kind) + 1 if kind in _LAST else 0, kind is not NAMESPACE, kind.dump_order)
    )
    return CopyPlan(copied, {kind: why for kind, why in reasons.items() if why is not None})


def as_copied(kind: Kind, resource: Mapping[str, Any], now: float) -> dict[str, Any] | None:
    """What to send for a resource; None if it has no meaning at another backend.

    Events are sent without their handlers, so that nobody gets a message about them a second time. Keepalives are not
    sent, because they would be missing here until the agents come. A silence keeps its end. Labels and annotations of
    entities whose values the API hides are left out.
    """
    if kind is EVENT:
        return _event_as_copied(resource)
    if kind is ENTITY:
        return _without_hidden(resource)
    if kind is SILENCED:
        begin, expire, expire_at = (int(resource.get(name) or 0) for name in ("begin", "expire", "expire_at"))
        if ended_at(begin, expire, expire_at, now) is not None:
            return None
        return {**resource, "expire": max(1, expire_at - begin)} if expire_at else dict(resource)
    return dict(resource)


def hidden_values(kind: Kind, resource: Mapping[str, Any]) -> list[str]:
    """The labels and annotations of an entity whose values the API hides."""
    metadata = (resource.get(METADATA) if kind is ENTITY else None) or {}
    pairs = [pair for part in _HIDING for pair in (metadata.get(part) or {}).items()]
    return [name for name, value in pairs if value == REDACTED]


def _without_hidden(entity: Mapping[str, Any]) -> dict[str, Any]:
    metadata = dict(entity.get(METADATA) or {})
    for part in _HIDING:
        if metadata.get(part):
            metadata[part] = {name: value for name, value in metadata[part].items() if value != REDACTED}
    return {**entity, METADATA: metadata}


def _event_as_copied(event: Mapping[str, Any]) -> dict[str, Any] | None:
    check, entity = event.get("check"), event.get("entity")
    if not isinstance(check, Mapping) or not isinstance(entity, Mapping):
        return None
    if (check.get(METADATA) or {}).get("name") == KEEPALIVE:
        return None
    quiet = {name: value for name, value in check.items() if name != "fallback_pipeline"}
    rest = {name: value for name, value in event.items() if name not in ("metrics", "pipelines")}
    return {**rest, "check": {**quiet, **_REACTIONS}}


def results_of(event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The events to send for an event: for a failing check the results of its history one by one, which give it the
    number of its occurrences again; for a passing one the last result alone.
    """
    check = event["check"]
    history = [one for one in check.get("history") or () if isinstance(one, Mapping)]
    if not check.get("status") or not history:
        return [event]
    earlier = [one for one in history if int(one.get("executed") or 0) < int(check.get("executed") or 0)]
    return [
        *(
            {**event, "check": {**check, "status": one.get("status", 0), "executed": one["executed"]}}
            for one in earlier
        ),
        event,
    ]


def executed_at(event: Mapping[str, Any]) -> int:
    """The time of the result in an event."""
    check = event.get("check")
    return int((check.get("executed") if isinstance(check, Mapping) else 0) or 0)


def content_of(kind: Kind, body: Any, now: float) -> Mapping[str, Any]:
    """What two resources with the same name must have in common to be the same.

    What agents report of their hosts, what is known of a user's password, and the seconds that a silence still lasts,
    are left out. Raises InvalidResource.
    """
    found = comparable(kind, _without_hidden(body) if kind is ENTITY else body, now)
    ignored: tuple[str, ...] = ()
    if kind is ENTITY:
        ignored = OBSERVED
    elif kind is SILENCED:
        ignored = ("expire",) if found.get("expire_at") else ()
    elif kind is USER:
        ignored = ("disabled",)
    return {name: value for name, value in found.items() if name not in ignored}


def needed_at_the_host(kind: Kind, resource: Mapping[str, Any]) -> str | None:
    """What the backend's host must have for a resource: a program, or an environment variable."""
    if kind in (HANDLER, MUTATOR) and resource.get("command") and not resource.get("runtime_assets"):
        words = re.split(r"\s+", str(resource["command"]).strip())
        program = next((word for word in words if "=" not in word), "")
        return f"the program {program}" if program else None
    if kind is SECRET and resource.get("provider") == "env" and resource.get("id"):
        return f"the environment variable {resource['id']}"
    return None


def owners_of_keys(keys: Iterable[Mapping[str, Any]]) -> str:
    """The users of API keys, with the number of keys of each; the keys themselves are secrets."""
    counts: dict[str, int] = {}
    for key in keys:
        name = str(key.get("username") or "?")
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(counts.items()))
