"""Deleting many resources, as the documentation says to empty a namespace."""

import json

import pytest

from tests.cli.conftest import Sensuctl

ALL_TYPES = "entities,events,assets,checks,filters,handlers,hooks,mutators,pipelines,silenced,roles,rolebindings"
SHA512 = "a" * 128


def fill(sensuctl: Sensuctl, namespace: str) -> None:
    """A namespace with resources of most kinds, events among them."""
    assert sensuctl("namespace", "create", namespace).status == 0
    where = ("--namespace", namespace)
    for line in (
        "check create lamp -c cat -i 60 -s x --publish=false",
        "handler create mail --command cat",
        "filter create once -a allow -s event.check.occurrences==1",
        "hook create ps -c ps",
        "mutator create cut -c cat",
        f"asset create tool --url http://127.0.0.1:9/tool.tgz --sha512 {SHA512}",
        "silenced create -s web -r why",
        "role create reader -v get -r checks",
        "role-binding create readers -r reader -g ops",
    ):
        assert sensuctl(*line.split(), *where).status == 0, line
    place = f"metadata: {{name: box, namespace: {namespace}}}, entity_class: proxy"
    for check in ("lamp", "door"):
        result = f"{{metadata: {{name: {check}}}, interval: 60, status: 1}}"
        event = f"type: Event\nspec:\n  entity: {{{place}}}\n  check: {result}\n"
        assert sensuctl("create", *where, stdin=event).status == 0
    secret = "type: Secret\napi_version: secrets/v1\nmetadata: {name: token}\nspec: {provider: env, id: TOKEN}\n"
    assert sensuctl("create", *where, stdin=secret).status == 0


def namespaces(sensuctl: Sensuctl) -> list[str]:
    return [one["name"] for one in json.loads(sensuctl("namespace", "list", "--format", "json").out)]


@pytest.mark.parametrize("order", ["events,entities", "entities,events"])
def test_a_dump_that_is_deleted_empties_a_namespace(sensuctl: Sensuctl, order: str) -> None:
    """What one deletion takes along with it is no failure of the next, so that the namespace can go, too."""
    fill(sensuctl, "attic")
    types = ALL_TYPES.replace("entities,events", order) + ",secrets/v1.Secret"
    dump = sensuctl("dump", types, "--namespace", "attic").out
    assert dump.index("type: Entity") < dump.index("type: Event\n")
    assert "type: Secret" in dump
    ended = sensuctl("delete", stdin=dump)
    assert (ended.status, ended.out, ended.err) == (0, "", "13 deleted, 2 were gone already\n")
    assert sensuctl("namespace", "delete", "attic", "--skip-confirm") == (0, "Deleted\n", "")
    assert "attic" not in namespaces(sensuctl)


def test_a_dump_of_everything_can_be_deleted_in_one_go(sensuctl: Sensuctl) -> None:
    """Namespaces go after what is in them, whatever the order of the file; a second run finds all of it gone."""
    fill(sensuctl, "cellar")
    own = "type: Namespace\nmetadata: {}\nspec: {name: cellar}\n---\n"
    dump = own + sensuctl("dump", "all", "--namespace", "cellar", "--omit", CLUSTER_WIDE).out
    assert sensuctl("delete", stdin=dump).status == 0
    assert "cellar" not in namespaces(sensuctl)
    again = sensuctl("delete", stdin=dump)
    assert (again.status, again.err) == (0, "0 deleted, 16 were gone already\n")


CLUSTER_WIDE = "namespaces,clusterroles,clusterrolebindings,users,apikeys,tessen,secrets-providers"


def test_what_cannot_be_deleted_stops_nothing_and_is_reported(sensuctl: Sensuctl) -> None:
    """All that can go goes; the rest is named at the end, and the status tells scripts."""
    check = "type: CheckConfig\nmetadata: {{name: {}, namespace: {}}}\nspec: {{command: x, interval: 5}}\n"
    there = check.format("there", "default")
    assert sensuctl("create", stdin=there).status == 0
    mistyped = check.format("gone", "defautl")
    ended = sensuctl("delete", stdin="---\n".join([mistyped, check.format("gone", "default"), there]))
    assert ended.status == 1
    path = "/api/core/v2/namespaces/defautl/checks/gone"
    assert ended.err.splitlines() == [
        "1 deleted, 1 was gone already",
        f"Error: error deleting resource 0 ({path}): not found",
    ]
    assert sensuctl("check", "info", "there").status == 1


def test_a_namespace_goes_with_everything_in_it(sensuctl: Sensuctl) -> None:
    """--recursive shows what would be lost before it asks, and asks unless it must not."""
    fill(sensuctl, "garage")
    preview = "namespace garage contains 1 asset, 1 check, 1 entity, 2 events, 1 filter, 1 handler, 1 hook, 1 mutator, "
    preview += "2 roles, 2 role bindings, 1 silence, 1 secret\n"
    asked = sensuctl("namespace", "delete", "garage", "--recursive")
    assert (asked.status, asked.out.startswith(preview), asked.out.splitlines()[-1]) == (0, True, "Canceled")
    assert "garage" in namespaces(sensuctl)
    ended = sensuctl("namespace", "delete", "garage", "--recursive", "--skip-confirm")
    assert ended == (0, f"{preview}Deleted\n", "")
    assert "garage" not in namespaces(sensuctl)
    assert sensuctl("namespace", "delete", "garage", "--recursive", "--skip-confirm").status == 1
