"""The rules of role bindings, and those that they share with cluster role bindings.

Source: recorded scenario rolebindings-invalid.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import subscription_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, SelectableField

AnyBinding = TypeVar("AnyBinding", RoleBinding, ClusterRoleBinding)


def problems(binding: RoleBinding) -> Iterator[FieldProblem]:
    """The rules that a binding breaks. Whether the role exists is not checked."""
    why = subscription_problem(binding.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"the RoleBinding name {why}")
    if not binding.metadata.namespace:
        yield FieldProblem("metadata.namespace", "the RoleBinding namespace must be set")
    yield from grant_problems(binding)


def grant_problems(binding: RoleBinding | ClusterRoleBinding) -> Iterator[FieldProblem]:
    """The problems with the subjects and the role of a binding."""
    if not binding.subjects:
        yield FieldProblem("subjects", "a RoleBinding must have at least one subject")
    for number, subject in enumerate(binding.subjects or ()):
        yield from _subject_problems(f"subjects[{number}]", subject)
    yield from _role_ref_problems(binding.role_ref)


def _subject_problems(path: str, subject: Subject) -> Iterator[FieldProblem]:
    if subject.type not in ("Group", "User"):
        message = f'subject type "{subject.type}" is invalid, expected either "Group" or "User"'
        yield FieldProblem(f"{path}.type", message)
    if not subject.name:
        yield FieldProblem(f"{path}.name", f'subject name for the "{subject.type}" type is required')


def _role_ref_problems(role_ref: RoleRef) -> Iterator[FieldProblem]:
    if role_ref.type not in ("ClusterRole", "Role"):
        message = f'roleRef type "{role_ref.type}" is invalid, expected either "ClusterRole" or "Role"'
        yield FieldProblem("role_ref.type", message)
    if not role_ref.name:
        yield FieldProblem("role_ref.name", f"roleRef name for {role_ref.type} is required")


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
    problems=problems,
    completed=completed,
    selectable=Selectable("rolebinding", {**PLACE, **ROLE_REF}),
    keeps_namespace=False,
)
