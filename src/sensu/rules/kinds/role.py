"""The rules of roles, and those that they share with cluster roles.

Source: recorded scenarios roles-invalid and clusterroles-invalid.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from sensu.resources.role import ClusterRole, Role, Rule
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import subscription_problem
from sensu.rules.selectors.selectable import PLACE, Selectable

AnyRole = TypeVar("AnyRole", Role, ClusterRole)
VERBS = frozenset(("get", "list", "create", "update", "delete", "*"))


def problem(role: Role) -> str | None:
    """The first rule that a role breaks, or None. The types of resources are not checked."""
    why = subscription_problem(role.metadata.name)
    if why is not None:
        return f"the Role name {why}"
    if not role.metadata.namespace:
        return "the Role namespace must be set"
    return rules_problem("Role", role.rules)


def rules_problem(kind: str, rules: Sequence[Rule] | None) -> str | None:
    """The problem of the first invalid rule of a role or cluster role, or None."""
    if not rules:
        return f"a {kind} must have at least one rule"
    for rule in rules:
        for verb in rule.verbs or ():
            if verb not in VERBS:
                return f'the verb "{verb}" is not valid'
    return None


def completed(role: AnyRole, username: str, now: float) -> AnyRole:
    """The role with comma-separated verbs and resources split into items.

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


RULES = KindRules(problem=problem, completed=completed, selectable=Selectable("role", PLACE), keeps_namespace=False)
