"""InfluxDB's line protocol."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.rules.metrics.outputs import NOW, Found, found, refused, values

FORMAT = "influxdb_line"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("disk free=42i 1700000000000000000", [("disk.free", 42, 1700000000, {})]),
        ("disk  used=1.5 1700000000000000000", [("disk.used", 1.5, 1700000000, {})]),
        ("disk used=1.5   1700000000  ", [("disk.used", 1.5, 1700000000, {})]),
        ("  disk used=-1.5e-3\t1700000000\r", [("disk.used", -0.0015, 1700000000, {})]),
        (
            "m a=7u,b=-3i,c=+1.,d=.5",
            [(f"m.{n}", v, int(NOW), {}) for n, v in zip("abcd", (7, -3, 1, 0.5), strict=True)],
        ),
        ('m up=true,s="a b, c=1 \\" \\\\",v=1 7', [("m.v", 1, 7, {})]),
        ('m s="two\nlines v=3 4",v=1 7\nn v=2 7', [("m.v", 1, 7, {}), ("n.v", 2, 7, {})]),
        (
            r"my\ disk,path=C:\dir\,\ x,k\=1=\=2 used\ b=3 7",
            [("my disk.used b", 3, 7, {"path": r"C:\dir, x", "k=1": "=2"})],
        ),
        ("m=x v=1 7", [("m=x.v", 1, 7, {})]),
        ("# comment\n\n#other\nm v=1 7", [("m.v", 1, 7, {})]),
        ("m v=1 1700000000", [("m.v", 1, 1700000000, {})]),
        ("m v=1 1700000000123", [("m.v", 1, 1700000000, {})]),
        ("m v=1 1700000000123456", [("m.v", 1, 1700000000, {})]),
        ("m v=1 1700000000123456789", [("m.v", 1, 1700000000, {})]),
        ("m v=1 999999999000000000", [("m.v", 1, 999999999, {})]),
        ("m v=1 -1000000000", [("m.v", 1, -1000000000, {})]),
    ],
)
def test_lines_of_the_protocol(output: str, expected: list[Found]) -> None:
    """Integers, escapes, text next to numbers, extra blanks, comments and times of any precision are read."""
    assert found(FORMAT, output) == expected and refused(FORMAT, output) == 0


@pytest.mark.parametrize(
    "line",
    [
        "m v=1,w=x 7",
        "m v=0x10 7",
        "m v=1_000 7",
        "m v=NaN 7",
        "m v=1e999 7",
        "m v=9223372036854775808i 7",
        "m v=-1u 7",
        "m v=1.5i 7",
        'm v="open 7',
        "m v= 7",
        "m =1 7",
        "m v 7",
        "m",
        "m, v=1 7",
        "m,t v=1 7",
        "m,t= v=1 7",
        "m,t=a=b v=1 7",
        "m v=1 7 8",
        "m v=1 7.5",
        "m v=1 now",
        "m v=1, 7",
    ],
)
def test_a_line_that_is_not_in_the_protocol_is_refused_alone(line: str) -> None:
    """No number is taken from such a line; the lines around it are kept."""
    output = f"before v=1 7\n{line}\nafter v=2 7\n"
    assert values(FORMAT, output) == {"before.v": 1, "after.v": 2} and refused(FORMAT, output) == 1


TEXTS = st.text(st.characters(exclude_characters="\n\r\t\\#", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: (repr(number), number)),
    st.integers(-(2**53), 2**53).map(lambda number: (f"{number}i", float(number))),
    st.integers(0, 2**53).map(lambda number: (f"{number}u", float(number))),
)


def escaped(text: str, signs: str) -> str:
    return re.sub(f"([{signs}])", r"\\\1", text)


@given(TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3), st.dictionaries(TEXTS, NUMBERS, min_size=1, max_size=3), TEXTS)
def test_rendered_lines_are_read_back(
    name: str, tags: dict[str, str], fields: dict[str, tuple[str, float]], note: str
) -> None:
    """Names, tags and numbers of any characters and sizes come back as they were written, text fields left out."""
    head = "".join(f",{escaped(key, ',= ')}={escaped(value, ',= ')}" for key, value in tags.items())
    body = ",".join(f"{escaped(key, ',= ')}={text}" for key, (text, _) in fields.items())
    quoted = note.replace('"', '\\"')
    line = f'{escaped(name, ", ")}{head} note="{quoted}",{body} 1700000000000000000'
    assert found(FORMAT, line) == [(f"{name}.{key}", value, 1700000000, tags) for key, (_, value) in fields.items()]
