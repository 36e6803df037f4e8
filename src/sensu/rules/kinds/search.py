"""The rules of saved searches.

Source: docs, "Searches API" (the keys of parameters, the form of `resource`).
"""

import re

from sensu.errors import InvalidResource
from sensu.resources.search import Search
from sensu.rules.kinds.kind_rules import KindRules
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


def problem(search: Search) -> str | None:
    """The first rule that a saved search breaks, or None."""
    why = name_problem(search.metadata.name)
    if why is not None:
        return f"search name {why}"
    if not search.metadata.namespace:
        return "namespace must be set"
    if _RESOURCE.fullmatch(search.resource) is None:
        return f'resource must be a type such as core.v2/Event, not "{search.resource}"'
    if not search.parameters:
        return "parameters must not be empty"
    if sum(map(len, search.parameters)) > CHARACTERS_MAX:
        return f"parameters must have at most {CHARACTERS_MAX} characters in total"
    return next((why for one in search.parameters if (why := _parameter_problem(one)) is not None), None)


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
    problem=problem,
    selectable=Selectable("search", {**PLACE, **own(as_list, "parameters"), **own(as_text, "resource")}),
    keeps_namespace=True,
)
