"""Metric points from check output."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.metrics.extract import FORMATS, extract

TAGS = [{"name": "host", "value": "web1"}]


def found(metric_format: str, output: str) -> list[tuple[object, ...]]:
    points = extract(metric_format, output, executed=42, now=99.9, tags=TAGS)
    return [(p["name"], p["value"], p["timestamp"], [(t["name"], t["value"]) for t in p["tags"]]) for p in points]


HOST = ("host", "web1")


@pytest.mark.parametrize(
    ("metric_format", "output", "expected"),
    [
        ("graphite_plaintext", "a;x=1 1.5 7\nbad\nb  1 7\n", [("a", 1.5, 7, [HOST, ("x", "1")])]),
        (
            "influxdb_line",
            "m,t=v f=1,g=2\nm f=1i 5",
            [("m.f", 1.0, 99, [("t", "v"), HOST]), ("m.g", 2.0, 99, [("t", "v"), HOST])],
        ),
        ("nagios_perfdata", "OK | a=1.5ms;2;3 b=U c=1=2", [("a", 1.5, 42, [HOST])]),
        ("opentsdb_line", "a 1356998400123 1 k=v\na 1 2", [("a", 1.0, 1356998400, [("k", "v"), HOST])]),
        (
            "prometheus_text",
            'a{l="x",} 1 5000\nb 2\nc{',
            [
                ("a", 1.0, 5, [("l", "x"), ("prom_type", "untyped"), HOST]),
                ("b", 2.0, 99, [("prom_type", "untyped"), HOST]),
            ],
        ),
        ("graphite_plaintext", " a 1 7 \n b 1 7\nc 1 7\r\nd 1 7 \ne 1 7", [(n, 1.0, 7, [HOST]) for n in "ce"]),
        ("nagios_perfdata", "OK | a=1;2\nb=3 c=4\nd=5 e=6", [("a", 1.0, 42, [HOST]), ("e", 6.0, 42, [HOST])]),
        ("bogus", "a 1 2", []),
    ],
)
def test_formats(metric_format: str, output: str, expected: list[tuple[object, ...]]) -> None:
    """Each format gives the points of its sound lines with their own and the check's tags."""
    assert found(metric_format, output) == expected


def test_histograms_have_an_infinite_bucket() -> None:
    """A histogram expands to buckets, sum and count, its count standing in for a missing last bucket."""
    text = '# TYPE h histogram\nh_bucket{le="0.1"} 1\nh_sum 2.5\nh_count 3\n'
    points = extract("prometheus_text", text, executed=0, now=1.0)
    values = {(p["name"], p["tags"][0]["value"] if p["tags"][0]["name"] == "le" else ""): p["value"] for p in points}
    assert values == {("h_bucket", "0.1"): 1, ("h_bucket", "+Inf"): 3, ("h_sum", ""): 2.5, ("h_count", ""): 3}


def test_tags_of_the_check_override_labels() -> None:
    """A label with the name of a configured tag gives way to it."""
    points = extract("prometheus_text", 'a{host="other"} 1\n', executed=0, now=1.0, tags=TAGS)
    assert {"name": "host", "value": "web1"} in points[0]["tags"] and len(points[0]["tags"]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "a 1\n# TYPE a gauge\n",
        "# TYPE a nosuch\na 1\n",
        "# HELP a x\n# HELP a y\na 1\n",
        'a{b="1",b="2"} 1\n',
        "a 0x1p4\n",
        "a 1",
    ],
)
def test_faults_end_prometheus_text(text: str) -> None:
    """After a fault nothing is taken; what stood before it stays."""
    expected = ["before", "a"] if text.startswith("a 1\n") else ["before"]
    assert [
        p["name"]
        for p in extract(
            "prometheus_text", f"before 1\n{text}after 1\n"[: None if text[-1] == "\n" else -8], executed=0, now=1.0
        )
    ] == expected


def test_values_that_are_no_number_are_left_out() -> None:
    """NaN is no point of prometheus text; infinities are."""
    assert [p["value"] for p in extract("prometheus_text", "a NaN\nb +Inf\n", executed=0, now=1.0)] == [math.inf]


@given(st.sampled_from(FORMATS), st.one_of(st.text(max_size=60), st.text('ab1.5 ;,=|{}"\\#TYPEHL\n+-eNI', max_size=60)))
def test_any_output_gives_points(metric_format: str, output: str) -> None:
    """No output breaks a format; every point has the four fields."""
    for point in extract(metric_format, output, executed=1, now=2.0, tags=TAGS):
        assert isinstance(point["value"], float) and isinstance(point["timestamp"], int)
        assert isinstance(point["name"], str) and HOST[0] in {tag["name"] for tag in point["tags"]}
