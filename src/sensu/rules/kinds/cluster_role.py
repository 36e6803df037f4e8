"""The rules of cluster roles.

Source: recorded scenario clusterroles-invalid.
"""

from sensu.resources.role import ClusterRole
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.kinds.role import completed, rules_problem
from sensu.rules.names import subscription_problem
from sensu.rules.selectors.selectable import NAME, Selectable


def problem(role: ClusterRole) -> str | None:
    """The first rule that a cluster role breaks, or None."""
    why = subscription_problem(role.metadata.name)
    if why is not None:
        return f"the ClusterRole name {why}"
    if role.metadata.namespace:
        return "ClusterRole cannot have a namespace"
    return rules_problem("ClusterRole", role.rules)


RULES = KindRules(problem=problem, completed=completed, selectable=Selectable("clusterrole", NAME))
