"""The rules of entities.

Source: recorded scenario entities-invalid.
"""

from collections.abc import Iterator

from sensu.resources.entity import Entity
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, first_of
from sensu.rules.names import name_problem
from sensu.rules.redaction import redacted
from sensu.rules.selectors.selectable import PLACE, Selectable, as_flag, as_list, as_text, own


def problem(entity: Entity) -> str | None:
    """The first rule that an entity breaks, or None."""
    return first_of(problems(entity))


def problems(entity: Entity) -> Iterator[FieldProblem]:
    """The rules that an entity breaks."""
    why = name_problem(entity.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"entity name {why}")
    why = name_problem(entity.entity_class)
    if why is not None:
        yield FieldProblem("entity_class", f"entity class {why}")
    if not entity.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")


FIELDS = {
    **PLACE,
    **own(as_flag, "deregister"),
    **own(as_text, "entity_class", "user"),
    **own(as_list, "subscriptions"),
}
RULES = KindRules(
    problems=problems,
    shown=redacted,
    selectable=Selectable("entity", FIELDS),
    keeps_namespace=True,
    bare_wording=True,
    filters={
        "class": lambda entity, value: entity.entity_class == value,
        "subscription": lambda entity, value: value in (entity.subscriptions or ()),
    },
    suggested=("subscriptions", "user", "system/os", "system/platform", "system/platform_family", "system/arch"),
)
