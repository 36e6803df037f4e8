"""Whether anybody has all rights, and which changes could take them from the last one."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from sensu.resources.metadata import ObjectMeta
from sensu.resources.role import ClusterRole, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleRef, Subject
from sensu.resources.user import User
from sensu.rules.administrators import AdminChain, chain_of, takes_rights

ROOT = User(username="root", password_hash="hash", groups=("admins",))
ALL = ClusterRole(metadata=ObjectMeta(name="all"), rules=(Rule(verbs=("*",), resources=("*",)),))
BINDING = ClusterRoleBinding(
    metadata=ObjectMeta(name="b"),
    subjects=(Subject(type="Group", name="admins"),),
    role_ref=RoleRef(type="ClusterRole", name="all"),
)


def chain(user: User = ROOT, role: ClusterRole = ALL, binding: ClusterRoleBinding = BINDING) -> AdminChain | None:
    named: Mapping[str, Any] = {"root": user}
    return chain_of(named, {"all": role}, {"b": binding})


def test_an_administrator_is_found_by_group_or_name() -> None:
    """A binding to a group of an enabled user, or to the user itself, makes an administrator."""
    assert chain() == AdminChain("root", "all", "b")
    by_name = replace(BINDING, subjects=(Subject(type="User", name="root"),))
    assert chain(replace(ROOT, groups=()), binding=by_name) == AdminChain("root", "all", "b")


BROKEN: list[dict[str, Any]] = [
    {"user": replace(ROOT, disabled=True)},
    {"user": replace(ROOT, groups=())},
    {"user": replace(ROOT, password_hash="")},
    {"role": replace(ALL, rules=())},
    {"role": replace(ALL, rules=None)},
    {"role": replace(ALL, rules=(Rule(verbs=("get",), resources=("*",)),))},
    {"role": replace(ALL, rules=(Rule(verbs=("*",), resources=("checks",)),))},
    {"role": replace(ALL, rules=(Rule(verbs=("*",), resources=("*",), resource_names=("x",)),))},
    {"binding": replace(BINDING, subjects=())},
    {"binding": replace(BINDING, subjects=(Subject(type="Group", name="Admins"),))},
    {"binding": replace(BINDING, role_ref=RoleRef(type="ClusterRole", name="view"))},
    {"binding": replace(BINDING, role_ref=RoleRef(type="Role", name="all"))},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_link_leaves_no_administrator(broken: dict[str, Any]) -> None:
    """Without a usable user, a role with all rights or a binding between them there is no administrator."""
    assert chain(**broken) is None
    (name, after), *_ = broken.items()
    before = {"user": ROOT, "role": ALL, "binding": BINDING}[name]
    assert takes_rights(before, after)
    assert takes_rights(before, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ROOT, replace(ROOT, password_hash="another")),
        (ROOT, replace(ROOT, groups=("admins", "more"))),
        (replace(ROOT, disabled=True), None),
        (ALL, replace(ALL, rules=(Rule(verbs=("get",), resources=("checks",)), *(ALL.rules or ())))),
        (replace(ALL, rules=()), None),
        (BINDING, replace(BINDING, subjects=(*(BINDING.subjects or ()), Subject(type="User", name="x")))),
    ],
)
def test_other_changes_take_no_rights(before: Any, after: Any) -> None:
    """A new password, further groups, rules or subjects, and what gave no rights before are changed freely."""
    assert not takes_rights(before, after)
