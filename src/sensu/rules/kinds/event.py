"""The rules of events; `problem` is called for every incoming event.

Source: recorded scenario events-invalid.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from sensu.resources.event import Event
from sensu.resources.metadata import ResourceReference
from sensu.rules.kinds import check as check_rules
from sensu.rules.kinds import entity as entity_rules
from sensu.rules.kinds.kind_rules import KindRules, at_most_one
from sensu.rules.selectors.selectable import Selectable, SelectableField, as_flag, as_list, as_number, as_text, inner

_HEX = "[0-9a-f]"
_PLAIN_UUID = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_UUID = re.compile(rf"{_PLAIN_UUID}|urn:uuid:{_PLAIN_UUID}|\{{{_PLAIN_UUID}\}}|{_HEX}{{32}}", re.IGNORECASE)


def problem(event: Event) -> str | None:
    """The first rule that an event breaks, or None; quick enough for every event of every agent."""
    return entity_problem(event) or problem_beside_entity(event)


def entity_problem(event: Event) -> str | None:
    """The first rule that the event's entity breaks, or None."""
    if event.entity is None:
        return "event must contain an entity"
    why = entity_rules.problem(event.entity)
    return None if why is None else f"entity is invalid: {why}"


def problem_beside_entity(event: Event) -> str | None:
    """The first rule that the event breaks, apart from its entity, or None."""
    check = event.check
    if check is None:
        if event.metrics is None:
            return "event must contain a check or metrics"
    elif (why := check_rules.problem(check)) is not None:
        return f"check is invalid: {why}"
    if event.pipelines and (why := _pipelines_problem(event.pipelines)) is not None:
        return why
    if event.metadata.name:
        return "events cannot be named"
    if event.id and _UUID.fullmatch(event.id) is None:
        return f"invalid event id: {event.id!r} is not a UUID"
    return None


def _pipelines_problem(references: Sequence[ResourceReference]) -> str | None:
    for reference in references:
        if reference.type != "Pipeline" or reference.api_version != "core/v2":
            kind = f"{reference.api_version}.{reference.type}"
            return f"pipeline reference is invalid: resource type not capable of acting as a pipeline: {kind}"
    return None


_LABELS = (("check", "metadata", "labels"), ("entity", "metadata", "labels"), ("metadata", "labels"))
_FIELDS = {
    "name": SelectableField(("metadata", "name")),
    "namespace": SelectableField(("entity", "metadata", "namespace")),
    "is_silenced": SelectableField(("check", "is_silenced"), as_flag),
    "timestamp": SelectableField(("timestamp",), as_number),
    "check.name": SelectableField(("check", "metadata", "name")),
    "entity.name": SelectableField(("entity", "metadata", "name")),
    **inner("check", as_list, "handlers", "runtime_assets", "subscriptions"),
    **inner("check", as_flag, "is_silenced", "publish", "round_robin"),
    **inner("check", as_number, "status", "last_ok"),
    **inner("check", as_text, "state"),
    **inner("entity", as_flag, "deregister"),
    **inner("entity", as_text, "entity_class"),
    **inner("entity", as_list, "subscriptions"),
}
_STATUSES: Mapping[str, Callable[[int], bool]] = {
    "incident": lambda status: status != 0,
    "passing": lambda status: status == 0,
    "warning": lambda status: status == 1,
    "critical": lambda status: status == 2,  # the exit statuses of checks
    "unknown": lambda status: status > 2,
}


def _has_status(event: Event, word: str) -> bool:
    return event.check is not None and word in _STATUSES and _STATUSES[word](event.check.status)


RULES = KindRules(
    problems=lambda event: at_most_one("", problem(event)),
    selectable=Selectable("event", _FIELDS, _LABELS),
    keeps_namespace=False,
    bare_wording=True,
    filters={
        "check": lambda event, value: event.check.metadata.name == value,
        "entity": lambda event, value: event.entity.metadata.name == value,
        "silenced": lambda event, value: event.check.is_silenced == (value == "true"),
        "status": _has_status,
    },
)
