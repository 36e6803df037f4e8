"""Merge patches keep the identity of resources."""

import msgspec
import pytest

from sensu.backend.services.merging import holds, merged, problem_of_identity
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.payload import Conditions
from sensu.resources.check import CheckConfig
from sensu.resources.kinds import CHECK, NAMESPACE
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.wire import encode

DISK = CheckConfig(
    metadata=ObjectMeta(name="c", namespace="n", labels={"a": "1", "b": "2"}), interval=60, handlers=("slack", "mail")
)


def document(resource: object) -> dict[str, object]:
    return msgspec.json.decode(encode(resource))


def test_null_removes_objects_merge_and_lists_replace() -> None:
    """A patch does what RFC 7396 says, down to single labels."""
    patch = {"metadata": {"labels": {"a": None, "c": "3"}}, "handlers": ["pager"], "interval": 30}
    result = merged(CHECK, document(DISK), patch, "n", "c")
    assert isinstance(result, CheckConfig)
    assert result.metadata.labels == {"b": "2", "c": "3"}
    assert (result.handlers, result.interval) == (("pager",), 30)


@pytest.mark.parametrize("patch", [{"metadata": None}, {"metadata": {"name": None, "namespace": None}}])
def test_a_patch_cannot_take_the_name_away(patch) -> None:
    """What identifies a resource stays, even where the patch removes it."""
    result = merged(CHECK, document(DISK), patch, "n", "c")
    assert isinstance(result, CheckConfig)
    assert (result.metadata.name, result.metadata.namespace) == ("c", "n")


def test_a_namespace_keeps_its_name() -> None:
    """A resource without metadata cannot be renamed either."""
    assert merged(NAMESPACE, {"name": "a"}, {"name": "b"}, "", "a") == Namespace(name="a")


def test_a_wrong_type_in_the_result_is_refused() -> None:
    """A patch that would make a field something else is an invalid request that names the field."""
    result = merged(CHECK, document(DISK), {"interval": "often"}, "n", "c")
    assert isinstance(result, Invalid)
    assert "interval" in result.why


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ({}, None),
        ({"metadata": {"name": "c", "namespace": "n"}}, None),
        ({"metadata": {"name": ""}}, None),
        (
            {"metadata": {"name": "d"}},
            "the name of the resource (d) does not match the name in the URI (c)",
        ),
        (
            {"metadata": {"namespace": "m"}},
            "the namespace of the resource (m) does not match the namespace in the URI (n)",
        ),
        ({"metadata": "x"}, "metadata: expected an object, got a text"),
    ],
)
def test_naming_another_resource_is_refused(patch, problem) -> None:
    """A patch may repeat name and namespace but not change them."""
    assert problem_of_identity(patch, "n", "c") == problem


def test_both_conditions_must_hold() -> None:
    """If-Match and If-None-Match are judged together."""
    assert holds(Conditions(), '"1"')
    assert holds(Conditions('"1"', '"2"'), '"1"')
    assert not holds(Conditions('"1"', "*"), '"1"')
    assert not holds(Conditions('"2"'), '"1"')
