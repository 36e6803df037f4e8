"""The rules of role bindings, and those that they share with cluster role bindings.

Source: recorded scenario rolebindings-invalid.
"""

from typing import TypeVar

import msgspec

from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import subscription_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, SelectableField

AnyBinding = TypeVar("AnyBinding", RoleBinding, ClusterRoleBinding)


def problem(binding: RoleBinding) -> str | None:
    """The first rule that a binding breaks, or None. Whether the role exists is not checked."""
    why = subscription_problem(binding.metadata.name)
    if why is not None:
        return f"the RoleBinding name {why}"
    if not binding.metadata.namespace:
        return "the RoleBinding namespace must be set"
    return grant_problem(binding)


def grant_problem(binding: RoleBinding | ClusterRoleBinding) -> str | None:
    """The problem with the subjects or the role of a binding, or None."""
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


def completed(binding: AnyBinding, username: str, now: float) -> AnyBinding:
    """The binding with the types of subjects and role_ref capitalised.

    Source: API reference of role bindings.
    """
    subjects = binding.subjects
    if subjects is not None:
        subjects = tuple(msgspec.structs.replace(s, type=_capitalised(s.type)) for s in subjects)
    role_ref = msgspec.structs.replace(binding.role_ref, type=_capitalised(binding.role_ref.type))
    if subjects == binding.subjects and role_ref == binding.role_ref:
        return binding
    return msgspec.structs.replace(binding, subjects=subjects, role_ref=role_ref)


def _capitalised(word: str) -> str:
    return word[:1].upper() + word[1:]


ROLE_REF = {
    "role_ref.name": SelectableField(("role_ref", "name")),
    "role_ref.type": SelectableField(("role_ref", "type")),
}
RULES = KindRules(
    problem=problem,
    completed=completed,
    selectable=Selectable("rolebinding", {**PLACE, **ROLE_REF}),
    keeps_namespace=False,
)
