"""The rules of API keys.

Source: recorded scenario apikeys-invalid.
"""

from collections.abc import Iterator

from sensu.resources.api_key import APIKey
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import NAME, Selectable, as_text, own


def problems(key: APIKey) -> Iterator[FieldProblem]:
    """The rules that an API key breaks. Whether its user exists is not checked."""
    why = name_problem(key.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"api key name {why}")
    if key.metadata.namespace:
        yield FieldProblem("metadata.namespace", "api key cannot have a namespace")
    if not key.username:
        yield FieldProblem("username", "api key must have a username")


RULES = KindRules(problems=problems, selectable=Selectable("api_key", {**NAME, **own(as_text, "username")}))
