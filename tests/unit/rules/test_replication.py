"""What a replicator does to the resources of another cluster."""

from typing import Any

import pytest

from sensu.resources.federation import EtcdReplicator
from sensu.resources.kinds import ALL_KINDS
from sensu.rules.replication import LABEL, TargetResource, is_replicable, obstacle, plan, seen

CREATOR = "cluster/roles"
API = "https://alpha.example.com:8080"


def role(name: str, verb: str = "get", *, creator: str = "", by: str = "admin") -> dict[str, Any]:
    """A role as the API returns it."""
    labels = {"labels": {LABEL: creator}} if creator else {}
    metadata = {"name": name, "namespace": "default", "created_by": by, **labels}
    return {"rules": [{"verbs": [verb], "resources": ["checks"]}], "metadata": metadata}


def there(*roles: dict[str, Any]) -> dict[tuple[str, str], TargetResource]:
    """What the other cluster has."""
    return {("default", one["metadata"]["name"]): seen(one) for one in roles}


def test_a_missing_resource_is_created_with_the_label_of_its_replicator() -> None:
    """The label is what makes it the replicator's own; the author is that of the other cluster."""
    found = plan([role("a")], {}, CREATOR)
    assert found.create[("default", "a")]["metadata"] == {
        "name": "a",
        "namespace": "default",
        "labels": {LABEL: CREATOR},
    }
    assert (found.resources, found.replace, found.delete) == (1, {}, ())


def test_what_is_equal_is_left_alone() -> None:
    """Neither the author nor the label of the replicator is a difference."""
    found = plan([role("a"), role("b")], there(role("a", creator=CREATOR, by="x"), role("b", by="y")), CREATOR)
    assert (found.create, found.replace, found.delete) == ({}, {}, ())


def test_a_resource_that_the_other_cluster_has_by_itself_is_replaced_and_never_deleted() -> None:
    """The last write wins; without the label, the resource stays when the source's is deleted."""
    found = plan([role("a")], there(role("a", "delete")), CREATOR)
    assert found.local == {("default", "a")}
    assert "labels" not in found.replace[("default", "a")]["metadata"]
    assert plan([], there(role("a")), CREATOR).delete == ()


def test_only_what_the_replicator_created_is_deleted() -> None:
    """Resources of another replicator stay, and so do those of the cluster."""
    target = there(role("a", creator=CREATOR), role("b", creator="cluster/others"), role("c"))
    assert plan([], target, CREATOR).delete == (("default", "a"),)


def test_a_changed_resource_of_the_replicator_keeps_its_label() -> None:
    """It can still be deleted later."""
    found = plan([role("a", "list")], there(role("a", creator=CREATOR)), CREATOR)
    assert found.replace[("default", "a")]["metadata"]["labels"] == {LABEL: CREATOR}
    assert found.local == frozenset()


def test_what_a_replicator_has_created_is_not_replicated_again() -> None:
    """Two clusters that replicate to each other do not bring back what was deleted."""
    assert plan([role("a", creator="other/roles")], {}, CREATOR).create == {}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"url": "http://127.0.0.1:2379"}, "is the address of etcd"),
        ({"url": "http://alpha.example.com:8080"}, "must begin with https://"),
        ({"url": f"{API},alpha"}, "separated by commas"),
        ({"url": " , "}, "separated by commas"),
        ({"resource": "Event"}, "core/v2.Event cannot be replicated"),
        ({"resource": "Nothing"}, "core/v2.Nothing cannot be replicated"),
        ({"api_key_file": ""}, "api_key_file must be set"),
        ({"cert": "/cert.pem"}, "cert and key must both be set"),
    ],
)
def test_what_keeps_a_replicator_from_working_has_a_reason(given: dict[str, str], why: str) -> None:
    """Such definitions are stored, as in the reference; the reason names the field."""
    fields = {"url": API, "resource": "Role", "api_version": "core/v2", "api_key_file": "/key", **given}
    assert why in (obstacle(EtcdReplicator(**fields)) or "")  # type: ignore[arg-type]


def test_a_replicator_may_have_several_urls_and_use_loopback_without_tls() -> None:
    """The key does not leave the host over http."""
    fields = {"resource": "Role", "api_version": "core/v2", "api_key_file": "/key"}
    assert obstacle(EtcdReplicator(url=f"{API}, https://beta:8080/", **fields)) is None  # type: ignore[arg-type]
    assert obstacle(EtcdReplicator(url="http://127.0.0.1:8080", **fields)) is None  # type: ignore[arg-type]


def test_the_kinds_of_policy_and_configuration_can_be_replicated() -> None:
    """Whatever the API replaces as a whole; not what a cluster observes, its users and keys, and the federation."""
    words = {kind.segment for kind in ALL_KINDS if is_replicable(kind)}
    assert {"namespaces", "roles", "rolebindings", "clusterroles", "clusterrolebindings"} <= words
    assert {"checks", "handlers", "filters", "assets", "secrets"} <= words
    assert words.isdisjoint({"events", "entities", "users", "apikeys", "license", "clusters", "etcd-replicators"})
