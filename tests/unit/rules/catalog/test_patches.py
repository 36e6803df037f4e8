"""Patches of the resources of integrations."""

from typing import Any

import pytest

from sensu.resources.catalog import Integration
from sensu.resources.wire import convert_client
from sensu.rules.catalog.patches import patched
from sensu.rules.catalog.substitute import CatalogVariables

THRESHOLD = {"name": "m", "thresholds": [{"max": "10", "status": 1}]}
CHECK: dict[str, Any] = {
    "type": "CheckConfig",
    "api_version": "core/v2",
    "metadata": {"name": "disk"},
    "spec": {"command": "c", "interval": 30, "subscriptions": ["a", "b"], "output_metric_thresholds": [THRESHOLD]},
}
VARIABLES = CatalogVariables(frozenset({"n", "name", "pipeline", "list"}), {"n": 60, "name": "disk-1", "list": ["x"]})


def changed(*operations: tuple[str, str, Any], name: str = "disk") -> Any:
    """The check after operations on it."""
    target = {"type": "CheckConfig", "api_version": "core/v2", "name": name}
    patches = [{"op": op, "path": path, "value": value} for op, path, value in operations]
    asked = convert_client(Integration, {"resource_patches": [{"resource": target, "patches": patches}]})
    return patched([CHECK], asked, VARIABLES)


@pytest.mark.parametrize(
    ("operation", "place", "expected"),
    [
        (("replace", "/spec/interval", "n"), ("spec", "interval"), 60),
        (("replace", "/spec/interval", "[[n]]"), ("spec", "interval"), 60),
        (("replace", "/spec/subscriptions", "list"), ("spec", "subscriptions"), ["x"]),
        (("add", "/spec/subscriptions/-", "[[name]]"), ("spec", "subscriptions"), ["a", "b", "disk-1"]),
        (("add", "/spec/subscriptions/1", "c"), ("spec", "subscriptions"), ["a", "c", "b"]),
        (("replace", "/spec/subscriptions/1", "c"), ("spec", "subscriptions"), ["a", "c"]),
        (("add", "/metadata/labels", {"a/b": "1"}), ("metadata", "labels"), {"a/b": "1"}),
    ],
)
def test_an_operation_changes_its_field(operation: tuple[str, str, Any], place: tuple[str, str], expected: Any) -> None:
    """`add` and `replace` follow JSON Patch."""
    found = changed(operation)
    assert found.resources[0][place[0]][place[1]] == expected
    assert found.skipped == []


def test_a_number_becomes_a_text_where_the_field_takes_only_text() -> None:
    """Thresholds are texts in the API, and questions ask for numbers."""
    found = changed(("replace", "/spec/output_metric_thresholds/0/thresholds/0/max", "[[n]]"))
    assert found.resources[0]["spec"]["output_metric_thresholds"][0]["thresholds"][0]["max"] == "60"


def test_an_item_is_added_to_a_list_that_is_empty_in_any_form() -> None:
    """A list of the kind that is left out or null is an empty one; integrations of the public catalog rely on it."""
    found = changed(
        ("add", "/spec/env_vars/-", "A=1"), ("add", "/spec/handlers", None), ("add", "/spec/handlers/-", "h")
    )
    assert (found.resources[0]["spec"]["env_vars"], found.resources[0]["spec"]["handlers"]) == (["A=1"], ["h"])
    assert found.skipped == []


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (("replace", "/spec/ttl", 1), "'ttl' does not exist"),
        (("add", "/spec/nothing/-", "A=1"), "'nothing' does not exist"),
        (("add", "/spec/timeout/-", "A=1"), "'timeout' does not exist"),
        (("add", "/spec/env_vars/0", "A=1"), "'env_vars' does not exist"),
        (("add", "/spec/interval/-", 1), "'-' would be part of a value that has no parts"),
        (("replace", "/spec/subscriptions/2", "c"), "the list has no item '2'"),
        (("replace", "/spec/subscriptions/-", "c"), "the list has no item '-'"),
        (("add", "/spec/subscriptions/01", "c"), "the list has no item '01'"),
        (("remove", "/spec/ttl", 1), "the operation 'remove' is unknown; known ones are add and replace"),
        (("add", "spec", 1), "the path does not begin with a slash"),
        (("add", "/spec/command", "[[other]]"), "[[other]]: the variable 'other' is unknown"),
        (("add", "/spec/command", "[[pipeline]]"), "pipeline: no answer"),
    ],
)
def test_an_operation_that_fails_is_skipped_with_its_reason(operation: tuple[str, str, Any], reason: str) -> None:
    """The other operations are applied."""
    found = changed(operation, ("replace", "/spec/command", "after"))
    assert [(one.title, one.path, one.reason) for one in found.skipped] == [("CheckConfig disk", operation[1], reason)]
    assert found.resources[0]["spec"]["command"] == "after"


def test_a_resource_that_is_renamed_is_patched_under_its_first_name() -> None:
    """Names in patches are those of the integration; the given resources stay as they are."""
    found = changed(("replace", "/metadata/name", "[[name]]"), ("replace", "/spec/command", "x"))
    assert (found.resources[0]["metadata"]["name"], found.resources[0]["spec"]["command"]) == ("disk-1", "x")
    assert (CHECK["metadata"]["name"], CHECK["spec"]["command"]) == ("disk", "c")


def test_steps_of_a_path_may_contain_slashes_and_tildes() -> None:
    """~1 is a slash and ~0 a tilde."""
    found = changed(("add", "/metadata/annotations", {}), ("add", "/metadata/annotations/a~1b~0", "1"))
    assert found.resources[0]["metadata"]["annotations"] == {"a/b~": "1"}


def test_a_patch_of_a_resource_that_does_not_exist_is_skipped() -> None:
    """The reason names it."""
    found = changed(("replace", "/spec/command", "x"), name="dsk")
    assert [(one.title, one.reason) for one in found.skipped] == [
        ("CheckConfig dsk", "the integration has no such resource")
    ]
