"""The rules of cluster role bindings.

Source: recorded scenario rolebindings-invalid.
"""

from collections.abc import Iterator

from sensu.resources.role_binding import ClusterRoleBinding
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.kinds.role_binding import ROLE_REF, completed, grant_problems
from sensu.rules.names import subscription_problem
from sensu.rules.selectors.selectable import NAME, Selectable


def problems(binding: ClusterRoleBinding) -> Iterator[FieldProblem]:
    """The rules that a cluster role binding breaks."""
    why = subscription_problem(binding.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"the ClusterRoleBinding name {why}")
    if binding.metadata.namespace:
        yield FieldProblem("metadata.namespace", "ClusterRoleBinding cannot have a namespace")
    yield from grant_problems(binding)


RULES = KindRules(
    problems=problems, completed=completed, selectable=Selectable("clusterrolebinding", {**NAME, **ROLE_REF})
)
