"""What the types of secrets providers have in common.

Source: docs, "Secrets API" (`types`, `provider.name`).
"""

from collections.abc import Iterator

from sensu.resources.secret_providers import ENV
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import NAME, Selectable, SelectableField

OF_A_TYPE = Selectable("provider", NAME)


def name_problems(name: str) -> Iterator[FieldProblem]:
    """The rules that the name of a provider of any type but `Env` breaks."""
    why = name_problem(name)
    if why is not None:
        yield FieldProblem("metadata.name", f"provider name {why}")
    elif name == ENV:
        yield FieldProblem("metadata.name", f'"{ENV}" is the name of the provider of type Env; choose another one')


RULES = KindRules(selectable=Selectable("provider", {**NAME, "type": SelectableField(("type",))}))
