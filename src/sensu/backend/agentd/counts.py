"""What agentd counts, as Prometheus reads it.

Source: docs, "Metrics API"; the names are those that users scrape already.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from sensu.resources.event import Event

ERRORS_MAX = 64
"""How many different errors are told apart; more are counted as `other`."""


class Counts(Collector):
    """Plain numbers, cheap to count; put into Prometheus' form when it asks."""

    def __init__(self, sessions_by_namespace: Callable[[], Mapping[str, int]]) -> None:
        self._sessions_by_namespace = sessions_by_namespace
        self._bytes: dict[str, tuple[int, int]] = {"check": (0, 0)}
        self._errors: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._upgrades, self._upgrades_s = 0, 0.0

    def event_bytes(self, event: Event, size: int) -> None:
        """An event of that many bytes was taken."""
        kind = "check" if event.metrics is None else "metrics" if event.check is None else "check+metrics"
        count, total = self._bytes.get(kind, (0, 0))
        self._bytes[kind] = (count + 1, total + size)

    def session_error(self, error: str) -> None:
        """A message was refused, or a session had to be ended."""
        self._errors[error if error in self._errors or len(self._errors) < ERRORS_MAX else "other"] += 1

    def handshake_refused(self, status: int) -> None:
        """A handshake was answered with that status."""
        self._refusals[str(status)] += 1

    def upgraded(self, seconds: float) -> None:
        """A handshake succeeded and took so long."""
        self._upgrades += 1
        self._upgrades_s += seconds

    def collect(self) -> Iterator[Metric]:
        """Part of Prometheus' interface."""
        sessions = GaugeMetricFamily("sensu_go_agent_sessions", "Connected agents", labels=["namespace"])
        for namespace, count in self._sessions_by_namespace().items():
            sessions.add_metric([namespace], count)
        yield sessions
        sizes = SummaryMetricFamily("sensu_go_agentd_event_bytes", "Size of events of agents", labels=["type"])
        for kind, (count, total) in self._bytes.items():
            sizes.add_metric([kind], count, total)
        yield sizes
        upgrades = SummaryMetricFamily("sensu_go_websocket_upgrade_duration", "Seconds that handshakes took")
        upgrades.add_metric([], self._upgrades, self._upgrades_s)
        yield upgrades
        yield _counter("sensu_go_session_errors", "Messages refused and sessions ended", self._errors)
        yield _counter("sensu_go_websocket_errors", "Handshakes refused", self._refusals, op="upgrade")

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand, as the rest of the backend's metrics."""
        return ()


def _counter(name: str, documentation: str, errors: Mapping[str, int], **labels: str) -> Metric:
    """A counter by error, without the suffix `_total`, which these names do not have."""
    metric = Metric(name, documentation, "counter")
    for error, count in errors.items():
        metric.add_sample(name, {**labels, "error": error}, count)
    return metric
