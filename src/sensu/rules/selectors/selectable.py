"""What selectors can ask of each kind: the name of a field, where it lies in the JSON, and how it is written as text.

Source: docs, "API overview", field selectors; 6.14 adds `event.timestamp`, `event.check.last_ok`, `entity.user` and
`silenced.reason`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sensu.resources.kinds import (
    API_KEY,
    ASSET,
    CHECK,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ENTITY,
    EVENT,
    EVENT_FILTER,
    HANDLER,
    HOOK,
    MUTATOR,
    NAMESPACE,
    PIPELINE,
    ROLE,
    ROLE_BINDING,
    SECRET,
    SILENCED,
    USER,
    Kind,
)
from sensu.rules.selectors.evaluate import LIST_SEPARATOR

Path = tuple[str, ...]
Written = Callable[[Any], str]


def as_text(value: Any) -> str:
    """A text, empty where it is left out."""
    return "" if value is None else str(value)


def as_flag(value: Any) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def as_number(value: Any) -> str:
    """A number in decimal, 0 where it is left out."""
    return str(value or 0)


def as_list(value: Any) -> str:
    """The elements joined by commas."""
    return LIST_SEPARATOR.join(map(str, value or ()))


def as_references(value: Any) -> str:
    """Pointers to resources, `core/v2.Pipeline(Name=incidents)`, joined by commas."""
    return LIST_SEPARATOR.join(_reference(one) for one in value or ())


def _reference(one: Mapping[str, Any]) -> str:
    return f"{one.get('api_version', '')}.{one.get('type', '')}(Name={one.get('name', '')})"


@dataclass(frozen=True, slots=True)
class Field:
    """Where a field lies in the JSON, and how its value is written."""

    path: Path
    written: Written = as_text


@dataclass(frozen=True, slots=True, eq=False)
class Selectable:
    """What can be asked of a kind: fields by their names behind `prefix.`, and where labels lie.

    Of several places for labels the first one that has a label counts.
    """

    prefix: str
    fields: Mapping[str, Field]
    labels: tuple[Path, ...] = (("metadata", "labels"),)


_NAME = {"name": Field(("metadata", "name"))}
_PLACE = {**_NAME, "namespace": Field(("metadata", "namespace"))}
_ROLE_REF = {"role_ref.name": Field(("role_ref", "name")), "role_ref.type": Field(("role_ref", "type"))}


def _own(written: Written, *names: str) -> dict[str, Field]:
    return {name: Field((name,), written) for name in names}


def _within(part: str, written: Written, *names: str) -> dict[str, Field]:
    return {f"{part}.{name}": Field((part, name), written) for name in names}


_EVENT_FIELDS = {
    "name": Field(("metadata", "name")),
    "namespace": Field(("entity", "metadata", "namespace")),
    "is_silenced": Field(("check", "is_silenced"), as_flag),
    "timestamp": Field(("timestamp",), as_number),
    "check.name": Field(("check", "metadata", "name")),
    "entity.name": Field(("entity", "metadata", "name")),
    **_within("check", as_list, "handlers", "runtime_assets", "subscriptions"),
    **_within("check", as_flag, "is_silenced", "publish", "round_robin"),
    **_within("check", as_number, "status", "last_ok"),
    **_within("check", as_text, "state"),
    **_within("entity", as_flag, "deregister"),
    **_within("entity", as_text, "entity_class"),
    **_within("entity", as_list, "subscriptions"),
}
_EVENT_LABELS = (("check", "metadata", "labels"), ("entity", "metadata", "labels"), ("metadata", "labels"))

_CHECK_FIELDS = {
    **_PLACE,
    **_own(as_list, "handlers", "runtime_assets", "subscriptions"),
    **_own(as_flag, "publish", "round_robin"),
    **_own(as_references, "pipelines"),
}
_ENTITY_FIELDS = {
    **_PLACE,
    **_own(as_flag, "deregister"),
    **_own(as_text, "entity_class", "user"),
    **_own(as_list, "subscriptions"),
}
_HANDLER_FIELDS = {**_PLACE, **_own(as_list, "filters", "handlers"), **_own(as_text, "mutator", "type")}
_SILENCED_FIELDS = {
    **_PLACE,
    **_own(as_text, "check", "creator", "subscription", "reason"),
    **_own(as_flag, "expire_on_resolve"),
}
_USER_FIELDS = {**_own(as_text, "username"), **_own(as_flag, "disabled"), **_own(as_list, "groups")}

_BY_SEGMENT: dict[str, Selectable] = {
    ASSET.segment: Selectable("asset", {**_PLACE, **_own(as_list, "filters")}),
    CHECK.segment: Selectable("check", _CHECK_FIELDS),
    CLUSTER_ROLE.segment: Selectable("clusterrole", _NAME),
    CLUSTER_ROLE_BINDING.segment: Selectable("clusterrolebinding", {**_NAME, **_ROLE_REF}),
    ENTITY.segment: Selectable("entity", _ENTITY_FIELDS),
    EVENT.segment: Selectable("event", _EVENT_FIELDS, _EVENT_LABELS),
    EVENT_FILTER.segment: Selectable(
        "filter", {**_PLACE, **_own(as_text, "action"), **_own(as_list, "runtime_assets")}
    ),
    HANDLER.segment: Selectable("handler", _HANDLER_FIELDS),
    HOOK.segment: Selectable("hook", _PLACE),
    MUTATOR.segment: Selectable("mutator", {**_PLACE, **_own(as_list, "runtime_assets")}),
    NAMESPACE.segment: Selectable("namespace", _own(as_text, "name"), ()),
    PIPELINE.segment: Selectable("pipeline", _PLACE),
    ROLE.segment: Selectable("role", _PLACE),
    ROLE_BINDING.segment: Selectable("rolebinding", {**_PLACE, **_ROLE_REF}),
    SECRET.segment: Selectable(
        "secret", {**_PLACE, "id": Field(("spec", "id")), "provider": Field(("spec", "provider"))}
    ),
    SILENCED.segment: Selectable("silenced", _SILENCED_FIELDS),
    USER.segment: Selectable("user", _USER_FIELDS, ()),
    API_KEY.segment: Selectable("api_key", {**_NAME, **_own(as_text, "username")}),
}

ENTITY_CONFIG = Selectable("entity_config", _ENTITY_FIELDS)
ENTITY_STATE = Selectable("entity_state", _PLACE)
AUDIT = Selectable("audit", _own(as_text, "username", "address", "via", "action", "type", "namespace", "name"), ())
"""What can be asked of entries of the audit log."""


def selectable_of(kind: Kind) -> Selectable:
    """What can be asked of a kind; nothing but labels where it is none of the table."""
    return _BY_SEGMENT.get(kind.segment) or Selectable(kind.segment, _PLACE)
