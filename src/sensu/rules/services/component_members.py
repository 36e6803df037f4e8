"""Which events of a namespace its service components select, kept up to date event by event.

An event is decoded once for all components. If the values that queries depend on are the same as before, nothing else
is done.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from sensu.resources.service_component import ServiceComponent
from sensu.rules.selectors.selectable import Selectable
from sensu.rules.selectors.selection import JointSelections
from sensu.rules.services.aggregate import SelectedNumbers
from sensu.rules.services.component_query import QueryRequirements, requirements
from sensu.rules.severity import WORDS, severity_of

VERDICTS_MAX = 50_000
"""How many combinations of values are remembered with the components that select them; when full, all are dropped."""
_STATUS = ("check", "status")

EventId = TypeVar("EventId", bound=Hashable)

Queries = Mapping[str, QueryRequirements]
"""The queries of the components of a namespace, by their names."""


def queries_of(components: Sequence[ServiceComponent]) -> Queries:
    """The queries of the components of a namespace."""
    return {component.metadata.name: requirements(component) for component in components}


class _Verdict(NamedTuple):
    """The severity of an event, and the numbers of the components that select it."""

    severity: int
    chosen_by: tuple[int, ...]


class ComponentMembers(Generic[EventId]):
    """The events that each component of a namespace selects."""

    def __init__(self, queries: Queries, events: Selectable) -> None:
        self._places = {name: place for place, name in enumerate(queries)}
        self._selections = JointSelections(events, list(queries.values()), [_STATUS])
        self._numbers = [[0] * len(WORDS) for _ in queries]
        self._verdicts: dict[tuple[object, ...], _Verdict] = {}
        self._of_event: dict[EventId, _Verdict] = {}

    def note(self, event: EventId, body: bytes | None) -> None:
        """Note the present JSON of an event, None if it is deleted."""
        verdict = None if body is None else self._verdict(body)
        before = self._of_event.get(event)
        if verdict is before:
            return
        if before is not None:
            self._count(before, -1)
        if verdict is None:
            del self._of_event[event]
            return
        self._of_event[event] = verdict
        self._count(verdict, 1)

    def _verdict(self, body: bytes) -> _Verdict | None:
        """The verdict on an event; None if no component selects it."""
        values = self._selections.values(body)
        if values is None:
            return None
        found = self._verdicts.get(values)
        if found is None:
            holding = self._selections.holding(values)
            chosen_by = tuple(place for place, holds in enumerate(holding) if holds)
            found = _Verdict(severity_of(values[0] or 0), chosen_by)
            if len(self._verdicts) >= VERDICTS_MAX:
                self._verdicts.clear()
            self._verdicts[values] = found
        return found if found.chosen_by else None

    def _count(self, verdict: _Verdict, change: int) -> None:
        for place in verdict.chosen_by:
            self._numbers[place][verdict.severity] += change

    def numbers(self, component: str) -> SelectedNumbers:
        """How many events a component selects, by severity."""
        critical, warning, unknown, passing = self._numbers[self._places[component]]
        return SelectedNumbers((critical, warning, unknown, passing))

    def selected(self, component: str) -> list[EventId]:
        """The events that a component selects, in any order."""
        place = self._places[component]
        return [event for event, verdict in self._of_event.items() if place in verdict.chosen_by]
