"""Names: which characters each sort of name may have."""

import pytest

from sensu.rules.names import (
    asset_name_problem,
    env_vars_problem,
    name_problem,
    runtime_assets_problem,
    strict_name_problem,
    subscription_problem,
)

BAD = "cannot contain spaces or special characters"
EMPTY = "must not be empty"
ASSET_BAD = "name may only contain letters, forward slashes, underscores, dashes and numbers"


@pytest.mark.parametrize(
    ("name", "plain", "strict", "subscription", "asset"),
    [
        ("", EMPTY, EMPTY, EMPTY, "name cannot be empty"),
        ("web-1.example_com", None, None, None, None),
        ("Web", None, BAD, None, None),
        ("a:b", None, BAD, None, None),
        ("a:b:c", None, BAD, BAD, None),
        (":a", None, BAD, BAD, None),
        ("a:", None, BAD, BAD, None),
        ("a/b", BAD, BAD, BAD, None),
        ("a b", BAD, BAD, BAD, ASSET_BAD),
        ("a\n", BAD, BAD, BAD, ASSET_BAD),
        ("prüfung", BAD, BAD, BAD, ASSET_BAD),
        ("٣", BAD, BAD, BAD, ASSET_BAD),
        ("a%2Fb", BAD, BAD, BAD, ASSET_BAD),
        ("a*", BAD, BAD, BAD, ASSET_BAD),
        ("é" * 1000, BAD, BAD, BAD, ASSET_BAD),
        ("x" * 1000, None, None, None, None),
    ],
)
def test_each_sort_of_name_has_its_characters(
    name: str, plain: str | None, strict: str | None, subscription: str | None, asset: str | None
) -> None:
    """A name is judged by the characters of its sort, ASCII only, whatever its length."""
    assert name_problem(name) == plain
    assert strict_name_problem(name) == strict
    assert subscription_problem(name) == subscription
    assert asset_name_problem(name) == asset


def test_a_bad_name_is_refused_as_quickly_as_a_good_one_is_taken() -> None:
    """The longest name that fits into a request costs no more than reading it, so that nobody is held up."""
    long = "x" * 500_000
    for judge in (name_problem, strict_name_problem, subscription_problem, asset_name_problem):
        assert judge(long) is None
        assert judge(f"{long}!") in (BAD, ASSET_BAD)
    assert subscription_problem(f"{long}:{long}!") == BAD


def test_a_verdict_on_a_name_stays_the_same_when_asked_again() -> None:
    """Asking twice about a name gives the same answer twice."""
    assert [name_problem("a b"), name_problem("a b")] == [BAD, BAD]
    assert [name_problem("ab"), name_problem("ab")] == [None, None]


def test_runtime_assets_tell_the_first_bad_name() -> None:
    """The first asset with a bad name is the one that is complained about."""
    assert runtime_assets_problem(None) is None
    assert runtime_assets_problem(("sensu/ok", "ok:1")) is None
    assert runtime_assets_problem(("ok", "", "not ok")) == "asset's name cannot be empty"
    assert runtime_assets_problem(("ok", "not ok", "")) == f"asset's {ASSET_BAD}"


@pytest.mark.parametrize(
    ("variable", "valid"), [("A=B", True), ("A=B=C", True), ("A", False), ("A=", False), ("=B", False), ("", False)]
)
def test_environment_variables_have_a_name_and_a_value(variable: str, valid: bool) -> None:
    """An environment variable needs text on both sides of its first equals sign."""
    expected = None if valid else "environment variables must be of the form FOO=BAR"
    assert env_vars_problem(("OK=1", variable)) == expected
