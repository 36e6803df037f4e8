"""What roles and role bindings that a client sends become."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding

AnyRole = TypeVar("AnyRole", Role, ClusterRole)
AnyBinding = TypeVar("AnyBinding", RoleBinding, ClusterRoleBinding)


def split_rules(role: AnyRole) -> AnyRole:
    """The role with comma-joined verbs and resources as items of their own.

    Source: API reference of roles (`"verbs": ["get,list"]`).
    """
    if not any(_is_joined(rule) for rule in role.rules or ()):
        return role
    return msgspec.structs.replace(role, rules=tuple(_split_rule(rule) for rule in role.rules or ()))


def _is_joined(rule: Rule) -> bool:
    return any("," in word for word in (*(rule.verbs or ()), *(rule.resources or ())))


def _split_rule(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, verbs=_split(rule.verbs), resources=_split(rule.resources))


def _split(words: Sequence[str] | None) -> tuple[str, ...] | None:
    if words is None:
        return None
    return tuple(part for word in words for part in word.split(","))


def capitalised_types(binding: AnyBinding) -> AnyBinding:
    """The binding with the types of subjects and role_ref starting in upper case.

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
