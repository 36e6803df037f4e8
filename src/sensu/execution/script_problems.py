"""What is refused in the JavaScript of a resource when it is created."""

from sensu.execution.go_regexp import pattern_problem
from sensu.execution.javascript import check_syntax
from sensu.resources.mutator import Mutator
from sensu.resources.wire import Wire
from sensu.rules.validity.kinds import expressions_of

CHECKED_CHARACTERS_MAX = 65_536
"""Reading a longer `eval` would hold up everything else; what is wrong with it is said when it runs."""


def script_problem(resource: Wire) -> str | None:
    """The first mistake in the expressions of a resource, or in a mutator's `eval`; None when there is none.

    Of an `eval`, only regular expressions are looked at. Source: recorded scenario mutator-js-errors.
    """
    for number, expression in enumerate(expressions_of(resource)):
        problem = check_syntax(expression)
        if problem is not None:
            return f"syntax error in expression {number}: {problem}"
    if isinstance(resource, Mutator) and len(resource.eval) <= CHECKED_CHARACTERS_MAX:
        problem = pattern_problem(resource.eval)
        return None if problem is None else f"syntax error in eval: {problem}"
    return None
