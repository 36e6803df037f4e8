"""The rules of cluster roles.

Source: recorded scenario clusterroles-invalid.
"""

from collections.abc import Iterator

from sensu.resources.role import ClusterRole
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.kinds.role import completed, rules_problems
from sensu.rules.names import subscription_problem
from sensu.rules.selectors.selectable import NAME, Selectable


def problems(role: ClusterRole) -> Iterator[FieldProblem]:
    """The rules that a cluster role breaks."""
    why = subscription_problem(role.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"the ClusterRole name {why}")
    if role.metadata.namespace:
        yield FieldProblem("metadata.namespace", "ClusterRole cannot have a namespace")
    yield from rules_problems("ClusterRole", role.rules)


RULES = KindRules(problems=problems, completed=completed, selectable=Selectable("clusterrole", NAME))
