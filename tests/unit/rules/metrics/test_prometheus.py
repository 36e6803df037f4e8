"""Prometheus' text format and OpenMetrics."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.metrics.extract import extract
from tests.unit.rules.metrics.outputs import NOW, TAGS, found, read, refused, values

FORMAT = "prometheus_text"
UNTYPED = {"prom_type": "untyped"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# TYPE jobs_total counter\r\njobs_total 7\r\n", {"jobs_total": 7}),
        ("queue_depth 3", {"queue_depth": 3}),
        ('# TYPE a gauge\na 1\n# TYPE a gauge\na{x="1"} 2\nb 3\n', {"a": 2, "b": 3}),
        ("# HELP a x\n# HELP a y\na 1\nb 2\n", {"a": 1, "b": 2}),
        ("a\t1\n\t b  2 \n", {"a": 1, "b": 2}),
        ('a{x="1",} 1\nb{} 2\nc { y = "2" , z="}" } 3\n', {"a": 1, "b": 2, "c": 3}),
        ("a 1 # some text\n", {}),
        ('a_total 1 # {trace="x"} 0.3 1700000000.1\nb{x="# {"} 2 7 # {} 1\n', {"a_total": 1, "b": 2}),
        ("# random\n#\n# TYPE\n# HELP a\na 1\n", {"a": 1}),
        ("a +Inf\nb -Inf\nc NaN\nd 1e3\n", {"a": math.inf, "b": -math.inf, "d": 1000}),
    ],
)
def test_what_exporters_print(text: str, expected: dict[str, float]) -> None:
    """CRLF, a missing last line end, repeated comments, exemplars and special values are read."""
    assert values(FORMAT, text) == expected


@pytest.mark.parametrize(
    "line",
    ["broken{", "broken", "1a 2", "a x", "a 0x1p4", "a 1_000", "a 1 x", "a 1 7 8", 'a{b="1",b="2"} 1', 'a{b="1} 1',
     "a{b=1} 1", 'a{__name__="x"} 1', "a{,} 1", 'a{b="1"c="2"} 1', "# TYPE a nosuch", "# TYPE before counter"],
)  # fmt: skip
def test_a_fault_costs_only_its_line(line: str) -> None:
    """A line that is not in the format is refused; the lines around it are kept."""
    text = f"before 1\n{line}\nafter 2\n"
    assert values(FORMAT, text) == {"before": 1, "after": 2} and refused(FORMAT, text) == 1


HISTOGRAM = '# TYPE lat histogram\nlat_bucket{le="1"} 2\nlat_bucket{le="+Inf"} 3\nlat_sum 1\nlat_count 3\n'


def buckets(text: str) -> set[tuple[str, str, float]]:
    return {(name, tags.get("le", tags.get("quantile", "")), value) for name, value, _, tags in found(FORMAT, text)}


WHOLE = {("lat_bucket", "1", 2), ("lat_bucket", "+Inf", 3), ("lat_sum", "", 1), ("lat_count", "", 3)}


def test_exemplars_are_left_out() -> None:
    """A histogram with an exemplar has all of its buckets, its sum and its count."""
    assert buckets(HISTOGRAM.replace("} 2", '} 2 # {trace="x"} 0.3')) == WHOLE


@pytest.mark.parametrize("line", range(1, 5))
def test_what_a_histogram_lacks_is_not_invented(line: int) -> None:
    """Of a histogram that lacks a line, exactly the other lines are points; a last bucket follows from the count."""
    lines = HISTOGRAM.splitlines()
    missing = buckets("\n".join([*lines[:line], *lines[line + 1 :]]))
    assert missing == buckets(HISTOGRAM) - (set() if line == 2 else {sorted_parts()[line]})
    assert buckets("\n".join([*lines[:line], f"{lines[line]}x", *lines[line + 1 :]])) == missing


def sorted_parts() -> dict[int, tuple[str, str, float]]:
    return {1: ("lat_bucket", "1", 2), 3: ("lat_sum", "", 1), 4: ("lat_count", "", 3)}


@pytest.mark.parametrize(
    "line", ['h_bucket{le="1"} -1', "h_count NaN", "h_count +Inf", "h_bucket 1", "h 1", 'h_bucket{le="x"} 1', "s 1"]
)
def test_parts_that_cannot_be_are_refused(line: str) -> None:
    """A count that is none, a bucket without bound and a bare sample of a histogram or summary give no points."""
    text = f"# TYPE h histogram\n# TYPE s summary\n{line}\n"
    assert found(FORMAT, text) == [] and refused(FORMAT, text) == 1


def test_histograms_have_an_infinite_bucket() -> None:
    """The count of a histogram stands in for a missing last bucket, for each set of labels."""
    text = "# TYPE h histogram\n" + "".join(
        f'h_bucket{{x="{x}",le="0.10"}} 1\nh_sum{{x="{x}"}} 2.5\nh_count{{x="{x}"}} {x}\n' for x in (3, 4)
    )
    got = {(name, tags["x"], tags.get("le", "")): value for name, value, _, tags in found(FORMAT, text)}
    assert got["h_bucket", "3", "+Inf"] == 3 and got["h_bucket", "4", "+Inf"] == 4 and got["h_bucket", "3", "0.1"] == 1


def test_open_metrics() -> None:
    """Counters, units, infos and times in seconds of OpenMetrics are read; `# EOF` is no fault."""
    text = (
        "# TYPE jobs counter\n# UNIT jobs jobs\n# HELP jobs Jobs.\njobs_total 7 1700000000\n"
        "jobs_created 5 1700000000.5\n"
        '# TYPE build info\nbuild_info{v="1"} 1\n# TYPE u unknown\nu 2\n# EOF\n'
    )
    assert found(FORMAT, text) == [
        ("jobs_total", 7, 1700000000, {"prom_type": "counter", "prom_help": "Jobs."}),
        ("jobs_created", 5, 1700000000, {"prom_type": "counter", "prom_help": "Jobs."}),
        ("build_info", 1, int(NOW), {"prom_type": "info", "v": "1"}),
        ("u", 2, int(NOW), {"prom_type": "unknown"}),
    ]
    assert refused(FORMAT, text) == 0


def test_times_are_milliseconds() -> None:
    """A time without a fraction is in milliseconds, one with a fraction in seconds."""
    assert [one[2] for one in found(FORMAT, "a 1 1700000000123\nb 1 1700000000.25\n")] == [1700000000, 1700000000]


def test_tags_of_the_check_override_labels() -> None:
    """A label with the name of a configured tag gives way to it."""
    tags = read(FORMAT, 'a{host="other"} 1\n').points[0]["tags"]
    assert TAGS[0] in tags and len(tags) == 2


NAMES = st.from_regex(r"[a-z_:][a-z0-9_:]{0,8}", fullmatch=True)
LABELS = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def rendered(labels: dict[str, str]) -> str:
    return ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())


@given(
    st.lists(
        st.tuples(NAMES, st.dictionaries(LABELS, TEXTS, max_size=3), st.floats(allow_nan=False), st.integers(0, 2**40)),
        max_size=5,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_rendered_samples_are_read_back(samples: list[tuple[str, dict[str, str], float, int]], line_end: str) -> None:
    """Names, labels of any characters, values and times come back as they were written."""
    lines = (f"{name}{{{rendered(labels)}}} {value!r} {time}" for name, labels, value, time in samples)
    points = extract(FORMAT, line_end.join(lines), executed=1, now=2.0).points
    assert [
        (one["name"], {tag["name"]: tag["value"] for tag in one["tags"]}, one["value"], one["timestamp"])
        for one in points
    ] == [(name, labels | UNTYPED, value, time // 1000) for name, labels, value, time in samples]
