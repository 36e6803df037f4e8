"""The rules of roles, and those that they share with cluster roles.

Source: recorded scenarios roles-invalid and clusterroles-invalid.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from sensu.resources.role import ClusterRole, Role, Rule
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import subscription_problem
from sensu.rules.selectors.selectable import PLACE, Selectable

AnyRole = TypeVar("AnyRole", Role, ClusterRole)
VERBS = frozenset(("get", "list", "create", "update", "delete", "*"))


def problems(role: Role) -> Iterator[FieldProblem]:
    """The rules that a role breaks. The types of resources are not checked."""
    why = subscription_problem(role.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"the Role name {why}")
    if not role.metadata.namespace:
        yield FieldProblem("metadata.namespace", "the Role namespace must be set")
    yield from rules_problems("Role", role.rules)


def rules_problems(kind: str, rules: Sequence[Rule] | None) -> Iterator[FieldProblem]:
    """The problems of the rules of a role or cluster role."""
    if not rules:
        yield FieldProblem("rules", f"a {kind} must have at least one rule")
    for number, rule in enumerate(rules or ()):
        for place, verb in enumerate(rule.verbs or ()):
            if verb not in VERBS:
                yield FieldProblem(f"rules[{number}].verbs[{place}]", f'the verb "{verb}" is not valid')


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


RULES = KindRules(problems=problems, completed=completed, selectable=Selectable("role", PLACE), keeps_namespace=False)
