"""Performance data of monitoring plugins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.rules.metrics.outputs import EXECUTED, found, read, refused, values

FORMAT = "nagios_perfdata"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("OK | lag=1.5e-05s;60;120 rows=2.5e+03", {"lag": 0.000015, "rows": 2500}),
        ("OK | a=1E3 b=+2 c=-3.5 d=.5 e=5.", {"a": 1000, "b": 2, "c": -3.5, "d": 0.5, "e": 5}),
        ("OK | time=6,049175s;;;0,000000", {"time": 6.049175}),
        ("OK | load1=0,070;5,000;6,000;0; load5=1,250;4,000;5,000;0;", {"load1": 0.07, "load5": 1.25}),
        ("OK | t=0,5e-3s u=1,5", {"t": 0.0005, "u": 1.5}),
        ("OK | 'D:\\ free'=31%;80;90 'Swap In Use'=12MB", {"D:\\ free": 31, "Swap In Use": 12}),
        ("OK | 'q=depth'=4", {"q=depth": 4}),
        ("OK | 'it''s'=1 '''quoted'''=2 it''s=3", {"it's": 3, "'quoted'": 2}),
        ("OK | 'a|b'=3", {"a|b": 3}),
        ("DISK OK | /=3MB\nmore text | /var=8MB\n/tmp=1MB", {"/": 3, "/var": 8, "/tmp": 1}),
        ("DISK OK\r\nmore text | /var=8MB\r\n/tmp=1MB\r\n", {"/var": 8, "/tmp": 1}),
        ("OK | a=1\nlong text with b=2\n", {"a": 1}),
        ("OK | a=1 | b=2", {"a": 1, "b": 2}),
        ("OK|a=1|b=2", {"a": 1, "b": 2}),
        ("OK: ps | grep x | procs=3", {"procs": 3}),
        ("OK | a=1;2; 3 b=4", {"a": 1, "b": 4}),
        ("OK | a=1\t b=2   c=3", {"a": 1, "b": 2, "c": 3}),
        ("OK | a=1, b=2", {"a": 1, "b": 2}),
        ("OK | rate=12KB/s temp=20°C x=3µs", {"rate": 12, "temp": 20, "x": 3}),
        ("OK | a=5 MB b=6", {"a": 5, "b": 6}),
        ("OK | a=10:20 b=1", {"b": 1}),
    ],
)
def test_performance_data_is_read_as_plugins_write_it(output: str, expected: dict[str, float]) -> None:
    """Quotes, exponents, decimal commas, units, long output and several bars give the values that were meant."""
    assert values(FORMAT, output) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("OK | a=1,234 b=5", {"b": 5}),
        ("OK | a=1,234,567 b=5", {"b": 5}),
        ("OK | a=1.234,5 b=5", {"b": 5}),
        ("OK | a=1,234 b=5.5", {"b": 5.5}),
        ("OK | a=1.5.2 b=5", {"b": 5}),
        ("OK | a=1 234 b=5", {"b": 5}),
        ("OK | a=1\u00a0234 b=5", {"b": 5}),
        ("OK | a=1'234 b=5", {"b": 5}),
        ("OK | a=1_234 b=5", {"b": 5}),
        ("OK | a=0x10 b=5", {"b": 5}),
        ("OK | a=1=2 b=5", {"b": 5}),
        ("OK | a=--1 b=5", {"b": 5}),
        ("OK | a= b=5", {"b": 5}),
        ("OK | a=1e999 b=5", {"b": 5}),
        ("OK | ' '=1 b=5", {"b": 5}),
        ("OK | Swap free=12MB b=5", {"b": 5}),
        ("OK | 'Swap free=12MB b=5", {"b": 5}),
    ],
)
def test_what_could_be_a_wrong_number_or_label_is_refused(output: str, expected: dict[str, float]) -> None:
    """A value or label that can be read in two ways gives no point and is counted; the rest is kept."""
    assert values(FORMAT, output) == expected and refused(FORMAT, output) >= 1


def test_unknown_values_are_no_points() -> None:
    """`U` says that a plugin could not find out a value: no point, and no fault."""
    assert values(FORMAT, "OK | a=U b=U;1;2 c=3") == {"c": 3} and refused(FORMAT, "OK | a=U b=U;1;2 c=3") == 0


def test_points_carry_the_time_of_the_check() -> None:
    """Performance data has no times; its points get that of the execution, and the check's tags."""
    assert [one[2] for one in found(FORMAT, "OK | a=1")] == [EXECUTED]
    assert read(FORMAT, "OK | a=1").points[0]["tags"] == [{"name": "host", "value": "web1"}]


LABELS = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(
    st.dictionaries(
        LABELS.filter(str.strip),
        st.tuples(st.floats(-1e9, 1e9), st.sampled_from(["", "s", "%", "KB", "c"])),
        max_size=6,
    )
)
def test_rendered_performance_data_is_read_back(data: dict[str, tuple[float, str]]) -> None:
    """Labels of any characters and values of any size come back as they were written."""
    items = (f"'{label.replace(chr(39), chr(39) * 2)}'={value!r}{unit};1;2" for label, (value, unit) in data.items())
    assert values(FORMAT, f"OK | {' '.join(items)}") == {label: value for label, (value, _) in data.items()}
