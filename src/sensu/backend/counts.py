"""The counters of the daemons, which update the backend's metrics."""

from collections.abc import Callable, Mapping
from functools import partial

from sensu.backend.eventd.counters import Took
from sensu.backend.membership import Membership
from sensu.backend.metrics import BackendMetrics
from sensu.backend.pipelined.steps.outcome import Delivered, Filtered, Outcome
from sensu.backend.pipelined.steps.workflows import FILTER, HANDLING, MUTATOR
from sensu.execution.assets import EXPAND, FETCH
from sensu.resources.metadata import ObjectMeta
from sensu.rules import run_ledger
from sensu.rules.share import Slots
from sensu.rules.workflow import Workflow
from sensu.store.values import DeliveriesSize, PutEvent

MS = 1_000.0
"""Milliseconds in a second: the unit of durations under the reference's names."""


class EventCounts:
    """The counters of eventd.

    `seen` is called with the number of events that were processed, and `kept` with the namespace of each stored event
    and whether its state changed.
    """

    def __init__(
        self,
        metrics: BackendMetrics,
        seen: Callable[[int], None] = lambda _: None,
        kept: Callable[[str, bool], None] = lambda *_: None,
    ) -> None:
        self._metrics, self._seen, self._kept = metrics, seen, kept

    def processed(self, kind: str, status: str, events: int) -> None:
        """Count processed events of a type, by status."""
        self._metrics.events_processed.add(events, (status, kind))
        self._seen(events)

    def held_back(self) -> None:
        """Count an event that was held back because too many deliveries are pending."""
        self._metrics.events_held_back.add()

    def group(self, events: dict[str, int], proxies: int, took: Took, *, well: bool) -> None:
        """Count a processed group of events and the proxy entities in it; `well` is false if it was not stored."""
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

    def stored(self, kind: str, write: PutEvent) -> None:
        """Count a stored event of a type (`check`, `check+metrics`) and its size in bytes."""
        self._metrics.event_bytes.observe(len(write.body), (kind,))
        self._kept(write.key.namespace, write.result is not None and write.result.changed)

    def points(self, points: int) -> None:
        """Count the metric points of an event."""
        self._metrics.event_points.add(points)

    def follow(self, waiting: Callable[[], int], held: Callable[[], int]) -> None:
        """Set the functions that return the numbers of events waiting for eventd and for handlers."""
        self._metrics.wizard_bus.follow(
            lambda: {("sensu:event-raw",): float(waiting()), ("sensu:event",): float(held())}
        )


class KeepaliveCounts:
    """The counters of keepalived."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._keepalives = metrics.keepalives

    def keepalive(self, status: str) -> None:
        """Count a keepalive that arrived (`alive`) or is missing (`dead`)."""
        self._keepalives.add(1, (status,))


class DeliveryCounts:
    """The counters of pipelined."""

    def __init__(self, metrics: BackendMetrics, owed: Callable[[], DeliveriesSize]) -> None:
        """`owed` is called whenever metrics are collected."""
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
        """Count an attempt at a workflow; filtered events did not reach a handler."""
        well = isinstance(outcome, Delivered | Filtered)
        self._pipeline.observe(seconds * MS, (workflow.pipeline, _STATUS[well]))
        if not isinstance(outcome, Filtered):
            self._requests.add(1, ("0" if well else "1", workflow.handler.kind))
            self._total.add(1)

    def stage(self, stage: str, ref: str, well: bool, seconds: float) -> None:
        """Count a stage of an attempt."""
        self._stages[stage].observe(seconds * MS, (ref, _STATUS[well]))

    def resolved(self, kind: str, well: bool, seconds: float) -> None:
        """Count the lookup of an event's workflows: of its pipelines (`modern`) or of its handlers (`legacy`)."""
        self._resolve.observe(seconds * MS, (kind, _STATUS[well]))

    def concluded(self, workflows: int, well: bool, seconds: float) -> None:
        """Count an event whose workflows have all ended."""
        self._message.observe(seconds * MS, ("true" if workflows else "false", _STATUS[well]))

    def busy(self, change: int) -> None:
        """Change the number of running mutators and handlers."""
        self._busy.add(change)


_STATUS = {True: "success", False: "error"}


class AssetCounts:
    """The counters of the assets of handlers, mutators and filters."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._stages = {FETCH: metrics.asset_fetch, EXPAND: metrics.asset_expand}

    def stage(self, stage: str, asset: ObjectMeta, well: bool, seconds: float) -> None:
        """Count a download or an unpacked archive."""
        self._stages[stage].observe(seconds * MS, (_STATUS[well], asset.name, asset.namespace))


class ScheduleCounts:
    """The counters of schedulerd."""

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
        """Count the requests of a published check."""
        self._messages.add(sent, (f"sensu:check:{kind}",))

    def missed(self, slots: int) -> None:
        """Count scheduled runs that were missed."""
        self._missed.add(slots)

    def slots(self, outcome: run_ledger.SlotOutcome, why: run_ledger.Why, number: int) -> None:
        """Count scheduled runs by outcome."""
        self._slots.add(number, (outcome.value, why.value))

    def follow(self, schedulers: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        """Set the function that returns the numbers of scheduled checks by type and namespace."""
        for kind, gauge in self._gauges.items():
            gauge.follow(partial(_of_kind, schedulers, kind))


class SeatNumbers:
    """The numbers of a backend that shares its database with others; those of others have none."""

    def __init__(self, metrics: BackendMetrics) -> None:
        self._metrics = metrics

    def follow(self, membership: Membership) -> None:
        """Set the functions that return the numbers, if the database can be shared."""
        metrics, roster = self._metrics, membership.roster
        if not roster():
            return
        metrics.shares_database = True
        metrics.seat_valid.follow(lambda: {(): float(membership.is_valid())})
        metrics.seats.follow(lambda: {(): float(len(roster()))})
        metrics.slots_owned.follow(lambda: {(): float(len(membership.slots))})
        metrics.clock_offset.follow(lambda: {(): membership.ahead_s})
        membership.on_gain(partial(self._moved, "gained"))
        membership.on_loss(partial(self._moved, "lost"))

    async def _moved(self, direction: str, slots: Slots) -> None:
        self._metrics.slots_moved.add(len(slots), (direction,))


def _of_kind(schedulers: Callable[[], Mapping[tuple[str, str], int]], kind: str) -> dict[tuple[str, ...], float]:
    return {(namespace,): float(n) for (found, namespace), n in schedulers().items() if found == kind}
