"""What the API completes and rewrites of what clients send, kind by kind."""

import pytest

from sensu.resources.check import CheckConfig
from sensu.resources.hook import HookLists
from sensu.resources.kinds import CYBERARK_PROVIDER, ETCD_REPLICATOR, LICENSE, SILENCED, STORED_TYPES, VAULT_PROVIDER
from sensu.resources.metadata import ObjectMeta, PipelineReference
from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.resources.silenced import Silenced
from sensu.rules.kinds.table import completed

NOW = 1_700_000_000.0


@pytest.mark.parametrize("shape", [Role, ClusterRole])
def test_comma_joined_verbs_and_resources_are_split(shape: type[Role] | type[ClusterRole]) -> None:
    """`get,list` is two verbs; names of resources are never split, and blanks belong to the words."""
    joined = Rule(verbs=("get,list", "update"), resources=("checks,events",), resource_names=("a,b",))
    role = shape(rules=(joined, Rule(verbs=("get",), resources=None)))
    assert completed(role, username="u", now=NOW).rules == (
        Rule(verbs=("get", "list", "update"), resources=("checks", "events"), resource_names=("a,b",)),
        Rule(verbs=("get",), resources=None),
    )


@pytest.mark.parametrize("shape", [RoleBinding, ClusterRoleBinding])
def test_types_in_bindings_start_in_upper_case(shape: type[RoleBinding] | type[ClusterRoleBinding]) -> None:
    """`user`, `group` and `clusterRole` are taken for `User`, `Group` and `ClusterRole`."""
    binding = shape(
        subjects=(Subject(type="user", name="bob"), Subject(type="group", name="ops"), Subject(type="", name="x")),
        role_ref=RoleRef(type="clusterRole", name="view"),
    )
    kept = completed(binding, username="u", now=NOW)
    assert [subject.type for subject in kept.subjects or ()] == ["User", "Group", ""]
    assert [subject.name for subject in kept.subjects or ()] == ["bob", "ops", "x"]
    assert kept.role_ref == RoleRef(type="ClusterRole", name="view")


def test_the_pipelines_of_a_check_are_completed() -> None:
    """A pipeline that a check names by name only is a core/v2 Pipeline, also where the client sends empty texts."""
    whole = PipelineReference(name="a", type="Pipeline", api_version="core/v2")
    check = CheckConfig(pipelines=(PipelineReference(name="a", type="", api_version=""), whole))
    assert completed(check, username="u", now=NOW).pipelines == (whole, whole)


def test_a_silence_is_completed_with_caller_and_time() -> None:
    """The caller is the creator of a silence that begins now."""
    kept = completed(Silenced(metadata=ObjectMeta(namespace="n"), check="cpu"), username="bob", now=NOW)
    assert (kept.metadata.name, kept.creator, kept.begin) == ("*:cpu", "bob", 1_700_000_000)


def test_what_needs_no_completion_comes_back_as_it_is() -> None:
    """Resources of kinds without such rules, and those that are complete, are not copied."""
    for kind in STORED_TYPES:
        resource = kind.shape()
        assert (completed(resource, username="u", now=NOW) is resource) == (
            kind not in (SILENCED, LICENSE, VAULT_PROVIDER, CYBERARK_PROVIDER, ETCD_REPLICATOR)
        )


def test_each_status_with_hooks_gets_an_object_of_its_own() -> None:
    """Agents read one status from each object, so one with several becomes several; what is empty reads `null`."""
    sent: HookLists = ({"1": ("a",), "critical": ("b", "c")}, {"ok": ()}, {})
    kept = completed(CheckConfig(check_hooks=sent), username="u", now=NOW)
    assert kept.check_hooks == ({"1": ("a",)}, {"critical": ("b", "c")}, {"ok": None}, {"": None})
    assert completed(kept, username="u", now=NOW) == kept
