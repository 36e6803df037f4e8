"""The rules of saved searches.

Source: docs, "Searches API" (the keys of parameters, the form of `resource`).
"""

import re
from collections.abc import Iterator

from sensu.errors import InvalidResource
from sensu.resources.search import Search
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.names import name_problem
from sensu.rules.selectors.parser import parsed
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, as_text, own

SELECTORS = ("fieldSelector", "labelSelector")
KEYS = (
    *("action", "check", "class", "entity", "event", "published", "silenced", "status", "subscription", "type"),
    *SELECTORS,
)
CHARACTERS_MAX = 8192
"""The limit for all parameters together, which is the same as for the selectors of a request."""
_RESOURCE = re.compile(r"[a-z]+\.v[0-9]+/[A-Z][A-Za-z]*")


def problems(search: Search) -> Iterator[FieldProblem]:
    """The rules that a saved search breaks."""
    why = name_problem(search.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"search name {why}")
    if not search.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")
    if _RESOURCE.fullmatch(search.resource) is None:
        message = f'resource must be a type such as core.v2/Event, not "{search.resource}"'
        yield FieldProblem("resource", message)
    if not search.parameters:
        yield FieldProblem("parameters", "parameters must not be empty")
    elif sum(map(len, search.parameters)) > CHARACTERS_MAX:
        message = f"parameters must have at most {CHARACTERS_MAX} characters in total"
        yield FieldProblem("parameters", message)
    else:
        for number, one in enumerate(search.parameters):
            yield from at_most_one(f"parameters[{number}]", _parameter_problem(one))


def _parameter_problem(parameter: str) -> str | None:
    key, colon, value = parameter.partition(":")
    if not colon or key not in KEYS:
        return f'parameter "{parameter}" must be KEY:VALUE; the keys are {", ".join(KEYS)}'
    try:
        if key in SELECTORS:
            parsed(value)
    except InvalidResource as err:
        return f'parameter "{parameter}" is not a valid selector: {err}'
    return None


RULES = KindRules(
    problems=problems,
    selectable=Selectable("search", {**PLACE, **own(as_list, "parameters"), **own(as_text, "resource")}),
    keeps_namespace=True,
)
