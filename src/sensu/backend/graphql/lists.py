"""Lists in pages by offset: filters, order, and the resources of a page.

Source: black-box runs of the reference (the keys of filters, orders, and the fields of pages).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from sensu.backend.graphql.bounds import LIMIT_MAX
from sensu.backend.graphql.reader import Bodies
from sensu.resources.kinds import EVENT, Kind, name_of
from sensu.resources.wire import Wire, decode
from sensu.rules.kinds.kind_rules import Filter
from sensu.rules.kinds.table import RULES

OK, WARNING, CRITICAL = range(3)


class _Name(Wire, frozen=True):
    name: str = ""


class _CheckView(Wire, frozen=True):
    metadata: _Name = _Name()
    status: int = 0
    last_ok: int = 0
    is_silenced: bool = False


class _EntityView(Wire, frozen=True):
    metadata: _Name = _Name()


class EventView(Wire, frozen=True):
    """The fields of an event that lists are sorted and filtered by."""

    entity: _EntityView = _EntityView()
    check: _CheckView = _CheckView()
    timestamp: int = 0

    @property
    def names(self) -> tuple[str, str]:
        """The names of the entity and the check."""
        return (self.entity.metadata.name, self.check.metadata.name)


@dataclass(frozen=True, slots=True)
class OffsetPageInfo:
    """The position of a page in its list; the fields are those of the schema."""

    total_count: int
    partial_count: bool
    has_next_page: bool
    has_previous_page: bool
    next_offset: int
    previous_offset: int


@dataclass(frozen=True, slots=True)
class Connection:
    """A page of resources."""

    nodes: Sequence[Any]
    page_info: OffsetPageInfo


def _severity(event: EventView) -> tuple[Any, ...]:
    """Sort key: critical events first, then warnings, then unknown ones; the newest first within each."""
    order = {CRITICAL: 0, WARNING: 1, OK: 3}.get(event.check.status, 2)
    return (order, -event.timestamp, event.names)


_ORDERS: Mapping[str, tuple[Callable[[Any], Any], bool]] = {
    "NAME": (name_of, False),
    "NAME_DESC": (name_of, True),
    "ID": (name_of, False),
    "ID_DESC": (name_of, True),
    "LASTSEEN": (lambda entity: (-entity.last_seen, entity.metadata.name), False),
    "BEGIN": (lambda silence: (silence.begin, silence.metadata.name), False),
    "BEGIN_DESC": (lambda silence: (silence.begin, silence.metadata.name), True),
    "ENTITY": (lambda event: event.names, False),
    "ENTITY_DESC": (lambda event: event.names, True),
    "NEWEST": (lambda event: event.timestamp, True),
    "OLDEST": (lambda event: event.timestamp, False),
    "LASTOK": (lambda event: (event.check.status == OK, -event.check.last_ok, event.names), False),
    "SEVERITY": (_severity, False),
}


def page(kind: Kind, found: Bodies, args: Mapping[str, Any]) -> Connection:
    """The page of a list that the arguments of a field request."""
    chosen = chosen_of(kind, found, args)
    offset = max(0, args["offset"] or 0)
    limit = min(max(0, args["limit"] or 0), LIMIT_MAX)
    more = offset + limit < len(chosen)
    info = OffsetPageInfo(
        total_count=len(chosen),
        partial_count=found.partial,
        has_next_page=more,
        has_previous_page=offset > 0,
        next_offset=offset + limit if more else 0,
        previous_offset=max(0, offset - limit),
    )
    return Connection([decode(kind.shape, body) for body in chosen[offset : offset + limit]], info)


def chosen_of(kind: Kind, found: Bodies, args: Mapping[str, Any]) -> list[bytes]:
    """The resources that match all filters, in the requested order."""
    shape = EventView if kind is EVENT else kind.shape
    tests = [_test_of(kind, text) for text in args["filters"] or ()]
    rows = [(decode(shape, body), body) for body in found.items]
    rows = [row for row in rows if all(test(row[0], value) for test, value in tests)]
    if args["orderBy"] is not None:
        key, descending = _ORDERS[args["orderBy"]]
        rows.sort(key=lambda row: key(row[0]), reverse=descending)
    return [body for _, body in rows]


def _test_of(kind: Kind, text: str) -> tuple[Filter, str]:
    key, colon, value = text.partition(":")
    if not colon:
        raise GraphQLError("filters must have the format KEY:VAL")
    test = RULES[kind].filters.get(key)
    if test is None:
        raise GraphQLError("no filter could be matched with the given statement")
    return test, value
