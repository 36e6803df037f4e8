"""Graphite's plaintext protocol and OpenTSDB's lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.rules.metrics.outputs import NOW, Found, found, refused, values

BLANKS = st.sampled_from([" ", "\t", "  ", " \t "])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cpu.load\t0.42\t1700000000", ("cpu.load", 0.42, 1700000000, {})),
        ("mem.free  12   1700000000", ("mem.free", 12, 1700000000, {})),
        ("net.rx 5 1700000000.25", ("net.rx", 5, 1700000000, {})),
        ("\tnet.rx 5 1.7e9 \r", ("net.rx", 5, 1700000000, {})),
        ("net.rx 5 -1", ("net.rx", 5, int(NOW), {})),
        ("disk;a=b;c=d=e 5 7", ("disk", 5, 7, {"a": "b", "c": "d=e"})),
        ("disk;a=b;a=c 5 7", ("disk", 5, 7, {"a": "c"})),
    ],
)
def test_graphite_lines_are_read_as_carbon_reads_them(line: str, expected: Found) -> None:
    """Any blanks, fractions of seconds, the time -1 and tags are taken."""
    assert found("graphite_plaintext", line) == [expected] and refused("graphite_plaintext", line) == 0


@pytest.mark.parametrize(
    "line",
    ["a 1", "a 1 2 3", "a x 7", "a 1 x", "a 1 inf", "a 1 nan", ";t=1 1 7", "a; 1 7", "a;t 1 7", "a;=v 1 7", "a;t= 1 7",
     "a;t=~v 1 7", "a;t!=v 1 7", "a 1,5 7", "a 1e999 7"],
)  # fmt: skip
def test_other_graphite_lines_are_refused_alone(line: str) -> None:
    """No number is taken from a line that Carbon would not take; the lines around it are kept."""
    output = f"before 1 7\n{line}\nafter 2 7\n"
    assert values("graphite_plaintext", output) == {"before": 1, "after": 2}
    assert refused("graphite_plaintext", output) == 1


@given(WORDS, st.dictionaries(WORDS, WORDS, max_size=3), NUMBERS, st.integers(0, 2**40), BLANKS)
def test_rendered_graphite_lines_are_read_back(
    path: str, tags: dict[str, str], value: float, time: int, blanks: str
) -> None:
    """What was written comes back, whatever the blanks between the words."""
    tagged = "".join(f";{name}={text}" for name, text in tags.items())
    assert found("graphite_plaintext", f"{path}{tagged}{blanks}{value!r}{blanks}{time}\n") == [
        (path, value, time, tags)
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sys.cpu\t1356998400\t42.5\thost=a", ("sys.cpu", 42.5, 1356998400, {"host": "a"})),
        ("sys.cpu  1356998400123 1   host=a  cpu=0 ", ("sys.cpu", 1, 1356998400, {"host": "a", "cpu": "0"})),
        ("sys.cpu 1356998400.25 1 host=a", ("sys.cpu", 1, 1356998400, {"host": "a"})),
        ("sys.cpu 1356998400 1 host=a host=a", ("sys.cpu", 1, 1356998400, {"host": "a"})),
    ],
)
def test_opentsdb_lines(line: str, expected: Found) -> None:
    """Any blanks, milliseconds and fractions of seconds are taken."""
    assert found("opentsdb_line", line) == [expected] and refused("opentsdb_line", line) == 0


@pytest.mark.parametrize(
    "line",
    ["a 7 1", "a x 1 h=x", "a 7 x h=x", "a 7 1 h", "a 7 1 h=", "a 7 1 =x", "a 7 1 h=x=y", "a 7 1 h=x h=y",
     "a -7 1 h=x", "a 17000000000000000 1 h=x", "put a 7 1 h=x"],
)  # fmt: skip
def test_other_opentsdb_lines_are_refused_alone(line: str) -> None:
    """No number is taken from such a line; the lines around it are kept."""
    output = f"before 7 1 h=x\n{line}\nafter 7 2 h=x\n"
    assert values("opentsdb_line", output) == {"before": 1, "after": 2} and refused("opentsdb_line", output) == 1


@given(WORDS, st.dictionaries(WORDS, WORDS, min_size=1, max_size=3), NUMBERS, st.integers(1, 10**10), BLANKS)
def test_rendered_opentsdb_lines_are_read_back(
    name: str, tags: dict[str, str], value: float, time: int, blanks: str
) -> None:
    """What was written comes back, whatever the blanks between the words."""
    words = [name, str(time), repr(value), *(f"{key}={text}" for key, text in tags.items())]
    assert found("opentsdb_line", blanks.join(words)) == [(name, value, time, tags)]
