"""What a new cluster starts with."""

import json
from typing import Any

import pytest

from sensu.backend.auth.seeds import namespace_writes, seed_writes
from sensu.resources.kinds import STORED_TYPES
from sensu.resources.wire import decode
from sensu.rules.kinds.table import problem_of
from sensu.store.values import Must, PutResource

NINE = ["assets", "checks", "entities", "events", "filters", "handlers", "hooks", "mutators", "silenced"]


def seeds(api_key: str | None = None, admin: str = "admin") -> list[PutResource]:
    return seed_writes(admin, "admin-hash", "agent-hash", api_key, 1_700_000_000.9)


def bodies(writes: list[PutResource], kind: str) -> dict[str, Any]:
    return {
        f"{w.key.namespace}/{w.key.name}".removeprefix("/"): json.loads(w.body)
        for w in writes
        if w.key.kind == f"core/v2.{kind}"
    }


def allowed(role: dict[str, Any]) -> list[tuple[list[str], list[str]]]:
    return [(rule["verbs"], rule["resources"]) for rule in role["rules"]]


def test_the_cluster_roles_are_the_recorded_ones() -> None:
    """The six built-in cluster roles allow what the reference's allow."""
    roles = bodies(seeds(), "ClusterRole")
    assert {name: allowed(role) for name, role in roles.items()} == {
        "cluster-admin": [(["*"], ["*"])],
        "admin": [(["*"], [*NINE, "roles", "rolebindings"]), (["get", "list"], ["namespaces"])],
        "edit": [(["*"], NINE), (["get", "list"], ["namespaces"])],
        "view": [(["get", "list"], [*NINE, "namespaces"])],
        "system:agent": [(["*"], ["events"])],
        "system:user": [(["get", "update"], ["localselfuser"])],
    }


def test_the_cluster_role_bindings_are_the_recorded_ones() -> None:
    """Cluster admins, agents and all users are bound by their groups."""
    bindings = bodies(seeds(), "ClusterRoleBinding")
    granted = {name: (b["role_ref"]["name"], b["subjects"]) for name, b in bindings.items()}
    assert granted == {
        "cluster-admin": ("cluster-admin", [{"type": "Group", "name": "cluster-admins"}]),
        "system:agent": ("system:agent", [{"type": "Group", "name": "system:agents"}]),
        "system:user": ("system:user", [{"type": "Group", "name": "system:users"}]),
    }


def test_both_namespaces_have_their_pipeline_role() -> None:
    """The namespaces default and sensu-system come with the role and the binding system:pipeline."""
    writes = seeds()
    assert list(bodies(writes, "Namespace")) == ["default", "sensu-system"]
    roles, bindings = bodies(writes, "Role"), bodies(writes, "RoleBinding")
    assert list(roles) == list(bindings) == ["default/system:pipeline", "sensu-system/system:pipeline"]
    assert all(allowed(role) == [(["get", "list"], ["events"])] for role in roles.values())
    for binding in bindings.values():
        assert binding["subjects"] == [{"type": "Group", "name": "system:pipeline"}]
        assert binding["role_ref"] == {"type": "Role", "name": "system:pipeline"}


def test_the_first_users_are_the_admin_and_the_agents() -> None:
    """The admin is a cluster admin, the agents' user is in the agents' group, and readers never get a hash."""
    writes = seeds(admin="root")
    users = bodies(writes, "User")
    assert users == {
        "root": {"username": "root", "groups": ["cluster-admins"], "disabled": False, "password_hash": "admin-hash"},
        "agent": {"username": "agent", "groups": ["system:agents"], "disabled": False, "password_hash": "agent-hash"},
    }
    assert all(b"hash" not in (w.shown or b"hash") for w in writes if w.key.kind == "core/v2.User")


def test_an_admin_may_be_called_like_the_agents_user() -> None:
    """Who names the admin `agent` gets an admin."""
    assert bodies(seeds(admin="agent"), "User")["agent"]["groups"] == ["cluster-admins"]


@pytest.mark.parametrize("api_key", [None, "", "11111111-2222-4333-8444-555555555555"])
def test_an_api_key_for_the_admin_is_made_where_one_is_given(api_key: str | None) -> None:
    """The key of the init option speaks for the admin."""
    keys = bodies(seeds(api_key), "APIKey")
    if not api_key:
        assert keys == {}
    else:
        expected = {
            "metadata": {"name": api_key, "created_by": "admin"},
            "username": "admin",
            "created_at": 1_700_000_000,
        }
        assert keys == {api_key: expected}


def test_a_second_init_is_refused_by_the_first_write() -> None:
    """The writes stand or fall together, and they fall where there is a default namespace."""
    first = seeds()[0]
    assert (first.key.kind, first.key.name, first.must) == ("core/v2.Namespace", "default", Must.BE_ABSENT)


def test_namespaces_come_before_what_lies_in_them_and_everything_is_valid() -> None:
    """The writes can be applied in order, and each resource would pass as a user's."""
    shapes = {kind.qualified_name: kind.shape for kind in STORED_TYPES}
    there: set[str] = set()
    for write in seeds("11111111-2222-4333-8444-555555555555"):
        if write.key.kind == "core/v2.Namespace":
            there.add(write.key.name)
        assert not write.key.namespace or write.key.namespace in there
        resource = decode(shapes[write.key.kind], write.body)
        assert problem_of(resource) is None
        assert write.key.kind == "core/v2.APIKey" or b"created_by" not in write.body


def test_the_creator_of_a_namespace_is_on_what_comes_with_it() -> None:
    """Role and binding of a namespace made over the API carry its creator."""
    role, binding = namespace_writes("dev", created_by="admin")
    for write in (role, binding):
        assert json.loads(write.body)["metadata"] == {
            "name": "system:pipeline",
            "namespace": "dev",
            "created_by": "admin",
        }
