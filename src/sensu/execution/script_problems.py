"""Validates the JavaScript of resources when they are created."""

from sensu.execution.javascript_pool import JavaScriptPool
from sensu.execution.script_syntax import syntax_problem
from sensu.resources.event_filter import EventFilter
from sensu.resources.mutator import Mutator
from sensu.resources.rule_template import RuleTemplate
from sensu.resources.wire import Wire
from sensu.rules.kinds.table import expressions_of
from sensu.rules.other_events import FUNCTIONS

CHECKED_HERE_CHARACTERS_MAX, CHECKED_HERE_MAX = 2_000, 20
"""Longer scripts, or more of them, would block the loop; they are checked in a separate process."""
_FUNCTION = "(function (events, event, args, sensu) {"
TIME_LIMIT_S = 5.0
"""How long checking the scripts of one resource may take there; beyond that the resource is rejected."""


def script_problem(resource: Wire) -> str | None:
    """The first error in the expressions of a resource, or in its `eval`; None if there is none.

    In an `eval` of a mutator, only regular expressions are checked. Source: recorded scenario mutator-js-errors.
    """
    expressions, body = _scripts_of(resource)
    if isinstance(resource, RuleTemplate):
        return _of_template(syntax_problem(expressions, body))
    return syntax_problem(expressions, body, _functions_of(resource), alone=_stand_alone(resource))


class ScriptChecks:
    """Validates scripts without blocking the event loop."""

    def __init__(self) -> None:
        self._engine = JavaScriptPool(1)

    def close(self) -> None:
        """End the process."""
        self._engine.close()

    async def problem(self, resource: Wire) -> str | None:
        """The first error, or None; raises ExecutionError if no process can be started."""
        expressions, body = _scripts_of(resource)
        if len(expressions) <= CHECKED_HERE_MAX and sum(map(len, (*expressions, body))) <= CHECKED_HERE_CHARACTERS_MAX:
            return script_problem(resource)
        functions, alone = _functions_of(resource), _stand_alone(resource)
        problem = await self._engine.check(expressions, body, functions, alone=alone, limit_s=TIME_LIMIT_S)
        return _of_template(problem) if isinstance(resource, RuleTemplate) else problem


def _scripts_of(resource: Wire) -> tuple[tuple[str, ...], str]:
    if isinstance(resource, RuleTemplate):
        return (f"{_FUNCTION}{resource.eval}\n}})",), ""
    return tuple(expressions_of(resource)), resource.eval if isinstance(resource, Mutator) else ""


def _of_template(problem: str | None) -> str | None:
    """The problem with the script of a rule template, which is the body of a function."""
    return None if problem is None else problem.replace(" in expression 0: ", " in eval: ", 1)


def _functions_of(resource: Wire) -> tuple[str, ...]:
    """The functions of `sensu` that the expressions of a resource may call."""
    return FUNCTIONS if isinstance(resource, EventFilter) else ()


def _stand_alone(resource: Wire) -> bool:
    """Whether scripts of assets cannot define functions for the expressions."""
    return not (isinstance(resource, EventFilter) and resource.runtime_assets)
