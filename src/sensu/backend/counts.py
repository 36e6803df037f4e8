"""What the daemons count, under the names of the backend's metrics."""

from collections.abc import Callable, Mapping
from functools import partial

from sensu.backend.metrics import BackendMetrics
from sensu.backend.pipelined.outcome import Delivered, Filtered, Outcome
from sensu.rules.workflow import Workflow


class EventCounts:
    """What eventd counts."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._processed = metrics.events_processed

    def processed(self, kind: str, status: str, events: int) -> None:
        """So many events of a kind ended with a status."""
        self._processed.add(events, (status, kind))


class KeepaliveCounts:
    """What keepalived counts."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._keepalives = metrics.keepalives

    def keepalive(self, status: str) -> None:
        """One keepalive came (`alive`) or was found missing (`dead`)."""
        self._keepalives.add(1, (status,))


class DeliveryCounts:
    """What pipelined counts."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._requests, self._total = metrics.handler_requests, metrics.handler_requests_total

    def handled(self, workflow: Workflow, outcome: Outcome) -> None:
        """One workflow has ended for one event; events that were filtered never got to a handler."""
        if isinstance(outcome, Filtered):
            return
        status = "0" if isinstance(outcome, Delivered) else "1"
        self._requests.add(1, (status, "core/v2.Handler"))
        self._total.add(1)


class ScheduleCounts:
    """What schedulerd counts."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._messages, self._missed = metrics.bus_messages, metrics.missed_slots
        self._gauges = {
            "interval": metrics.interval_schedulers,
            "cron": metrics.cron_schedulers,
            "round_robin_interval": metrics.round_robin_interval,
            "round_robin_cron": metrics.round_robin_cron,
        }

    def requests(self, kind: str, sent: int) -> None:
        """A check of a kind was published and sent to so many agents."""
        self._messages.add(sent, (f"sensu:check:{kind}",))

    def missed(self, slots: int) -> None:
        """A check was not run so many times."""
        self._missed.add(slots)

    def follow(self, schedulers: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """Have the numbers of scheduled checks, by kind and namespace, read whenever they are collected."""
        for kind, gauge in self._gauges.items():
            gauge.follow(partial(_of_kind, schedulers, kind))


def _of_kind(schedulers: Callable[[], Mapping[tuple[str, str], int]], kind: str) -> dict[tuple[str, ...], float]:
    return {(namespace,): float(n) for (found, namespace), n in schedulers().items() if found == kind}
