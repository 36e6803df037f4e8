"""Metrics in the text format that Prometheus scrapes."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from sensu.backend.counts import DeliveryCounts, EventCounts
from sensu.backend.eventd.counters import Took
from sensu.backend.metric_families import SERIES_MAX, WINDOW_S
from sensu.backend.metrics import BackendMetrics
from sensu.store.values import DeliveriesSize
from sensu.testing.virtual_clock import VirtualClock


def exposed(metrics: BackendMetrics) -> str:
    return metrics.exposition().decode()


def test_counters_keep_the_names_that_users_scrape() -> None:
    """`sensu_go_keepalives` is a counter by that very name, without the suffix that the library would add."""
    metrics = BackendMetrics(CollectorRegistry(), "1.0")
    metrics.keepalives.add(2, ("alive",))
    text = exposed(metrics)
    assert "# TYPE sensu_go_keepalives counter\n" in text
    assert 'sensu_go_keepalives{status="alive"} 2.0\n' in text
    assert 'sensu_go_build_info{buildsha="",goversion="",version="1.0"} 1.0\n' in text


def test_summaries_show_sums_and_counts() -> None:
    """A mean over time can be computed from what a summary shows."""
    metrics = BackendMetrics(CollectorRegistry())
    metrics.eventd_update.observe(0.5, ("success",))
    metrics.eventd_update.observe(1.5, ("success",))
    text = exposed(metrics)
    assert 'sensu_go_eventd_update_event_duration_sum{status="success"} 2.0\n' in text
    assert 'sensu_go_eventd_update_event_duration_count{status="success"} 2.0\n' in text


def quantiles(text: str, name: str) -> dict[str, float]:
    """The quantiles of successes."""
    found = re.findall(rf'{name}\{{status="success",quantile="(\S+)"\}} (\S+)\n', text)
    return {quantile: float(value) for quantile, value in found}


UPDATE = "sensu_go_eventd_update_event_duration"


@given(st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=300))
def test_quantiles_are_close(numbers: list[float]) -> None:
    """A quantile is at most 2 % off the number that it stands for, whatever was observed."""
    metrics = BackendMetrics(CollectorRegistry())
    for number in numbers:
        metrics.eventd_update.observe(number, ("success",))
    found, ordered = quantiles(exposed(metrics), UPDATE), sorted(numbers)
    for quantile in (0.5, 0.9, 0.99):
        right = ordered[max(0, math.ceil(quantile * len(ordered)) - 1)]
        assert found[f"{quantile:g}"] == pytest.approx(right, rel=0.021)


async def test_quantiles_are_those_of_the_last_minutes() -> None:
    """A slow hour is forgotten some minutes later; without observations quantiles are NaN, as in the reference."""
    clock = VirtualClock()
    metrics = BackendMetrics(CollectorRegistry(), clock=clock)
    assert all(map(math.isnan, quantiles(exposed(metrics), UPDATE).values()))
    metrics.eventd_update.observe(1000, ("success",), 50)
    await clock.jump(WINDOW_S)
    assert quantiles(exposed(metrics), UPDATE)["0.99"] == pytest.approx(1000, rel=0.02)
    metrics.eventd_update.observe(1, ("success",), 50)
    assert quantiles(exposed(metrics), UPDATE)["0.99"] == pytest.approx(1000, rel=0.02)
    await clock.jump(WINDOW_S)
    assert quantiles(exposed(metrics), UPDATE)["0.99"] == pytest.approx(1, rel=0.02)
    assert f'{UPDATE}_count{{status="success"}} 100.0\n' in exposed(metrics)


@pytest.mark.parametrize(
    "sample",
    [
        'sensu_go_events_processed{status="error",type="check"} 0.0',
        'sensu_go_events_processed{status="success",type="metrics"} 0.0',
        'sensu_go_keepalives{status="dead"} 0.0',
        'sensu_go_event_handler_duration_count{status="error",type="check"} 0.0',
        'sensu_go_pipeline_resolve_duration_count{pipeline_type="legacy",status="error"} 0.0',
        'sensu_go_store_event_bytes_sum{type="check"} 0.0',
    ],
)
def test_what_did_not_happen_is_zero(sample: str) -> None:
    """An alert that waits for a number to leave or reach 0 sees the 0 from the start."""
    assert f"{sample}\n" in exposed(BackendMetrics(CollectorRegistry()))


def test_families_are_bounded() -> None:
    """However many resources there are, a family has a bounded number of series, and nothing goes uncounted."""
    metrics = BackendMetrics(CollectorRegistry())
    for number in range(SERIES_MAX + 10):
        metrics.pipeline_handler.observe(1, (f"handler {number}", "success"))
        metrics.session_errors.add(1, (f"error {number}",))
    assert metrics.pipeline_handler.count(("other", "other")) == 10
    assert metrics.session_errors.value(("other",)) == 10


def test_durations_are_milliseconds() -> None:
    """What the daemons count in seconds is shown in milliseconds, the unit of the reference's names."""
    metrics = BackendMetrics(CollectorRegistry())
    events = EventCounts(metrics)
    events.group({"check": 2, "metrics": 0}, 1, Took(decide_s=0.25, store_s=0.5, pass_on_s=0.25), well=True)
    assert metrics.event_handler.value(("success", "check")) == 2000
    assert metrics.eventd_update.value(("success",)) == 1000
    assert metrics.eventd_publish.value(("success", "check")) == 500
    assert metrics.eventd_proxy.value(("success",)) == 750
    deliveries = DeliveryCounts(metrics, lambda: DeliveriesSize(0, 0))
    deliveries.stage("handler", "core/v2.Handler(Name=page)", True, 1.5)
    deliveries.concluded(1, True, 2.0)
    deliveries.resolved("modern", True, 0.001)
    assert metrics.pipeline_handler.value(("core/v2.Handler(Name=page)", "success")) == 1500
    assert metrics.pipelined_message.value(("true", "success")) == 2000
    assert metrics.pipeline_resolve.value(("modern", "success")) == 1


def test_gauges_can_be_asked_for_when_they_are_read() -> None:
    """A gauge that follows something shows what it says at that moment."""
    metrics = BackendMetrics(CollectorRegistry())
    numbers = {("default",): 3.0}
    metrics.interval_schedulers.follow(lambda: dict(numbers))
    assert 'sensu_go_interval_schedulers{namespace="default"} 3.0\n' in exposed(metrics)
    numbers[("default",)] = 4.0
    assert 'sensu_go_interval_schedulers{namespace="default"} 4.0\n' in exposed(metrics)


def test_prometheus_can_read_all_of_it() -> None:
    """The text parses, the process's own numbers and awkward label values included."""
    metrics = BackendMetrics(CollectorRegistry())
    metrics.events_processed.add(1, ('a"b\\c\nd', "check"))
    families = {family.name for family in text_string_to_metric_families(exposed(metrics))}
    assert {"sensu_go_events_processed", "process_cpu_seconds", "python_info"} <= families


def test_the_numbers_of_workers_are_added_up() -> None:
    """Counters, summaries and gauges of parts are sums over all workers; what each knows of the whole is not added."""
    one, two = BackendMetrics(CollectorRegistry(), "1.0"), BackendMetrics(CollectorRegistry(), "1.0")
    for metrics, alive in ((one, 2), (two, 3)):
        metrics.keepalives.add(alive, ("alive",))
        metrics.eventd_update.observe(alive, ("success",), 10 * alive)
        metrics.handlers_busy.set(alive)
        metrics.deliveries_owed.set(7)
    two.keepalives.add(1, ("dead",))
    text = one.exposition([two.numbers()]).decode()
    assert 'sensu_go_keepalives{status="alive"} 5.0\n' in text
    assert 'sensu_go_keepalives{status="dead"} 1.0\n' in text
    assert 'sensu_go_eventd_update_event_duration_sum{status="success"} 130.0\n' in text
    assert 'sensu_go_eventd_update_event_duration_count{status="success"} 50.0\n' in text
    assert quantiles(text, UPDATE)["0.5"] == pytest.approx(3, rel=0.02)
    assert "sensu_go_event_handlers_busy 5.0\n" in text
    assert "sensu_go_deliveries_owed 7.0\n" in text
    assert 'sensu_go_build_info{buildsha="",goversion="",version="1.0"} 1.0\n' in text
    alone, summed = (text_string_to_metric_families(shown) for shown in (exposed(one), text))
    assert [family.name for family in summed] == [family.name for family in alone]
