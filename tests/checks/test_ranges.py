"""The ranges of the Monitoring Plugins guidelines, with units."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu_check.ranges import BYTES, DAYS, MILLISECONDS, PERCENT, SECONDS, BadRange, Range, Units, parse_range

GUIDELINES = [
    ("10", [-0.1, 10.1, 11], [0, 5, 10]),
    ("10:", [9.99, -1, 0], [10, 10.5, 1e12]),
    ("~:10", [10.01, 11], [-1e12, -1, 0, 10]),
    ("10:20", [9.9, 20.1, -5], [10, 15, 20]),
    ("@10:20", [10, 15, 20], [9.9, 20.1, -5]),
    ("@10", [0, 5, 10], [-0.1, 10.1]),
    ("0", [1, -1, 0.001], [0]),
    ("0:", [-1], [0, 1]),
    ("~:", [], [-1e9, 0, 1e9]),
    ("@~:", [-1e9, 0, 1e9], []),
    ("-5:-2", [-6, -1], [-5, -3.5, -2]),
    ("1.5:2.5", [1.4, 2.6], [1.5, 2.5]),
]


@pytest.mark.parametrize(("text", "alert", "fine"), GUIDELINES)
def test_a_range_alerts_where_the_guidelines_say(text: str, alert: list[float], fine: list[float]) -> None:
    """Both ends of a range count as inside, and `@` turns it round."""
    limits = parse_range(text)
    assert [value for value in alert if not limits.alerts(value)] == []
    assert [value for value in fine if limits.alerts(value)] == []


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [
        ("80%", PERCENT, Range(0, 80)),
        ("500ms", SECONDS, Range(0, 0.5)),
        ("500ms", MILLISECONDS, Range(0, 500)),
        ("2s", MILLISECONDS, Range(0, 2000)),
        ("26h", SECONDS, Range(0, 93_600)),
        ("14d:", DAYS, Range(14, math.inf)),
        ("2w:", DAYS, Range(14, math.inf)),
        ("5Gi:", BYTES, Range(5 * 2**30, math.inf)),
        ("1k:1MB", BYTES, Range(1000, 1_000_000)),
        ("10", BYTES, Range(0, 10)),
    ],
)
def test_numbers_may_have_units(text: str, units: Units, expected: Range) -> None:
    """A range says in which unit it is meant, and the number is converted."""
    assert parse_range(text, units) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("20:10", "its start is greater than its end"),
        (":10", "a number or ~ must precede the colon, for example 0:10"),
        ("", "use 10, 10:, ~:10, 10:20 or @10:20"),
        ("@", "use 10, 10:, ~:10, 10:20 or @10:20"),
        ("a", "is not a number"),
        ("1:2:3", "is not a number"),
        ("~", "is not a number"),
        ("1e3", 'unknown unit "e"|is not a number'),
        ("10%", "it must be a number without a unit"),
        ("10 ", "is not a number"),
        ("nan", "is not a number"),
        ("--1", "is not a number"),
    ],
)
def test_what_is_not_a_range_is_refused_with_the_right_form(text: str, why: str) -> None:
    """The message says what is wrong, so that it can be mended without the manual."""
    with pytest.raises(BadRange, match=why):
        parse_range(text)


numbers = st.integers(-(10**9), 10**9).map(lambda thousandths: thousandths / 1000)


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    start = draw(numbers | st.just(-math.inf))
    end = draw(numbers | st.just(math.inf))
    return Range(min(start, end), max(start, end), draw(st.booleans()))


@given(ranges())
def test_a_range_is_read_back_as_it_is_written(limits: Range) -> None:
    """The performance data name the range that was compared."""
    assert parse_range(str(limits)) == limits


@given(ranges(), numbers)
def test_a_range_alerts_where_its_opposite_does_not(limits: Range, value: float) -> None:
    """Of `10:20` and `@10:20` exactly one alerts, whatever the value is."""
    assert limits.alerts(value) != limits._replace(inside=not limits.inside).alerts(value)
