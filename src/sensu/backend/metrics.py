"""The metrics of a backend (`/metrics`), with the names of Sensu Go's metrics.

The families (`metric_families.py`) are collected through the registry of prometheus-client, which adds metrics of the
process. Durations in metrics whose names begin with `sensu_go_` are in milliseconds, as in Sensu Go.
Source: docs, "Metrics API"; recorded scenario server-metrics.
"""

from collections import Counter as Counted
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from sensu.backend.metric_families import COUNTER, GAUGE, SUMMARY, Counter, Family, Gauge, Labels, Summary
from sensu.clock import Clock, SystemClock
from sensu.rules.workflow import LEGACY_PIPELINE

_WINDOW = "_window"
"""The suffix of numbers that are observations of a summary by bucket, because quantiles cannot be added up."""
_BUCKET = "bucket"
_SAME_EVERYWHERE = ("sensu_go_build_info", "sensu_go_deliveries_owed", "sensu_go_deliveries_owed_bytes")
_OF_PROCESSES = ("process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds")


_STATUS, _TYPE = ("status",), ("type",)
_RESULTS = (("success",), ("error",))
_RESULTS_BY_TYPE = tuple((status, kind) for (status,) in _RESULTS for kind in ("check", "metrics"))
_EVENT_CONTENTS = (("check",), ("metrics",), ("check+metrics",))


class Numbered(msgspec.Struct, frozen=True, array_like=True):
    """One number of a metric family, which can be added to that of another worker."""

    family: str
    name: str
    labels: dict[str, str]
    value: float


AnyFamily = TypeVar("AnyFamily", bound=Family)


class BackendMetrics:
    """All metric families of a backend, in a registry that other code can extend."""

    def __init__(self, registry: CollectorRegistry, version: str = "", clock: Clock | None = None) -> None:
        self.registry = registry
        self._clock = clock or SystemClock()
        self.shares_database = False
        self._families: list[Family] = []
        self._summaries: dict[str, Summary] = {}
        self.build_info = self._gauge("build_info", "The version of the backend", ("buildsha", "goversion", "version"))
        self.build_info.set(1, ("", "", version))
        self._of_agents()
        self._of_schedules()
        self._of_seats()
        self._of_events()
        self._of_pipelines()
        registry.register(self)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

    def _of_agents(self) -> None:
        self.agent_sessions = self._gauge("agent_sessions", "Connected agents", ("namespace",))
        self.agent_event_bytes = self._summary("agentd_event_bytes", "Sizes of events from agents in bytes", ("type",))
        self.agent_event_bytes.starting_with(*_EVENT_CONTENTS)
        self.websocket_upgrade = self._summary("websocket_upgrade_duration", "Duration of agent handshakes in ms")
        self.session_errors = self._counter("session_errors", "Refused messages and ended sessions", ("error",))
        self.websocket_errors = self._counter("websocket_errors", "Refused agent handshakes", ("op", "error"))
        self.keepalives = self._counter("keepalives", "Received (alive) and missing (dead) keepalives", _STATUS)
        self.keepalives.starting_with(("alive",), ("dead",))

    def _of_schedules(self) -> None:
        namespace = ("namespace",)
        self.bus_messages = self._counter("bus_messages_published", "Check requests sent to agents", ("topic",))
        self.cron_schedulers = self._gauge("cron_schedulers", "Checks scheduled by cron", namespace)
        self.interval_schedulers = self._gauge("interval_schedulers", "Checks scheduled by interval", namespace)
        self.round_robin_cron = self._gauge(
            "round_robin_cron_schedulers", "Round robin checks scheduled by cron", namespace
        )
        self.round_robin_interval = self._gauge(
            "round_robin_interval_schedulers", "Round robin checks scheduled by interval", namespace
        )
        self.missed_slots = self._counter("check_slots_missed", "Scheduled runs of checks that were missed")
        self.check_slots = self._added(
            Counter("sensu_check_slots", "Scheduled runs of checks, by outcome", ("outcome", "why"))
        )
        self.service_evaluations = self._added(
            Counter("sensu_service_evaluations", "Scheduled evaluations of service components", ("outcome",))
        ).starting_with(("evaluated",), ("failed",))

    def _of_seats(self) -> None:
        """Collected only for backends that share their database."""
        self.seat_valid = self._added(Gauge("sensu_seat_valid", "Whether the backend may act (1) or is cut off (0)"))
        self.seats = self._added(Gauge("sensu_seats", "Backends that use the database"))
        self.slots_owned = self._added(Gauge("sensu_slots_owned", "Slots of entities that the backend owns"))
        self.slots_moved = self._added(Counter("sensu_slots_moved", "Slots that came or went", ("direction",)))
        self.slots_moved.starting_with(("gained",), ("lost",))
        self.clock_offset = self._added(
            Gauge("sensu_database_clock_offset_seconds", "By how much the clock of the database is ahead")
        )
        self._about_seats = (self.seat_valid, self.seats, self.slots_owned, self.slots_moved, self.clock_offset)

    def _of_events(self) -> None:
        self.events_processed = self._counter("events_processed", "Processed events", (*_STATUS, *_TYPE))
        self.events_processed.starting_with(*_RESULTS_BY_TYPE)
        self.events_held_back = self._counter(
            "events_held_back", "Events that were not accepted because too many deliveries were waiting"
        )
        self.event_log_dropped = self._counter("eventlog_dropped", "Events dropped from the event log")
        self.event_bytes = self._summary("store_event_bytes", "Sizes of stored events in bytes", _TYPE)
        self.event_bytes.starting_with(("check",), ("check+metrics",))
        self.event_points = self._counter("event_metric_points_processed", "Processed metric points")
        self.event_handler = self._summary(
            "event_handler_duration", "Duration of processing an event in ms", (*_STATUS, *_TYPE)
        )
        self.event_handler.starting_with(*_RESULTS_BY_TYPE)
        self.eventd_update = self._summary(
            "eventd_update_event_duration", "Duration of storing an event in ms", _STATUS
        )
        self.eventd_proxy = self._summary(
            "eventd_create_proxy_entity_duration", "Duration of creating a proxy entity with its event in ms", _STATUS
        )
        self.eventd_publish = self._summary(
            "eventd_bus_publish_duration", "Duration of passing a stored event on in ms", (*_STATUS, *_TYPE)
        )
        self.eventd_publish.starting_with(*_RESULTS_BY_TYPE)
        for family in (self.eventd_update, self.eventd_proxy):
            family.starting_with(*_RESULTS)
        self.wizard_bus = self._gauge("wizard_bus", "Events waiting to be processed or handled", ("topic",))

    def _of_pipelines(self) -> None:
        ref = ("resource_ref", *_STATUS)
        self.deliveries_owed = self._gauge("deliveries_owed", "Events waiting for handlers")
        self.deliveries_owed_bytes = self._gauge("deliveries_owed_bytes", "Bytes of events waiting for handlers")
        self.handlers_busy = self._gauge("event_handlers_busy", "Running mutators and handlers")
        self.handler_requests = self._counter("handler_requests", "Handler runs", (*_STATUS, *_TYPE))
        self.handler_requests_total = self._counter("handler_requests_total", "Handler runs")
        self.pipeline = self._summary("pipeline_duration", "Duration of workflows in ms", ref)
        self.pipeline.starting_with(*((LEGACY_PIPELINE, status) for (status,) in _RESULTS))
        self.pipeline_filter = self._summary("pipeline_filter_duration", "Duration of filters in ms", ref)
        self.pipeline_mutator = self._summary("pipeline_mutator_duration", "Duration of mutators in ms", ref)
        self.pipeline_handler = self._summary("pipeline_handler_duration", "Duration of handlers in ms", ref)
        self.pipeline_resolve = self._summary(
            "pipeline_resolve_duration", "Duration of finding an event's workflows in ms", ("pipeline_type", *_STATUS)
        )
        for kind in ("legacy", "modern"):
            self.pipeline_resolve.starting_with(*((kind, status) for (status,) in _RESULTS))
        self.pipelined_message = self._summary(
            "pipelined_message_handler_duration", "Duration of handling an event in ms", ("has_pipelines", *_STATUS)
        )
        asset = (*_STATUS, "name", "namespace")
        self.asset_fetch = self._summary("asset_fetch_duration", "Duration of asset downloads in ms", asset)
        self.asset_expand = self._summary("asset_expand_duration", "Duration of unpacking assets in ms", asset)

    @property
    def families(self) -> Sequence[Family]:
        """The families, without the metrics of the process."""
        return tuple(self._families)

    def collect(self) -> Iterator[Metric]:
        """The families in the form that the registry expects."""
        for family in self._families:
            if self.shares_database or family not in self._about_seats:
                yield family.collected()

    def describe(self) -> Iterable[Metric]:
        """Empty: names are checked when they are collected."""
        return ()

    def exposition(self, others: Sequence[Sequence[Numbered]] = ()) -> bytes:
        """All metrics in the Prometheus text format 0.0.4, with the numbers of `others` added."""
        sums, windows = _parted(others)
        metrics = (self._with_quantiles(metric, windows) for metric in _added_up(self.registry.collect(), sums))
        return "".join(_lines(metrics)).encode()

    def numbers(self) -> list[Numbered]:
        """The numbers that can be added to those of other workers."""
        numbers = [
            Numbered(metric.name, sample.name, sample.labels, sample.value)
            for metric in self.registry.collect()
            if _adds_up(metric)
            for sample in metric.samples
        ]
        for summary in self._summaries.values():
            for values, window in summary.windows().items():
                labels = dict(zip(summary.labels, values, strict=True))
                for bucket, count in window.items():
                    place = {**labels, _BUCKET: str(bucket)}
                    numbers.append(Numbered(summary.name, f"{summary.name}{_WINDOW}", place, count))
        return numbers

    def _with_quantiles(self, metric: Metric, windows: "_Windows") -> Metric:
        """A family preceded by the quantiles of all workers' observations, if it is a summary of `metric_families`."""
        summary = self._summaries.get(metric.name)
        if summary is not None:
            observed = summary.windows()
            for values, window in windows.get(metric.name, {}).items():
                observed.setdefault(values, Counted()).update(window)
            metric.samples = summary.quantiles(observed) + metric.samples
        return metric

    def _counter(self, name: str, about: str, labels: Sequence[str] = ()) -> Counter:
        return self._added(Counter(f"sensu_go_{name}", about, labels))

    def _gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        return self._added(Gauge(f"sensu_go_{name}", about, labels))

    def _summary(self, name: str, about: str, labels: Sequence[str] = ()) -> Summary:
        summary = self._added(Summary(f"sensu_go_{name}", about, labels, self._clock.monotonic))
        self._summaries[summary.name] = summary
        return summary

    def _added(self, family: AnyFamily) -> AnyFamily:
        self._families.append(family)
        return family


def _adds_up(metric: Metric) -> bool:
    """Whether the numbers of several workers can be added up."""
    if metric.type != GAUGE:
        return metric.type in (COUNTER, SUMMARY)
    return (metric.name.startswith("sensu_go_") and metric.name not in _SAME_EVERYWHERE) or metric.name in _OF_PROCESSES


_Sums = dict[str, dict[tuple[str, frozenset[tuple[str, str]]], float]]
_Windows = dict[str, dict[Labels, Counted[int]]]


def _parted(others: Sequence[Sequence[Numbered]]) -> tuple[_Sums, _Windows]:
    """The sums over other workers, and the observations that quantiles are computed from, by family."""
    sums: _Sums = {}
    windows: _Windows = {}
    for one in chain.from_iterable(others):
        if one.name == f"{one.family}{_WINDOW}":
            *values, bucket = one.labels.values()
            window = windows.setdefault(one.family, {}).setdefault(tuple(values), Counted())
            window[int(bucket)] += int(one.value)
        else:
            family, place = sums.setdefault(one.family, {}), (one.name, frozenset(one.labels.items()))
            family[place] = family.get(place, 0.0) + one.value
    return sums, windows


def _added_up(metrics: Iterable[Metric], sums: _Sums) -> Iterator[Metric]:
    """The families with the sums over all workers."""
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
    """The name and type of a family as the text format requires, which the library's objects do not contain."""
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
