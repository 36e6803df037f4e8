"""Merge patches: the examples and the laws of RFC 7396."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.merge_patch import merge_patch

KEYS = st.sampled_from(["a", "b", "c", "metadata"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)


def has_null_in_objects(value: Any) -> bool:
    if isinstance(value, dict):
        return any(item is None or has_null_in_objects(item) for item in value.values())
    return False


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"w": [{"name": "old", "handler": "h"}]}, {"w": [{"mutator": "m"}]}, {"w": [{"mutator": "m"}]}),
    ],
)
def test_the_examples_of_the_rfc(target: Any, patch: Any, expected: Any) -> None:
    """Null removes, objects merge, everything else replaces."""
    assert merge_patch(target, patch) == expected


@given(JSON, JSON)
def test_neither_argument_is_changed(target: Any, patch: Any) -> None:
    """A merge leaves the stored document and the patch as they were."""
    before = copy.deepcopy((target, patch))
    merge_patch(target, patch)
    assert (target, patch) == before


@given(JSON, JSON)
def test_a_patch_applied_twice_changes_nothing_more(target: Any, patch: Any) -> None:
    """Sending the same patch again has no further effect."""
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


@given(OBJECTS)
def test_the_empty_patch_changes_nothing(target: dict[str, Any]) -> None:
    """`{}` leaves every object as it is."""
    assert merge_patch(target, {}) == target


@given(JSON, JSON.filter(lambda value: not isinstance(value, dict)))
def test_what_is_no_object_replaces(target: Any, patch: Any) -> None:
    """A patch that is no object takes the place of the document."""
    assert merge_patch(target, patch) == patch


@given(JSON, OBJECTS)
def test_nulls_of_the_patch_never_arrive(target: Any, patch: dict[str, Any]) -> None:
    """A key that the patch sets to null is gone, and its other keys are there."""
    merged = merge_patch(target, patch)
    assert {key for key, value in patch.items() if value is None}.isdisjoint(merged)
    assert {key for key, value in patch.items() if value is not None} <= set(merged)


@given(OBJECTS, OBJECTS)
def test_keys_that_the_patch_does_not_name_stay(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """What a patch does not mention keeps its value."""
    merged = merge_patch(target, patch)
    assert {k: v for k, v in merged.items() if k not in patch} == {k: v for k, v in target.items() if k not in patch}


@given(OBJECTS.filter(lambda value: not has_null_in_objects(value)))
def test_a_patch_without_nulls_makes_itself_of_nothing(patch: dict[str, Any]) -> None:
    """Applied to an empty document a patch without nulls gives just itself."""
    assert merge_patch({}, patch) == patch
