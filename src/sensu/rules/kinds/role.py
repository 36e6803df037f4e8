"""Whether roles and cluster roles are valid.

Source: recorded scenarios roles-invalid and clusterroles-invalid.
"""

from collections.abc import Sequence

from sensu.resources.role import ClusterRole, Role, Rule
from sensu.rules.names import subscription_problem

VERBS = frozenset(("get", "list", "create", "update", "delete", "*"))


def problem(role: Role) -> str | None:
    """The first rule that a role breaks, or None; resource words are not looked at."""
    why = subscription_problem(role.metadata.name)
    if why is not None:
        return f"the Role name {why}"
    if not role.metadata.namespace:
        return "the Role namespace must be set"
    return _rules_problem("Role", role.rules)


def cluster_problem(role: ClusterRole) -> str | None:
    """The first rule that a cluster role breaks, or None."""
    why = subscription_problem(role.metadata.name)
    if why is not None:
        return f"the ClusterRole name {why}"
    if role.metadata.namespace:
        return "ClusterRole cannot have a namespace"
    return _rules_problem("ClusterRole", role.rules)


def _rules_problem(kind: str, rules: Sequence[Rule] | None) -> str | None:
    if not rules:
        return f"a {kind} must have at least one rule"
    for rule in rules:
        for verb in rule.verbs or ():
            if verb not in VERBS:
                return f'the verb "{verb}" is not valid'
    return None
