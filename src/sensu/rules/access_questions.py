"""Questions about rights: what one caller may do, who may do one thing, and because of which binding."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from sensu.resources.role import Rule
from sensu.rules.rbac import GROUP_TYPE, USER_TYPE, CompiledAccess, Granted

NAMES_MAX = 1_000
"""How many users, and how many groups or rules, an answer names; more make it partial."""


class AccessRule(msgspec.Struct, frozen=True):
    """Verbs that are allowed on resources; with names, on those alone and without lists."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...]


class PlacedRule(msgspec.Struct, frozen=True):
    """A rule, the namespace that it holds in (empty for all), and the binding that grants it."""

    namespace: str
    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...]
    through: str


class Entitled(msgspec.Struct, frozen=True):
    """A user or group, and the binding that grants it the right."""

    name: str
    through: str


class WhoMay(msgspec.Struct, frozen=True):
    """The users and groups that may do something; `partial` if there are more."""

    users: tuple[Entitled, ...]
    groups: tuple[Entitled, ...]
    partial: bool


class UserWithGroups(msgspec.Struct, frozen=True):
    """A user and all its groups."""

    username: str
    groups: tuple[str, ...]


class Action(msgspec.Struct, frozen=True):
    """A verb on a resource word, by name and namespace (empty for lists and cluster-wide requests)."""

    verb: str
    resource: str
    name: str = ""
    namespace: str = ""


def rules_of(access: CompiledAccess, who: UserWithGroups, namespace: str) -> tuple[AccessRule, ...]:
    """What somebody may do in a namespace (empty: everywhere), each rule once."""
    granted = access.granted_to(who.username, who.groups, namespace)
    found = dict.fromkeys(AccessRule(*_parts(rule)) for one in granted for rule in one.rules)
    return tuple(found)


def placed_rules_of(access: CompiledAccess, who: UserWithGroups, namespaces: Iterable[str]) -> tuple[PlacedRule, ...]:
    """What somebody may do everywhere and in some namespaces, with the bindings that grant it."""
    granted: list[Granted] = list(access.granted_to(who.username, who.groups, ""))
    for namespace in namespaces:
        granted += [one for one in access.granted_to(who.username, who.groups, namespace) if one.namespace]
    return tuple(PlacedRule(one.namespace, *_parts(rule), one.through) for one in granted for rule in one.rules)


def why_may(access: CompiledAccess, who: UserWithGroups, action: Action) -> str | None:
    """The binding that lets somebody do something, None if none does."""
    for granted in access.granted_to(who.username, who.groups, action.namespace):
        if granted.allows(action.verb, action.resource, action.name):
            return granted.through
    return None


def who_may(
    access: CompiledAccess, action: Action, members: Sequence[UserWithGroups], disabled: Collection[str] = ()
) -> WhoMay:
    """Who may do something: those of the `members` that may, and the users and groups that bindings name.

    Users that are `disabled` may do nothing.
    """
    users = {one.username: through for one in members if (through := why_may(access, one, action)) is not None}
    groups: dict[str, str] = {}
    known = {*disabled, *(one.username for one in members)}
    for subject, granted in access.granted_within(action.namespace):
        if not granted.allows(action.verb, action.resource, action.name):
            continue
        if subject.type == GROUP_TYPE:
            groups.setdefault(subject.name, granted.through)
        elif subject.type == USER_TYPE and subject.name not in known:
            users.setdefault(subject.name, granted.through)
    return WhoMay(_named(users), _named(groups), partial=max(len(users), len(groups)) > NAMES_MAX)


def _named(found: dict[str, str]) -> tuple[Entitled, ...]:
    return tuple(Entitled(name, found[name]) for name in sorted(found)[:NAMES_MAX])


def _parts(rule: Rule) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return rule.verbs or (), rule.resources or (), rule.resource_names or ()
