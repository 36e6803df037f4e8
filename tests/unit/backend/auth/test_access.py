"""Access: answers follow the stored roles and bindings."""

import pytest

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.seeds import namespace_writes, seed_writes
from sensu.resources.kinds import ALL_KINDS, NAMESPACE, ROLE, ROLE_BINDING, Kind
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.role import Role, Rule
from sensu.resources.role_binding import RoleBinding, RoleRef, Subject
from sensu.resources.wire import decode
from tests.unit.backend.auth.fakes import FakeRecords

BY_NAME: dict[str, Kind] = {kind.qualified_name: kind for kind in ALL_KINDS}
COMMON = ("assets", "checks", "entities", "events", "filters", "handlers", "hooks", "mutators", "silenced")


def seeded() -> FakeRecords:
    records = FakeRecords()
    for write in seed_writes("admin", "h", "h", None, 0.0):
        kind = BY_NAME[write.key.kind]
        records.put(kind, decode(kind.shape, write.body))
    return records


def somebody(*groups: str) -> Identity:
    return Identity("bob", (*groups, "system:users"))


@pytest.mark.parametrize("resource", [*COMMON, "pipelines", "users", "clusterroles", "tessen", ""])
@pytest.mark.parametrize("verb", ["get", "list", "create", "update", "delete"])
def test_cluster_admins_may_everything_and_a_plain_user_nothing(verb: str, resource: str) -> None:
    """On a fresh cluster the group cluster-admins holds all rights, and a user without a group none."""
    access = Access(seeded())
    assert access.allows(somebody("cluster-admins"), verb, resource, name="x", namespace="default")
    assert access.allows(somebody("cluster-admins"), verb, resource)
    assert not access.allows(somebody(), verb, resource, name="x", namespace="default")


@pytest.mark.parametrize("verb", ["get", "update"])
def test_everyone_may_read_and_change_its_own_user(verb: str) -> None:
    """The group of all users is granted its own record, and no more than reading and changing it."""
    access = Access(seeded())
    assert access.allows(somebody(), verb, "localselfuser", name="bob")
    assert not access.allows(somebody(), "delete", "localselfuser", name="bob")


def test_agents_may_create_events_and_nothing_else() -> None:
    """The agents' group may do everything with events in every namespace."""
    access = Access(seeded())
    agent = Identity("agent", ("system:agents", "system:users"))
    assert access.allows(agent, "create", "events", name="web1", namespace="anywhere")
    assert not access.allows(agent, "get", "checks", name="cpu", namespace="anywhere")


def test_a_change_of_roles_and_bindings_counts_at_the_next_question() -> None:
    """Granting, changing the role, and unbinding act without a restart."""
    records = seeded()
    access = Access(records)
    bob = somebody()

    def may(verb: str) -> bool:
        return access.allows(bob, verb, "checks", name="cpu", namespace="default")

    assert not may("get")
    meta = ObjectMeta(name="reader", namespace="default")
    records.put(ROLE, Role(metadata=meta, rules=(Rule(verbs=("get",), resources=("checks",)),)))
    assert not may("get")
    subjects = (Subject(type="User", name="bob"),)
    records.put(
        ROLE_BINDING, RoleBinding(metadata=meta, subjects=subjects, role_ref=RoleRef(type="Role", name="reader"))
    )
    assert may("get")
    assert not may("delete")
    records.put(ROLE, Role(metadata=meta, rules=(Rule(verbs=("delete",), resources=("checks",)),)))
    assert not may("get")
    assert may("delete")
    records.remove(ROLE, "default", "reader")
    assert not may("delete")


def test_roles_are_read_once_for_many_questions() -> None:
    """Asking again reads no lists, so that a request costs no query."""
    records = seeded()
    access = Access(records)
    for _ in range(50):
        access.allows(somebody("cluster-admins"), "get", "checks", name="cpu", namespace="default")
    assert records.lists_read == 4


def test_the_namespaces_that_a_user_sees_follow_its_rights() -> None:
    """Cluster admins see every namespace in order, a plain user none, a bound user its own."""
    records = seeded()
    access = Access(records)
    records.put(NAMESPACE, Namespace(name="dev"))
    for write in namespace_writes("dev"):
        kind = BY_NAME[write.key.kind]
        records.put(kind, decode(kind.shape, write.body))
    assert list(access.visible_namespaces(somebody("cluster-admins"))) == ["default", "dev", "sensu-system"]
    assert list(access.visible_namespaces(somebody())) == []
    subjects = (Subject(type="User", name="bob"),)
    view = RoleRef(type="ClusterRole", name="view")
    records.put(
        ROLE_BINDING,
        RoleBinding(metadata=ObjectMeta(name="b", namespace="dev"), subjects=subjects, role_ref=view),
    )
    assert list(access.visible_namespaces(somebody())) == ["dev"]
