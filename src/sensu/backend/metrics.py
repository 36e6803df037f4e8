"""The numbers that a backend shows at `/metrics`, under the names that users of the reference already scrape.

Families here are plain dictionaries of numbers, because they are counted on hot paths and names and types must stay
those of the reference (a counter without `_total` is one of them). They are collected through the registry of
prometheus-client, which brings the numbers of the process.
Source: docs, "Metrics API"; recorded scenario server-metrics.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]

COUNTER, GAUGE, SUMMARY = "counter", "gauge", "summary"

_SAME_EVERYWHERE = ("sensu_go_build_info", "sensu_go_deliveries_owed", "sensu_go_deliveries_owed_bytes")
_OF_PROCESSES = ("process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds")


class Numbered(msgspec.Struct, frozen=True, array_like=True):
    """One number of a family of metrics, fit to be added to that of another worker."""

    family: str
    name: str
    labels: dict[str, str]
    value: float


class Family:
    """Numbers under one name, told apart by the values of its labels."""

    kind = COUNTER

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        self.name, self.about, self.labels = name, about, tuple(labels)
        self._values: dict[Labels, float] = {} if labels else {(): 0.0}

    def add(self, amount: float = 1.0, labels: Labels = ()) -> None:
        """Count so many more."""
        self._values[labels] = self._values.get(labels, 0.0) + amount

    def value(self, labels: Labels = ()) -> float:
        """What was counted."""
        return self._values.get(labels, 0.0)

    def collected(self) -> Metric:
        """The family as the registry takes it."""
        metric = Metric(self.name, self.about, self.kind)
        for values, number in sorted(self._values.items()):
            metric.add_sample(self.name, dict(zip(self.labels, values, strict=True)), number)
        return metric


class Counter(Family):
    """Numbers that only grow."""


class Gauge(Family):
    """Numbers that are set, or asked for when they are collected."""

    kind = GAUGE

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, about, labels)
        self._ask: Callable[[], dict[Labels, float]] | None = None

    def set(self, number: float, labels: Labels = ()) -> None:
        """The number is this one now."""
        self._values[labels] = number

    def follow(self, ask: Callable[[], dict[Labels, float]]) -> None:
        """Have `ask` called for the numbers whenever they are collected."""
        self._ask = ask

    def collected(self) -> Metric:
        """The family as the registry takes it."""
        if self._ask is not None:
            self._values = self._ask()
        return super().collected()


class Summary(Family):
    """Sums and counts of what was observed; a mean over time follows from them. There are no quantiles."""

    kind = SUMMARY

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, about, labels)
        self._counts: dict[Labels, int] = {} if labels else {(): 0}

    def observe(self, number: float, labels: Labels = ()) -> None:
        """One more observation."""
        self._values[labels] = self._values.get(labels, 0.0) + number
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def count(self, labels: Labels = ()) -> int:
        """How many were observed."""
        return self._counts.get(labels, 0)

    def collected(self) -> Metric:
        """The family as the registry takes it."""
        metric = Metric(self.name, self.about, self.kind)
        for values, number in sorted(self._values.items()):
            labels = dict(zip(self.labels, values, strict=True))
            metric.add_sample(f"{self.name}_sum", labels, number)
            metric.add_sample(f"{self.name}_count", labels, self._counts[values])
        return metric


AnyFamily = TypeVar("AnyFamily", bound=Family)


class BackendMetrics:
    """All families of a backend, in a registry that others may add to."""

    def __init__(self, registry: CollectorRegistry, version: str = "") -> None:
        self.registry = registry
        self._families: list[Family] = []
        status, namespace, ref = ("status",), ("namespace",), ("resource_ref", "status")
        asset = ("status", "name", "namespace")

        self.build_info = self._gauge("build_info", "The version that runs", ("buildsha", "goversion", "version"))
        self.build_info.set(1, ("", "", version))
        self.asset_fetch = self._summary("asset_fetch_duration", "Seconds to fetch assets", asset)
        self.asset_expand = self._summary("asset_expand_duration", "Seconds to unpack assets", asset)
        self.bus_messages = self._counter("bus_messages_published", "Messages to agents and daemons", ("topic",))
        self.cron_schedulers = self._gauge("cron_schedulers", "Checks that run by cron lines", namespace)
        self.interval_schedulers = self._gauge("interval_schedulers", "Checks that run by intervals", namespace)
        self.round_robin_cron = self._gauge("round_robin_cron_schedulers", "Round robin checks by cron", namespace)
        self.round_robin_interval = self._gauge(
            "round_robin_interval_schedulers", "Round robin checks by interval", namespace
        )
        self.missed_slots = self._counter("check_slots_missed", "Times that a check was due and not run")
        self.check_slots = self._added(
            Counter("sensu_check_slots", "Times that checks were due, by what became of them", ("outcome", "why"))
        )
        self.events_processed = self._counter("events_processed", "Events that were processed", (*status, "type"))
        self.events_held_back = self._counter(
            "events_held_back", "Times that an event was not taken because too many deliveries were owed"
        )
        self.event_log_dropped = self._counter("eventlog_dropped", "Events that did not get into the event log")
        self.deliveries_owed = self._gauge("deliveries_owed", "Events that handlers are owed")
        self.deliveries_owed_bytes = self._gauge("deliveries_owed_bytes", "Bytes of events that handlers are owed")
        self.event_bytes = self._summary("store_event_bytes", "Sizes of events that were stored", ("type",))
        self.event_points = self._counter("event_metric_points_processed", "Metric points that were processed")
        self.eventd_publish = self._summary(
            "eventd_bus_publish_duration", "Seconds to hand events to pipelines", ("event_type", "status")
        )
        self.eventd_proxy = self._summary("eventd_create_proxy_entity_duration", "Seconds to make proxies", status)
        self.eventd_update = self._summary("eventd_update_event_duration", "Seconds to store events", status)
        self.keepalives = self._counter("keepalives", "Keepalives, and those that were missed", status)
        self.handlers_busy = self._gauge("event_handlers_busy", "Events that are being handled")
        self.event_handler = self._summary(
            "event_handler_duration", "Seconds to process events", ("event_type", "status")
        )
        self.handler_requests = self._counter("handler_requests", "Events given to handlers", (*status, "type"))
        self.handler_requests_total = self._counter("handler_requests_total", "Events given to handlers")
        self.pipeline = self._summary("pipeline_duration", "Seconds of pipelines", ref)
        self.pipeline_filter = self._summary("pipeline_filter_duration", "Seconds of filters", ref)
        self.pipeline_mutator = self._summary("pipeline_mutator_duration", "Seconds of mutators", ref)
        self.pipeline_handler = self._summary("pipeline_handler_duration", "Seconds of handlers", ref)
        self.pipeline_resolve = self._summary(
            "pipeline_resolve_duration", "Seconds to find pipelines", ("pipeline_type", "status")
        )
        self.pipelined_message = self._summary(
            "pipelined_message_handler_duration", "Seconds of deliveries", ("has_pipelines", "status")
        )
        registry.register(self)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

    def collect(self) -> Iterator[Metric]:
        """The families as the registry takes them."""
        for family in self._families:
            yield family.collected()

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: names are checked when they are collected."""
        return ()

    def exposition(self, others: Sequence[Sequence[Numbered]] = ()) -> bytes:
        """Everything in the registry, in Prometheus' text format 0.0.4, the numbers of `others` added."""
        metrics = self.registry.collect()
        return "".join(_lines(_added_up(metrics, others) if others else metrics)).encode()

    def numbers(self) -> list[Numbered]:
        """What can be added to the numbers of other workers."""
        return [
            Numbered(metric.name, sample.name, sample.labels, sample.value)
            for metric in self.registry.collect()
            if _adds_up(metric)
            for sample in metric.samples
        ]

    def _counter(self, name: str, about: str, labels: Sequence[str] = ()) -> Counter:
        return self._added(Counter(f"sensu_go_{name}", about, labels))

    def _gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        return self._added(Gauge(f"sensu_go_{name}", about, labels))

    def _summary(self, name: str, about: str, labels: Sequence[str] = ()) -> Summary:
        return self._added(Summary(f"sensu_go_{name}", about, labels))

    def _added(self, family: AnyFamily) -> AnyFamily:
        self._families.append(family)
        return family


def _adds_up(metric: Metric) -> bool:
    """Whether the sum over all workers means something."""
    if metric.type != GAUGE:
        return metric.type in (COUNTER, SUMMARY)
    return (metric.name.startswith("sensu_go_") and metric.name not in _SAME_EVERYWHERE) or metric.name in _OF_PROCESSES


def _added_up(metrics: Iterable[Metric], others: Sequence[Sequence[Numbered]]) -> Iterator[Metric]:
    """The families with the sums over all workers."""
    sums: dict[str, dict[tuple[str, frozenset[tuple[str, str]]], float]] = {}
    for one in chain.from_iterable(others):
        family, place = sums.setdefault(one.family, {}), (one.name, frozenset(one.labels.items()))
        family[place] = family.get(place, 0.0) + one.value
    for metric in metrics:
        of_others = sums.get(metric.name, {})
        metric.samples = [
            sample._replace(value=sample.value + of_others.pop((sample.name, frozenset(sample.labels.items())), 0.0))
            for sample in metric.samples
        ]
        metric.samples += [Sample(name, dict(labels), value) for (name, labels), value in of_others.items()]
        yield metric


def _lines(metrics: Iterable[Metric]) -> Iterator[str]:
    for metric in metrics:
        name, kind = _heading(metric)
        yield f"# HELP {name} {_escaped(metric.documentation)}\n# TYPE {name} {kind}\n"
        for sample in metric.samples:
            labels = ",".join(f'{key}="{_escaped_value(value)}"' for key, value in sample.labels.items())
            yield f"{sample.name}{{{labels}}} " if labels else f"{sample.name} "
            yield f"{_number(sample.value)}\n"


def _number(value: float) -> str:
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call]
    return text


def _heading(metric: Metric) -> tuple[str, str]:
    """Name and type of a family: the library's own leave out what the text format wants."""
    ours = metric.name.startswith(("sensu_go_", "sensu_check_"))
    if metric.type == COUNTER and not ours:
        return f"{metric.name}_total", COUNTER
    if metric.type == "info":
        return f"{metric.name}_info", GAUGE
    return metric.name, metric.type


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _escaped_value(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
