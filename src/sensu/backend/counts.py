"""What the daemons count, under the names of the backend's metrics."""

from collections.abc import Callable, Mapping
from functools import partial

from sensu.backend.eventd.counters import Took
from sensu.backend.metrics import BackendMetrics
from sensu.backend.pipelined.steps.outcome import Delivered, Filtered, Outcome
from sensu.backend.pipelined.steps.workflows import FILTER, HANDLING, MUTATOR
from sensu.execution.assets import EXPAND, FETCH
from sensu.resources.metadata import ObjectMeta
from sensu.rules import run_ledger
from sensu.rules.workflow import Workflow
from sensu.store.values import DeliveriesSize

MS = 1_000.0
"""Milliseconds in a second: the unit of durations under the reference's names."""


class EventCounts:
    """What eventd counts; `seen` is called with the number of events that were processed."""

    def __init__(self, metrics: BackendMetrics, seen: Callable[[int], None] = lambda _: None) -> None:
        self._metrics, self._seen = metrics, seen

    def processed(self, kind: str, status: str, events: int) -> None:
        """So many events of a kind ended with a status."""
        self._metrics.events_processed.add(events, (status, kind))
        self._seen(events)

    def held_back(self) -> None:
        """An event was not taken because too many deliveries are owed."""
        self._metrics.events_held_back.add()

    def group(self, events: dict[str, int], proxies: int, took: Took, *, well: bool) -> None:
        """A group of events was processed, and new proxy entities with it; `well` is false if it was not stored."""
        metrics, status = self._metrics, _STATUS[well]
        whole_ms = (took.decide_s + took.store_s + took.pass_on_s) * MS
        for kind, number in events.items():
            if number:
                metrics.event_handler.observe(whole_ms, (status, kind), number)
                if well:
                    metrics.eventd_publish.observe(took.pass_on_s * MS, (status, kind), number)
        if events["check"]:
            metrics.eventd_update.observe(took.store_s * MS, (status,), events["check"])
        if proxies:
            metrics.eventd_proxy.observe((took.decide_s + took.store_s) * MS, (status,), proxies)

    def stored(self, kind: str, size: int) -> None:
        """An event of a kind (`check`, `check+metrics`) was stored in so many bytes."""
        self._metrics.event_bytes.observe(size, (kind,))

    def points(self, points: int) -> None:
        """An event had so many metric points."""
        self._metrics.event_points.add(points)

    def follow(self, waiting: Callable[[], int], held: Callable[[], int]) -> None:
        """Have the numbers of events that wait for eventd and for handlers read whenever they are collected."""
        self._metrics.wizard_bus.follow(
            lambda: {("sensu:event-raw",): float(waiting()), ("sensu:event",): float(held())}
        )


class KeepaliveCounts:
    """What keepalived counts."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._keepalives = metrics.keepalives

    def keepalive(self, status: str) -> None:
        """One keepalive came (`alive`) or was found missing (`dead`)."""
        self._keepalives.add(1, (status,))


class DeliveryCounts:
    """What pipelined counts."""

    def __init__(self, metrics: BackendMetrics, owed: Callable[[], DeliveriesSize]) -> None:
        """`owed` is asked whenever the numbers are collected."""
        metrics.deliveries_owed.follow(lambda: {(): float(owed().count)})
        metrics.deliveries_owed_bytes.follow(lambda: {(): float(owed().bytes)})
        self._requests, self._total = metrics.handler_requests, metrics.handler_requests_total
        self._pipeline, self._message = metrics.pipeline, metrics.pipelined_message
        self._resolve = metrics.pipeline_resolve
        self._busy = metrics.handlers_busy
        self._stages = {
            FILTER: metrics.pipeline_filter,
            MUTATOR: metrics.pipeline_mutator,
            HANDLING: metrics.pipeline_handler,
        }

    def handled(self, workflow: Workflow, outcome: Outcome, seconds: float) -> None:
        """One attempt at a workflow has ended; events that were filtered never got to a handler."""
        well = isinstance(outcome, Delivered | Filtered)
        self._pipeline.observe(seconds * MS, (workflow.pipeline, _STATUS[well]))
        if not isinstance(outcome, Filtered):
            self._requests.add(1, ("0" if well else "1", workflow.handler.kind))
            self._total.add(1)

    def stage(self, stage: str, ref: str, well: bool, seconds: float) -> None:
        """One stage of an attempt has ended."""
        self._stages[stage].observe(seconds * MS, (ref, _STATUS[well]))

    def resolved(self, kind: str, well: bool, seconds: float) -> None:
        """The workflows of an event were found, those of its pipelines (`modern`) or of its handlers (`legacy`)."""
        self._resolve.observe(seconds * MS, (kind, _STATUS[well]))

    def concluded(self, workflows: int, well: bool, seconds: float) -> None:
        """All workflows of an event have ended."""
        self._message.observe(seconds * MS, ("true" if workflows else "false", _STATUS[well]))

    def busy(self, change: int) -> None:
        """So many more (or fewer) mutators and handlers are at work."""
        self._busy.add(change)


_STATUS = {True: "success", False: "error"}


class AssetCounts:
    """What is counted of the assets of handlers, mutators and filters."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._stages = {FETCH: metrics.asset_fetch, EXPAND: metrics.asset_expand}

    def stage(self, stage: str, asset: ObjectMeta, well: bool, seconds: float) -> None:
        """A download or the unpacking of an archive has ended."""
        self._stages[stage].observe(seconds * MS, (_STATUS[well], asset.name, asset.namespace))


class ScheduleCounts:
    """What schedulerd counts."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._messages, self._missed = metrics.bus_messages, metrics.missed_slots
        self._slots = metrics.check_slots
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

    def slots(self, outcome: run_ledger.Outcome, why: run_ledger.Why, number: int) -> None:
        """So many slots have ended."""
        self._slots.add(number, (outcome.value, why.value))

    def follow(self, schedulers: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """Have the numbers of scheduled checks, by kind and namespace, read whenever they are collected."""
        for kind, gauge in self._gauges.items():
            gauge.follow(partial(_of_kind, schedulers, kind))


def _of_kind(schedulers: Callable[[], Mapping[tuple[str, str], int]], kind: str) -> dict[tuple[str, ...], float]:
    return {(namespace,): float(n) for (found, namespace), n in schedulers().items() if found == kind}
