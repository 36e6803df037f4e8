"""Whether role bindings and cluster role bindings are valid.

Source: recorded scenario rolebindings-invalid.
"""

from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.rules.names import subscription_problem


def problem(binding: RoleBinding) -> str | None:
    """The first rule that a binding breaks, or None; whether the role exists is not looked at."""
    why = subscription_problem(binding.metadata.name)
    if why is not None:
        return f"the RoleBinding name {why}"
    if not binding.metadata.namespace:
        return "the RoleBinding namespace must be set"
    return _grant_problem(binding)


def cluster_problem(binding: ClusterRoleBinding) -> str | None:
    """The first rule that a cluster role binding breaks, or None."""
    why = subscription_problem(binding.metadata.name)
    if why is not None:
        return f"the ClusterRoleBinding name {why}"
    if binding.metadata.namespace:
        return "ClusterRoleBinding cannot have a namespace"
    return _grant_problem(binding)


def _grant_problem(binding: RoleBinding | ClusterRoleBinding) -> str | None:
    if not binding.subjects:
        return "a RoleBinding must have at least one subject"
    for subject in binding.subjects:
        why = _subject_problem(subject)
        if why is not None:
            return why
    return _role_ref_problem(binding.role_ref)


def _subject_problem(subject: Subject) -> str | None:
    if subject.type not in ("Group", "User"):
        return f'subject type "{subject.type}" is invalid, expected either "Group" or "User"'
    return None if subject.name else f'subject name for the "{subject.type}" type is required'


def _role_ref_problem(role_ref: RoleRef) -> str | None:
    if role_ref.type not in ("ClusterRole", "Role"):
        return f'roleRef type "{role_ref.type}" is invalid, expected either "ClusterRole" or "Role"'
    return None if role_ref.name else f"roleRef name for {role_ref.type} is required"
