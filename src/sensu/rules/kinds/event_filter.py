"""The rules of event filters.

Source: recorded scenario filters-invalid.
"""

from collections.abc import Iterator, Sequence

from sensu.resources.event_filter import EventFilter
from sensu.rules.kinds.check_parts import when_problem
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one, suggestion
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, as_text, own


def problems(event_filter: EventFilter) -> Iterator[FieldProblem]:
    """The rules that a filter breaks."""
    why = name_problem(event_filter.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"filter name {why}")
    if event_filter.action not in ("allow", "deny"):
        meant = suggestion(event_filter.action, ("allow", "deny"))
        yield FieldProblem("action", f"action '{event_filter.action}' is not valid{meant}")
    if not event_filter.expressions:
        yield FieldProblem("expressions", "filter must have one or more expressions")
    if not event_filter.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    yield from at_most_one("when", when_problem(event_filter.when))


def expressions(event_filter: EventFilter) -> Sequence[str]:
    """The expressions of the filter."""
    return event_filter.expressions or ()


RULES = KindRules(
    problems=problems,
    expressions=expressions,
    selectable=Selectable("filter", {**PLACE, **own(as_text, "action"), **own(as_list, "runtime_assets")}),
    keeps_namespace=True,
    filters={"action": lambda event_filter, value: event_filter.action == value},
    suggested=(),
)
