"""The rules of cluster role bindings.

Source: recorded scenario rolebindings-invalid.
"""

from sensu.resources.role_binding import ClusterRoleBinding
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.kinds.role_binding import ROLE_REF, completed, grant_problem
from sensu.rules.names import subscription_problem
from sensu.rules.selectors.selectable import NAME, Selectable


def problem(binding: ClusterRoleBinding) -> str | None:
    """The first rule that a cluster role binding breaks, or None."""
    why = subscription_problem(binding.metadata.name)
    if why is not None:
        return f"the ClusterRoleBinding name {why}"
    if binding.metadata.namespace:
        return "ClusterRoleBinding cannot have a namespace"
    return grant_problem(binding)


RULES = KindRules(
    problem=problem, completed=completed, selectable=Selectable("clusterrolebinding", {**NAME, **ROLE_REF})
)
