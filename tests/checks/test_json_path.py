"""Conditions about the values of a JSON body."""

from typing import Any

import pytest

from sensu_check.json_path import BadPath, Condition

BODY = {"items": [1, 2], "name": "ab", "none": None, "len": 3, "flag": False}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("len(items) == 2", None),
        ("len(name) > 2", "len(name) is 2, expected len(name) > 2"),
        ("len(flag) > 2", "flag has no length"),
        ("len(other) > 2", "the JSON body has no other"),
        ("len == 3", None),
        ("has(none) == true", None),
        ("has(other)", "has(other) is false, expected has(other)"),
        ("has(items[5]) == false", None),
        ("flag", "flag is false, expected flag"),
    ],
)
def test_a_condition_is_about_a_value_its_length_or_whether_it_is_there(text: str, problem: str | None) -> None:
    """`len` and `has` are functions in front of a parenthesis, and names elsewhere."""
    body: Any = BODY
    assert Condition.parsed(text).problem(body) == problem


@pytest.mark.parametrize("text", ["len(items", "len() > 1", "max(items) > 1", "len(items)) > 1"])
def test_what_is_not_a_condition_is_refused(text: str) -> None:
    """A function that does not exist, or is not closed, is no condition."""
    with pytest.raises(BadPath, match="is not a condition"):
        Condition.parsed(text)
