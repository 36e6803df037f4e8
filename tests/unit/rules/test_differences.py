import pytest

from sensu.rules.differences import changed_fields


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({"timeout": 10, "name": "a"}, {"timeout": 2, "name": "a"}, "timeout 10 → 2"),
        ({"a": {"b": {"c": "eu"}}}, {"a": {"b": {"c": "us", "d": True}}}, "a.b.c eu → us, a.b.d none → true"),
        ({"list": [1]}, {"list": [1, 2]}, "list [1] → [1, 2]"),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, {}, "a 1 → none, b 1 → none, c 1 → none, and 2 more"),
        ({"a": ""}, {"a": "x" * 100}, f'a "" → {"x" * 59}…'),
        ({"a": 1}, {"a": 1}, ""),
    ],
)
def test_a_change_is_told_by_its_fields(before: object, after: object, text: str) -> None:
    """Each field that differs is named with its path and both values; long values and many fields are cut."""
    assert changed_fields(before, after) == text
