"""Metrics in the text format that Prometheus scrapes."""

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from sensu.backend.metrics import BackendMetrics


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
    metrics.eventd_update.observe(0.5, ("0",))
    metrics.eventd_update.observe(1.5, ("0",))
    text = exposed(metrics)
    assert 'sensu_go_eventd_update_event_duration_sum{status="0"} 2.0\n' in text
    assert 'sensu_go_eventd_update_event_duration_count{status="0"} 2.0\n' in text


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
        metrics.eventd_update.observe(alive, ("0",))
        metrics.handlers_busy.set(alive)
        metrics.deliveries_owed.set(7)
    two.keepalives.add(1, ("dead",))
    text = one.exposition([two.numbers()]).decode()
    assert 'sensu_go_keepalives{status="alive"} 5.0\n' in text
    assert 'sensu_go_keepalives{status="dead"} 1.0\n' in text
    assert 'sensu_go_eventd_update_event_duration_sum{status="0"} 5.0\n' in text
    assert 'sensu_go_eventd_update_event_duration_count{status="0"} 2.0\n' in text
    assert "sensu_go_event_handlers_busy 5.0\n" in text
    assert "sensu_go_deliveries_owed 7.0\n" in text
    assert 'sensu_go_build_info{buildsha="",goversion="",version="1.0"} 1.0\n' in text
    alone, summed = (text_string_to_metric_families(shown) for shown in (exposed(one), text))
    assert [family.name for family in summed] == [family.name for family in alone]
