"""The rules of hooks.

Source: recorded scenario hooks-invalid.
"""

from sensu.resources.hook import HookConfig
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable


def problem(hook: HookConfig) -> str | None:
    """The first rule that a hook breaks, or None."""
    why = name_problem(hook.metadata.name)
    if why is not None:
        return f"hook name {why}"
    if not hook.command:
        return "command cannot be empty"
    if not hook.timeout:
        return "hook timeout must be greater than 0"
    return None if hook.metadata.namespace else "namespace must be set"


RULES = KindRules(
    problem=problem,
    selectable=Selectable("hook", PLACE),
    keeps_namespace=True,
    suggested=("command", "timeout"),
)
