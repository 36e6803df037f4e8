"""The rules of namespaces.

Source: recorded scenario namespaces-invalid.
"""

from collections.abc import Iterator

from sensu.resources.namespace import Namespace
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.selectors.selectable import Selectable, as_text, own


def problems(namespace: Namespace) -> Iterator[FieldProblem]:
    """The rules that a namespace breaks."""
    why = name_problem(namespace.name)
    if why is not None:
        yield FieldProblem("name", f"namespace name {why}")
    for field in ("history_retention", "history_bytes_max"):
        if getattr(namespace, field) < 0:
            yield FieldProblem(field, f"{field} must not be negative")


RULES = KindRules(problems=problems, selectable=Selectable("namespace", own(as_text, "name"), ()), bare_wording=True)
