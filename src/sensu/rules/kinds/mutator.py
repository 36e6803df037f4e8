"""The rules of mutators.

Source: recorded scenario mutators-invalid.
"""

from sensu.resources.mutator import Mutator
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, own


def problem(mutator: Mutator) -> str | None:
    """The first rule that a mutator breaks, or None.

    Its variables can be names without values: JavaScript then receives the backend's values. Source: spec MU-03.
    """
    why = name_problem(mutator.metadata.name)
    if why is not None:
        return f"mutator name {why}"
    if mutator.type not in ("", "pipe", "javascript"):
        return f'invalid mutator type "{mutator.type}", valid types are "javascript, pipe"'
    if not mutator.command and not mutator.eval:
        return "mutator command or eval must be set"
    if mutator.type == "javascript" and mutator.command:
        return '"command" used with javascript mutator, should be "eval"'
    return None if mutator.metadata.namespace else "namespace must be set"


RULES = KindRules(
    problem=problem,
    selectable=Selectable("mutator", {**PLACE, **own(as_list, "runtime_assets")}),
    keeps_namespace=True,
    suggested=("command", "timeout"),
)
