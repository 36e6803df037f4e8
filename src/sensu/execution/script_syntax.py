"""Checks the syntax of scripts; imports the engine but no resources, for the process that evaluates JavaScript."""

from collections.abc import Sequence

from sensu.execution.es5_syntax import placed
from sensu.execution.go_regexp import pattern_problem
from sensu.execution.javascript import check_syntax
from sensu.execution.missing_functions import missing_function


def syntax_problem(
    expressions: Sequence[str], body: str, functions: Sequence[str] | None = None, *, alone: bool = True
) -> str | None:
    """The first error in expressions, or in the regular expressions of a mutator's body; None if there is none.

    Given the names of the `functions` of `sensu`, calls of undefined functions are errors, too. Unless the expressions
    are `alone`, scripts of assets may define more functions.
    """
    for number, expression in enumerate(expressions):
        problem = check_syntax(expression)
        if problem is not None:
            return f"syntax error in expression {number}: {problem}"
        missing = None if functions is None else missing_function(expression, functions, alone=alone)
        if missing is not None:
            return f"error in expression {number}: {placed(expression, *missing)}"
    problem = pattern_problem(body) if body else None
    return None if problem is None else f"syntax error in eval: {problem}"
