"""The rules of mutators.

Source: recorded scenario mutators-invalid.
"""

from collections.abc import Iterator

from sensu.resources.mutator import Mutator
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, own


def problems(mutator: Mutator) -> Iterator[FieldProblem]:
    """The rules that a mutator breaks.

    Its variables can be names without values: JavaScript then receives the backend's values. Source: spec MU-03.
    """
    why = name_problem(mutator.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"mutator name {why}")
    if mutator.type not in ("", "pipe", "javascript"):
        message = f'invalid mutator type "{mutator.type}", valid types are "javascript, pipe"'
        yield FieldProblem("type", message)
    javascript = mutator.type == "javascript"
    if not mutator.command and not mutator.eval:
        yield FieldProblem("eval" if javascript else "command", "mutator command or eval must be set")
    if javascript and mutator.command:
        yield FieldProblem("command", '"command" used with javascript mutator, should be "eval"')
    if not mutator.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")


RULES = KindRules(
    problems=problems,
    selectable=Selectable("mutator", {**PLACE, **own(as_list, "runtime_assets")}),
    keeps_namespace=True,
    suggested=("command", "timeout"),
)
