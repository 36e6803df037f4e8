"""What eventd counts of the groups of events that it processes."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sensu.backend.eventd.arrivals import Arrival, Decision, Waiting
from sensu.resources.event import Event
from sensu.store.contract import PutEvent


class Took(msgspec.Struct, frozen=True):
    """Seconds that a group of events took: to decide, to store, and to pass on."""

    decide_s: float
    store_s: float
    pass_on_s: float = 0.0


class Counters(Protocol):
    """What eventd counts. Numbers of events come by kind: `check`, `metrics` (no check), `check+metrics`."""

    def processed(self, kind: str, status: str, events: int) -> None:
        """So many events of a kind (`check`, `metrics`) ended with a status (`success`, `error`)."""
        ...

    def held_back(self) -> None:
        """An event was not taken because too many deliveries are owed; it counts each time it is offered."""
        ...

    def group(self, events: dict[str, int], proxies: int, took: Took, *, well: bool) -> None:
        """A group of events was processed, and new proxy entities with it; `well` is false if it was not stored."""
        ...

    def stored(self, kind: str, size: int) -> None:
        """An event of a kind (`check`, `check+metrics`) was stored in so many bytes."""
        ...

    def points(self, points: int) -> None:
        """An event had so many metric points."""
        ...


def count_group(counters: Counters, items: Sequence[Waiting], proxies: int, took: Took, *, well: bool) -> None:
    """Count a group that was stored, or could not be."""
    metrics = sum(isinstance(item, Arrival) and item.key is None for item in items)
    counters.group({"check": len(items) - metrics, "metrics": metrics}, proxies, took, well=well)


def count_events(counters: Counters, items: Sequence[Waiting], decisions: Sequence[Decision]) -> None:
    """Count the points and the stored sizes of events that were processed."""
    for item, decision in zip(items, decisions, strict=True):
        event = item.incoming.event if isinstance(item, Arrival) else None
        points = _points(event)
        if points and not decision.refused:
            counters.points(points)
        for write in decision.writes:
            if isinstance(write, PutEvent):
                counters.stored("check+metrics" if points else "check", len(write.body))


def _points(event: Event | None) -> int:
    return len(event.metrics.points or ()) if event is not None and event.metrics is not None else 0
