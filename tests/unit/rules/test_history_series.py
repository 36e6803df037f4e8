from sensu.rules.history import METRIC_OUTPUT_BYTES_MAX, HistoryEntry, entry_of
from sensu.rules.history_series import SERIES_MAX, MetricValues, Statuses
from sensu.testing.factories import make_check


def entry(status: int = 0, duration: float = 1.0, output: str = "", truncated: bool = False) -> HistoryEntry:
    return HistoryEntry(0, status, duration, output, truncated, False)


def test_buckets_have_the_worst_status_and_the_spread_of_durations() -> None:
    """Results are counted by severity in the bucket of their time; buckets without results are left out."""
    series = Statuses(1000, 1399, 4)
    for at, status, duration in ((1000, 0, 1.0), (1099, 1, 2.0), (1050, 2, 6.0), (1399, 127, 0.5)):
        series.add(at, entry(status, duration))
    found = series.series(complete=True)
    first, last = found.buckets
    assert (found.step, first.at, first.status, first.critical, first.warning, first.passing) == (100, 1000, 2, 1, 1, 1)
    assert first.duration == (1.0, 3.0, 6.0)
    assert (last.at, last.status, last.unknown) == (1300, 127, 1)


def test_metrics_become_series_by_name_and_tags() -> None:
    """Each name with its tags is a series, and values of a bucket are averaged; the time is that of the result."""
    values = MetricValues("graphite_plaintext", [("region", "eu")], 0, 99, 10)
    values.add(5, entry(output="cpu 1 1\nmem 7 1\n"))
    values.add(6, entry(output="cpu 3 1\nmem 9"[:10], truncated=True))
    values.add(55, entry(output="cpu 5 1\n"))
    found = values.result(complete=True)
    assert [(one.name, one.tags) for one in found.series] == [("cpu", {"region": "eu"}), ("mem", {"region": "eu"})]
    assert found.series[0].points == ((0.0, 2.0, 1.0, 3.0), (50.0, 5.0, 5.0, 5.0))
    assert found.complete


def test_the_number_of_series_is_limited() -> None:
    """Series beyond the limit are left out, and the answer says so; a prefix of the name finds them."""
    output = "".join(f"m{number:03} 1 1\n" for number in range(SERIES_MAX + 1))
    values = MetricValues("graphite_plaintext", [], 0, 99, 10)
    values.add(5, entry(output=output))
    found = values.result(complete=True)
    assert (len(found.series), found.complete) == (SERIES_MAX, False)
    narrow = MetricValues("graphite_plaintext", [], 0, 99, 10, f"m{SERIES_MAX:03}")
    narrow.add(5, entry(output=output))
    assert narrow.result(complete=True).complete


def test_the_output_of_metrics_is_kept() -> None:
    """A passing result keeps its metrics, up to a limit; without a metric format only its beginning is kept."""
    output = "cpu 1 1\n" * 2000
    kept = entry_of(make_check(output=output, output_metric_format="graphite_plaintext"), changed=False)
    assert (len(kept.output), kept.truncated) == (METRIC_OUTPUT_BYTES_MAX, True)
    assert len(entry_of(make_check(output=output), changed=False).output) == 96
