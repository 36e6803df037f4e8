"""Decides whether an administrator remains after a change, and which changes could remove the last one.

An administrator is an enabled user with a password who has, directly or through a group, a cluster role with a rule for
every verb on every resource.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sensu.resources.role import ClusterRole
from sensu.resources.role_binding import ClusterRoleBinding
from sensu.resources.user import User
from sensu.rules.rbac import ANY, CLUSTER_ROLE_TYPE, GROUP_TYPE, USER_TYPE

LOCKED_OUT = (
    "after this change no user would have cluster admin rights: grant them to another enabled user first,"
    " or repeat the request with force=true (sensuctl: --force)"
)
AdminResource = User | ClusterRole | ClusterRoleBinding


class AdminChain(NamedTuple):
    """The names of a user, of a cluster role with all permissions, and of the binding that grants it to the user."""

    user: str
    role: str
    binding: str


def chain_of(
    users: Mapping[str, User], roles: Mapping[str, ClusterRole], bindings: Mapping[str, ClusterRoleBinding]
) -> AdminChain | None:
    """The role and binding that make a user an administrator, None if no user is one."""
    by_group: dict[str, str] = {}
    for user in users.values():
        if _is_usable(user):
            by_group.update((group, user.username) for group in user.groups)
    for name, binding in bindings.items():
        role = roles.get(binding.role_ref.name)
        if binding.role_ref.type != CLUSTER_ROLE_TYPE or role is None or not grants_everything(role):
            continue
        for subject in binding.subjects or ():
            if subject.type == USER_TYPE and subject.name in users and _is_usable(users[subject.name]):
                return AdminChain(subject.name, binding.role_ref.name, name)
            if subject.type == GROUP_TYPE and subject.name in by_group:
                return AdminChain(by_group[subject.name], binding.role_ref.name, name)
    return None


def grants_everything(role: ClusterRole) -> bool:
    """Whether a role has a rule for every verb on every resource."""
    return any(
        ANY in (rule.verbs or ()) and ANY in (rule.resources or ()) and not rule.resource_names
        for rule in role.rules or ()
    )


def _is_usable(user: User) -> bool:
    return not user.disabled and bool(user.password_hash)


def takes_rights(before: AdminResource, after: AdminResource | None) -> bool:
    """Whether a change to a resource (None: deleted) could make a user lose administrator rights."""
    if isinstance(before, User):
        return _is_usable(before) and (
            not isinstance(after, User) or not _is_usable(after) or bool(set(before.groups) - set(after.groups))
        )
    if isinstance(before, ClusterRole):
        return grants_everything(before) and not (isinstance(after, ClusterRole) and grants_everything(after))
    if not isinstance(after, ClusterRoleBinding) or after.role_ref != before.role_ref:
        return True
    return any(subject not in (after.subjects or ()) for subject in before.subjects or ())
