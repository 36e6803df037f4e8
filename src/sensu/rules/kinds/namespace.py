"""The rules of namespaces.

Source: recorded scenario namespaces-invalid.
"""

from sensu.resources.namespace import Namespace
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import Selectable, as_text, own


def problem(namespace: Namespace) -> str | None:
    """The first rule that a namespace breaks, or None."""
    why = name_problem(namespace.name)
    if why is not None:
        return f"namespace name {why}"
    for field in ("history_retention", "history_bytes_max"):
        if getattr(namespace, field) < 0:
            return f"{field} must not be negative"
    return None


RULES = KindRules(problem=problem, selectable=Selectable("namespace", own(as_text, "name"), ()), bare_wording=True)
