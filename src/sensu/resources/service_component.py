"""Service components: the events that a business service depends on, and the rules that evaluate them.

Source: docs, "Service components reference".
"""

from typing import Any

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_int, always_list, always_null, always_str
from sensu.resources.wire_numbers import U32


class ComponentQuery(Wire, frozen=True):
    """A selector of events; `type` is `fieldSelector` or `labelSelector`."""

    type: str = always_str()
    value: str = always_str()


class ComponentRule(Wire, frozen=True):
    """A rule template with its arguments; `name` is the name of the check in the events of the rule."""

    arguments: dict[str, Any] | None = always_null()
    name: str = always_str()
    template: str = always_str()


class ServiceComponent(Wire, frozen=True):
    """A selection of events that rules turn into one event each, on every entity in `services`."""

    metadata: ObjectMeta = always(ObjectMeta)
    cron: str = always_str()
    handlers: tuple[str, ...] | None = always_null()
    interval: U32 = always_int()
    query: tuple[ComponentQuery, ...] = always_list()
    rules: tuple[ComponentRule, ...] = always_list()
    services: tuple[str, ...] = always_list()
