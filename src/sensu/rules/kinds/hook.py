"""The rules of hooks.

Source: recorded scenario hooks-invalid.
"""

from collections.abc import Iterator

from sensu.resources.hook import HookConfig
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, first_of
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable


def problem(hook: HookConfig) -> str | None:
    """The first rule that a hook breaks, or None."""
    return first_of(problems(hook))


def problems(hook: HookConfig) -> Iterator[FieldProblem]:
    """The rules that a hook breaks."""
    why = name_problem(hook.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"hook name {why}")
    if not hook.command:
        yield FieldProblem("command", "command cannot be empty")
    if not hook.timeout:
        yield FieldProblem("timeout", "hook timeout must be greater than 0")
    if not hook.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")


RULES = KindRules(
    problems=problems,
    selectable=Selectable("hook", PLACE),
    keeps_namespace=True,
    suggested=("command", "timeout"),
)
