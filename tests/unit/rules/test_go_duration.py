"""Durations in Go's spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.rules.go_duration import format_ns, format_s, parse_ns, parse_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("300ms", 0.3),
        ("0", 0),
        ("-2m", -120),
        ("1us", 1e-6),
        ("2µs", 2e-6),
        (".5h", 1800),
    ],
)
def test_durations_users_write(text: str, seconds: float) -> None:
    """Every unit and fraction of Go's durations is understood."""
    assert parse_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("x", 'time: invalid duration "x"'),
        ("10", 'time: missing unit in duration "10"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("99999999999h", 'time: invalid duration "99999999999h"'),
    ],
)
def test_messages(text: str, message: str) -> None:
    """A wrong duration is refused with what is wrong with it."""
    with pytest.raises(InvalidResource) as refused:
        parse_ns(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("seconds", "text"), [(5400, "1h30m0s"), (1.5, "1.5s"), (0.3, "300ms"), (0, "0s"), (61, "1m1s"), (-90, "-1m30s")]
)
def test_formats(seconds: float, text: str) -> None:
    """Durations are shown as Go shows them."""
    assert format_s(seconds) == text


@given(st.integers(min_value=-(2**62), max_value=2**62))
def test_a_formatted_duration_reads_back(duration_ns: int) -> None:
    """Writing and reading a duration loses nothing."""
    assert parse_ns(format_ns(duration_ns)) == duration_ns


@given(st.one_of(st.text(max_size=20), st.text("0123456789.hmsnuµ+-", max_size=20)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text ends a reader with anything but a refusal."""
    try:
        assert isinstance(parse_ns(text), int)
    except InvalidResource as refused:
        assert str(refused).startswith("time: ")
