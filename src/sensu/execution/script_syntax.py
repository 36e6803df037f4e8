"""What is wrong with the syntax of scripts; needs the engine and nothing of resources, for the process that has one."""

from collections.abc import Sequence

from sensu.execution.go_regexp import pattern_problem
from sensu.execution.javascript import check_syntax


def syntax_problem(expressions: Sequence[str], body: str) -> str | None:
    """The first mistake in expressions, or in the regular expressions of a mutator's body; None when there is none."""
    for number, expression in enumerate(expressions):
        problem = check_syntax(expression)
        if problem is not None:
            return f"syntax error in expression {number}: {problem}"
    problem = pattern_problem(body) if body else None
    return None if problem is None else f"syntax error in eval: {problem}"
