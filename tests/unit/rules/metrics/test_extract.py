"""Metric points from check output: what holds for all formats."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.metrics.extract import FORMATS, REASONS_MAX, extract
from tests.unit.rules.metrics.outputs import EXECUTED, NOW, TAGS, read

DOCUMENT = Path(__file__).parents[4] / "docs" / "metrics.md"
EXAMPLE = re.compile(r"```(\w+)\n(.*?)```\n+```points\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(
    ("metric_format", "output"),
    [
        ("graphite_plaintext", "a 1 7\nbroken\nb 2 7\n"),
        ("influxdb_line", "a v=1 7\nbroken\nb v=2 7\n"),
        ("nagios_perfdata", "OK | a=1 broken=x b=2"),
        ("opentsdb_line", "a 7 1 h=x\nbroken\nb 7 2 h=x\n"),
        ("prometheus_text", "a 1\nbroken{\nb 2\n"),
    ],
)
def test_a_broken_line_costs_only_itself(metric_format: str, output: str) -> None:
    """A line that breaks its format is refused and counted; the lines around it give their points."""
    found = extract(metric_format, output, executed=42, now=99.9)
    assert [(point["name"][0], point["value"]) for point in found.points] == [("a", 1.0), ("b", 2.0)]
    assert found.refused == 1 and found.reasons[0].why


def test_an_output_that_was_cut_off_gives_no_half_numbers() -> None:
    """The last line of an output that was cut off is refused unless its end was printed."""
    cut = extract("prometheus_text", "a 1\nb 23", executed=42, now=1.0, is_whole=False)
    assert [point["name"] for point in cut.points] == ["a"] and cut.refused == 1
    assert len(extract("prometheus_text", "a 1\nb 23\n", executed=42, now=1.0, is_whole=False).points) == 2
    assert len(extract("prometheus_text", "a 1\nb 23", executed=42, now=1.0).points) == 2


def test_only_the_first_reasons_are_kept() -> None:
    """Every refused line is counted, but only the first have a reason."""
    found = extract("graphite_plaintext", "x\n" * 100, executed=42, now=1.0)
    assert found.refused == 100 and [one.line for one in found.reasons] == list(range(1, REASONS_MAX + 1))


def test_an_unknown_format_gives_nothing() -> None:
    """An output in no format we know has neither points nor refused lines."""
    found = extract("bogus", "a 1 2", executed=42, now=1.0, is_whole=False)
    assert (found.points, found.refused) == ([], 0)


@pytest.mark.parametrize("number", range(len(EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8")))))
def test_documented_examples(number: int) -> None:
    """The examples of docs/metrics.md give the points that are shown below them."""
    metric_format, output, expected = EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))[number]
    found = extract(metric_format, output, executed=EXECUTED, now=NOW)
    shown = [
        " ".join([point["name"], f"{point['value']:.12g}", str(point["timestamp"]), *tags_of(point["tags"])])
        for point in found.points
    ]
    assert [*shown, f"refused: {found.refused}"] == expected.splitlines()


def tags_of(tags: list[dict[str, str]]) -> list[str]:
    return [f"{tag['name']}={tag['value']}" for tag in tags]


def test_every_format_is_documented() -> None:
    """docs/metrics.md has examples of every format."""
    assert {example[0] for example in EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))} == set(FORMATS)


@given(st.sampled_from(FORMATS), st.one_of(st.text(max_size=60), st.text('ab1.5 ;,=|{}"\\#TYPEHL\n+-eNI', max_size=60)))
def test_any_output_gives_points(metric_format: str, output: str) -> None:
    """No output breaks a format; every point has the four fields and the check's tags."""
    for point in read(metric_format, output).points:
        assert isinstance(point["value"], float) and isinstance(point["timestamp"], int)
        assert isinstance(point["name"], str) and TAGS[0]["name"] in {tag["name"] for tag in point["tags"]}
