import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.agent.statsd_metrics import EXPIRY_S, SERIES_MAX, Aggregates, parse

SOURCE = (("s", "127.0.0.1"),)


def flushed(*lines: str, elapsed_s: float = 1.0) -> dict[str, float]:
    aggregates = Aggregates()
    for line in lines:
        sample = parse(line.encode(), "127.0.0.1")
        assert sample is not None
        aggregates.add(sample, 0)
    return {name: value for name, value, _ in aggregates.flush(0, elapsed_s)}


def test_counters_add_up() -> None:
    """A counter is the sum of what came, and what that is a second; a sampled one is scaled up."""
    assert flushed("c:1|c", "c:2|c", elapsed_s=2) == {"c.value": 3, "c.per_second": 1.5}
    assert flushed("c:1|c|@0.1") == {"c.value": 10, "c.per_second": 10}


def test_gauges_keep_the_last_value() -> None:
    """A gauge is what came last, its sign part of the value."""
    assert flushed("g:10|g", "g:-3|g", "g:+1|g") == {"g.value": 1}


def test_sets_count_members() -> None:
    """A set counts different values."""
    assert flushed("s:a|s", "s:b|s", "s:a|s") == {"s.value": 2}


def test_timers() -> None:
    """A timer gives the recorded statistics."""
    found = flushed("t:10|ms", "t:20|ms", "t:30|ms", "t:40|h")
    assert found == {
        "t.count": 4,
        "t.per_second": 4,
        "t.min": 10,
        "t.max": 40,
        "t.mean": 25,
        "t.median": 25,
        "t.stddev": 11.180339887498949,
        "t.sum": 100,
        "t.sum_squares": 3000,
        "t.percentile_count_90": 4,
        "t.percentile_mean_90": 25,
        "t.percentile_sum_90": 100,
        "t.percentile_sum_squares_90": 3000,
        "t.percentile_upper_90": 40,
    }


def test_a_sampled_timing_counts_once() -> None:
    """The rate of a timing does not change how many there were."""
    found = flushed("t:10|ms|@0.1", "t:20|ms")
    assert (found["t.count"], found["t.sum"]) == (2, 30)


def test_upper_tenth_is_left_out_of_percentiles() -> None:
    """The 90th percentile of ten timings leaves out the slowest."""
    found = flushed(*(f"t:{n}|ms" for n in range(1, 11)))
    assert (found["t.percentile_count_90"], found["t.percentile_upper_90"]) == (9, 9)


def test_names_and_tags() -> None:
    """Names are cleaned, and tags stand beside the sender's address."""
    sample = parse(b" a\tb/c\xc3\xa4:1|c|#z:v,flag", "10.0.0.1")
    assert sample is not None
    assert sample.name == "_a_b-c"
    assert sample.tags == (("flag", ""), ("z", "v"), ("s", "10.0.0.1"))


@pytest.mark.parametrize(
    "line",
    ["nonsense", "x:1|q", "x:|c", "x:nan|g", "x:1|c|@0", "x:1|c|@7", ":1|c", "x:1_0|c", "x: 1|c", "_e{1,2}:ab|cd", ""],
)
def test_lines_that_are_no_metric(line: str) -> None:
    """A line that is no metric is ignored."""
    assert parse(line.encode(), "") is None


def test_idle_metrics_repeat_and_then_expire() -> None:
    """A counter without news is 0 at the next flush, and forgotten after five minutes."""
    aggregates = Aggregates()
    sample = parse(b"c:5|c", "")
    assert sample is not None
    aggregates.add(sample, 0)
    assert [value for _, value, _ in aggregates.flush(10, 10)] == [5, 0.5]
    assert [value for _, value, _ in aggregates.flush(EXPIRY_S, 10)] == [0, 0]
    assert aggregates.flush(EXPIRY_S + 10, 10) == []


def test_the_number_of_series_is_bounded() -> None:
    """More names than the bound are refused, known ones go on counting."""
    aggregates = Aggregates()
    samples = [parse(f"c{n}:1|c".encode(), "") for n in range(SERIES_MAX + 1)]
    taken = [aggregates.add(sample, 0) for sample in samples if sample is not None]
    assert (taken.count(True), taken[-1]) == (SERIES_MAX, False)
    assert samples[0] is not None
    assert aggregates.add(samples[0], 0)


@given(st.binary(max_size=200))
def test_any_datagram_is_survived(data: bytes) -> None:
    """Whatever a datagram holds, only finite numbers come out."""
    aggregates = Aggregates()
    for line in data.splitlines():
        sample = parse(line, "x")
        if sample is not None:
            aggregates.add(sample, 0)
    assert all(math.isfinite(value) for _, value, _ in aggregates.flush(0, 1))
