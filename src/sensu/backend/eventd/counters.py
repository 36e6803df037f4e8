"""The counters of eventd."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sensu.backend.eventd.arrivals import Arrival, ItemDecision, Waiting
from sensu.resources.event import Event
from sensu.store.values import PutEvent


class Took(msgspec.Struct, frozen=True):
    """The seconds a group of events took to decide, to store and to pass on."""

    decide_s: float
    store_s: float
    pass_on_s: float = 0.0


class EventCounters(Protocol):
    """What eventd counts; the kinds of events are `check`, `metrics` (no check) and `check+metrics`."""

    def processed(self, kind: str, status: str, events: int) -> None:
        """Count events of a kind (`check`, `metrics`) that were processed with a status (`success`, `error`)."""
        ...

    def held_back(self) -> None:
        """Count an event that was not accepted because too many deliveries are pending, each time it is offered."""
        ...

    def group(self, events: dict[str, int], proxies: int, took: Took, *, well: bool) -> None:
        """Count a processed group of events and the proxy entities it created; `well` is False if it was not stored."""
        ...

    def stored(self, kind: str, write: PutEvent) -> None:
        """Count a stored event of a kind (`check`, `check+metrics`)."""
        ...

    def points(self, points: int) -> None:
        """Count the metric points of an event."""
        ...


def count_group(counters: EventCounters, items: Sequence[Waiting], proxies: int, took: Took, *, well: bool) -> None:
    """Count a group, whether it was stored (`well`) or not."""
    metrics = sum(isinstance(item, Arrival) and item.key is None for item in items)
    counters.group({"check": len(items) - metrics, "metrics": metrics}, proxies, took, well=well)


def count_events(counters: EventCounters, items: Sequence[Waiting], decisions: Sequence[ItemDecision]) -> None:
    """Count the points and the stored sizes of processed events."""
    for item, decision in zip(items, decisions, strict=True):
        event = item.incoming.event if isinstance(item, Arrival) else None
        points = _points(event)
        if points and not decision.refused:
            counters.points(points)
        for write in decision.writes:
            if isinstance(write, PutEvent):
                counters.stored("check+metrics" if points else "check", write)


def _points(event: Event | None) -> int:
    return len(event.metrics.points or ()) if event is not None and event.metrics is not None else 0
