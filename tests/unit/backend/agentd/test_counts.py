from prometheus_client import CollectorRegistry

from sensu.backend.agentd.counts import ERRORS_MAX, Counts
from sensu.backend.metrics import BackendMetrics
from sensu.resources.check import Check
from sensu.resources.event import Event
from sensu.resources.metrics import Metrics


def counted() -> tuple[Counts, CollectorRegistry]:
    registry = CollectorRegistry()
    return Counts(BackendMetrics(registry), lambda: {"default": 2}), registry


def test_events_are_measured_by_what_they_hold() -> None:
    """Sizes of events are told apart by check, metrics, and both."""
    counts, registry = counted()
    counts.event_bytes(Event(check=Check()), 10)
    counts.event_bytes(Event(check=Check()), 30)
    counts.event_bytes(Event(metrics=Metrics()), 5)
    counts.event_bytes(Event(check=Check(), metrics=Metrics()), 7)
    sums = [
        registry.get_sample_value("sensu_go_agentd_event_bytes_sum", {"type": kind})
        for kind in ("check", "metrics", "check+metrics")
    ]
    assert sums == [40, 5, 7]


def test_sessions_are_counted_when_asked() -> None:
    """The number of connected agents is that of the moment, by namespace."""
    _, registry = counted()
    assert registry.get_sample_value("sensu_go_agent_sessions", {"namespace": "default"}) == 2


def test_errors_are_bounded() -> None:
    """However many errors agents invent, the number of series stays small, and none goes uncounted."""
    counts, registry = counted()
    for number in range(ERRORS_MAX + 10):
        counts.session_error(f"error {number}")
    counts.session_error("error 0")
    assert registry.get_sample_value("sensu_go_session_errors", {"error": "error 0"}) == 2
    assert registry.get_sample_value("sensu_go_session_errors", {"error": "other"}) == 10
