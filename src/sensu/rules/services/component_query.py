"""The events that a service component selects.

All selectors of a query must match. Results of rules are left out, unless a selector names `event.entity.entity_class`:
otherwise a component without a narrow query would select what it produces.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from sensu.errors import InvalidResource
from sensu.resources.check import Check
from sensu.resources.entity import SERVICE_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.service_component import ComponentQuery, ServiceComponent
from sensu.resources.wire import encode
from sensu.rules.selectors.parser import Comparison, Requirement, parsed
from sensu.rules.selectors.selectable import Selectable
from sensu.rules.selectors.selection import JointSelections

FIELDS, LABELS = "fieldSelector", "labelSelector"
QUERY_TYPES = (FIELDS, LABELS)
QUERIES_REMEMBERED_MAX = 1_000
_CLASS = "event.entity.entity_class"
_NO_SERVICES = Requirement(_CLASS, Comparison.EQUALS, (SERVICE_CLASS,), negated=True)
_NOTHING = Requirement("", Comparison.EQUALS, ("",))


class QueryRequirements(NamedTuple):
    """The requirements of a query on the labels and on the fields of events."""

    labels: Sequence[Requirement]
    fields: Sequence[Requirement]


def requirements_of(query: ComponentQuery) -> Sequence[Requirement] | str:
    """The requirements of one selector of a query, or the problem with it."""
    try:
        return parsed(query.value)
    except InvalidResource as err:
        return str(err)


def requirements(component: ServiceComponent) -> QueryRequirements:
    """The requirements of a component's query; those of a component that is not valid select nothing."""
    return _requirements(component.query)


@lru_cache(QUERIES_REMEMBERED_MAX)
def _requirements(query: Sequence[ComponentQuery]) -> QueryRequirements:
    found: dict[str, list[Requirement]] = {FIELDS: [], LABELS: []}
    for one in query:
        some = requirements_of(one)
        found.setdefault(one.type, []).extend([_NOTHING] if isinstance(some, str) else some)
    fields = found[FIELDS]
    if not any(one.key == _CLASS for one in fields):
        fields.append(_NO_SERVICES)
    return QueryRequirements(found[LABELS], fields)


def selects_own(component: ServiceComponent, events: Selectable) -> str | None:
    """The name of a rule whose events the component itself selects, or None."""
    wanted = requirements(component)
    if _NO_SERVICES in wanted.fields:
        return None
    selections = JointSelections(events, [wanted])
    for rule, event in _own_events(component):
        values = selections.values(encode(event))
        if values is not None and selections.holding(values)[0]:
            return rule
    return None


def cycle_through(
    component: ServiceComponent, others: Iterable[ServiceComponent], events: Selectable
) -> Sequence[str] | None:
    """The names of components of which each selects events of the next and the last those of the first, or None.

    `component` is the first; `others` are those of its namespace, of which one of the same name is left out.
    """
    known = {one.metadata.name: one for one in others} | {component.metadata.name: component}
    wanted = {name: requirements(one) for name, one in known.items()}
    choosing = [name for name in known if _NO_SERVICES not in wanted[name].fields]
    if component.metadata.name not in choosing:
        return None
    selections = JointSelections(events, [wanted[name] for name in choosing])
    chosen: dict[str, dict[str, None]] = {name: {} for name in choosing}
    for name in choosing:
        for _, event in _own_events(known[name]):
            values = selections.values(encode(event))
            for place, holds in enumerate(selections.holding(values) if values is not None else ()):
                if holds:
                    chosen[choosing[place]][name] = None
    return _way_back(component.metadata.name, chosen)


def _way_back(start: str, following: Mapping[str, Iterable[str]]) -> Sequence[str] | None:
    """A way from the start back to it, None if there is none."""
    ways, seen = [[start]], {start}
    for way in ways:
        for name in following[way[-1]]:
            if name == start:
                return way
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


def _own_events(component: ServiceComponent) -> Iterator[tuple[str, Event]]:
    """The events of a component's rules, as far as they are known."""
    metadata, handlers = component.metadata, component.handlers or ()
    for service in component.services:
        place = ObjectMeta(name=service, namespace=metadata.namespace)
        entity = Entity(entity_class=SERVICE_CLASS, metadata=place, subscriptions=(f"entity:{service}",))
        for rule in component.rules:
            named = ObjectMeta(name=rule.name, namespace=metadata.namespace, labels=metadata.labels)
            for status in range(4):
                state = "failing" if status else "passing"
                check = Check(metadata=named, status=status, state=state, handlers=handlers)
                yield rule.name, Event(check=check, entity=entity)
