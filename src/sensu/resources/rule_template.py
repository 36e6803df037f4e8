"""Rule templates: scripts that make one event of the events of a service component.

Source: docs, "Rule templates reference".
"""

from typing import Any

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_null, always_str


class TemplateArguments(Wire, frozen=True):
    """The arguments of a template, each described by a JSON Schema, and the names of those that must be given."""

    properties: dict[str, Any] | None = always_null()
    required: tuple[str, ...] | None = always_null()


class RuleTemplate(Wire, frozen=True):
    """A script with the variables `events`, `event`, `args` and `sensu`; it returns the event of the rule."""

    metadata: ObjectMeta = always(ObjectMeta)
    arguments: TemplateArguments = always(TemplateArguments)
    description: str = always_str()
    eval: str = always_str()
