"""The rules of service components.

Source: docs, "Service components reference".
"""

from collections.abc import Iterator

from sensu.resources.service_component import ComponentRule, ServiceComponent
from sensu.rules.kinds import event
from sensu.rules.kinds.check_parts import cron_problem
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, as_number, as_text, own
from sensu.rules.services.component_query import QUERY_TYPES, requirements_of, selects_own

SERVICES_MAX = RULES_MAX = 50
"""A component with more would delay the others."""


def problems(component: ServiceComponent) -> Iterator[FieldProblem]:
    """The rules that a component breaks. Whether its templates exist is not checked."""
    why = name_problem(component.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"service component name {why}")
    if not component.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    yield from _schedule_problems(component)
    yield from _services_problems(component.services)
    yield from _query_problems(component)
    yield from _rules_problems(component.rules)


def _schedule_problems(component: ServiceComponent) -> Iterator[FieldProblem]:
    if component.cron and component.interval:
        yield FieldProblem("cron", "must only specify either an interval or a cron schedule")
    elif component.cron:
        why = cron_problem(component.cron)
        yield from at_most_one("cron", None if why is None else why.removeprefix("check "))
    elif not component.interval:
        yield FieldProblem("interval", "interval must be greater than 0, or cron must be set")


def _services_problems(services: tuple[str, ...]) -> Iterator[FieldProblem]:
    if not services:
        yield FieldProblem("services", "services must name at least one service entity")
    if len(services) > SERVICES_MAX:
        yield FieldProblem("services", f"services must have at most {SERVICES_MAX} names")
    for number, name in enumerate(services):
        why = name_problem(name)
        if why is not None:
            yield FieldProblem(f"services[{number}]", f"the name of a service {why}")
    if len(set(services)) < len(services):
        yield FieldProblem("services", "services must not name a service twice")


def _query_problems(component: ServiceComponent) -> Iterator[FieldProblem]:
    if not component.query:
        yield FieldProblem("query", "query must have at least one selector")
        return
    for number, one in enumerate(component.query):
        if one.type not in QUERY_TYPES:
            message = f'the type of a query must be fieldSelector or labelSelector, not "{one.type}"'
            yield FieldProblem(f"query[{number}].type", message)
        elif not one.value.strip():
            yield FieldProblem(f"query[{number}].value", "the value of a query must be a selector")
        elif isinstance(found := requirements_of(one), str):
            yield FieldProblem(f"query[{number}].value", f"query[{number}] is not a valid selector: {found}")
    if (own_rule := selects_own(component, event.RULES.selectable)) is not None:
        message = f"query selects the events of the component's own rule {own_rule}; exclude them"
        yield FieldProblem("query", message)


def _rules_problems(rules: tuple[ComponentRule, ...]) -> Iterator[FieldProblem]:
    if not rules:
        yield FieldProblem("rules", "rules must have at least one rule")
    if len(rules) > RULES_MAX:
        yield FieldProblem("rules", f"rules must have at most {RULES_MAX} entries")
    names: set[str] = set()
    for number, rule in enumerate(rules):
        why = name_problem(rule.name)
        if why is not None:
            yield FieldProblem(f"rules[{number}].name", f"the name of a rule {why}")
        elif rule.name in names:
            message = f'two rules have the name "{rule.name}", which is the name of the check of their events'
            yield FieldProblem(f"rules[{number}].name", message)
        names.add(rule.name)
        why = name_problem(rule.template)
        if why is not None:
            yield FieldProblem(f"rules[{number}].template", f"the template of a rule {why}")


RULES = KindRules(
    problems=problems,
    selectable=Selectable(
        "service_component",
        {**PLACE, **own(as_list, "handlers", "services"), **own(as_number, "interval"), **own(as_text, "cron")},
    ),
    keeps_namespace=True,
)
