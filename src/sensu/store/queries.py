"""The parts of queries, and the forms of rows, that the stores have in common; parameters are written as `?`."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sensu.rules.severity import ALL
from sensu.store.activity_values import NoteConnection
from sensu.store.values import (
    CountedEvents,
    EventKey,
    EventOrder,
    EventPosition,
    EventQuery,
    EventSearch,
    EventState,
    GroupedBy,
    HistoryPage,
    HistoryPosition,
    ListedEvent,
    Result,
    SeverityNumbers,
    StoredEvent,
    StoredHandling,
)

SORTED_SHARE = 10
"""A list with less than this fraction of a namespace's events is collected and sorted instead of read from an index."""

STATE = "s.id, s.namespace, s.entity, s.check_name, s.severity, s.since, s.silenced, s.flapping, s.overdue"
STATE_COLUMNS = STATE.count(",") + 1
ORDER = {
    EventOrder.SEVERITY: "severity, since DESC, id",
    EventOrder.CHANGED: "since DESC, id",
    EventOrder.NAME: "entity, check_name",
}
BACKWARDS = {
    EventOrder.SEVERITY: "severity DESC, since, id DESC",
    EventOrder.CHANGED: "since, id DESC",
    EventOrder.NAME: "entity DESC, check_name DESC",
}

Row = tuple[Any, ...]


def slashed(namespace: str) -> str:
    """A namespace, or an event's entity, as it is stored in the tables."""
    return namespace + "/"


def stored_event(row: tuple[Any, ...]) -> StoredEvent:
    """An event; the row has its names, body and deadline, and can have the number of its last state change."""
    return StoredEvent(EventKey(row[0][:-1], row[1][:-1], row[2]), *row[3:])


def resources_after(namespace: str | None, after: tuple[str, str] | None) -> tuple[str, tuple[str, ...]]:
    """The condition that follows `kind = ?`, and its arguments."""
    if namespace is None:
        if after is None:
            return "", ()
        return " AND (namespace, name) > (?, ?)", (slashed(after[0]), after[1])
    if after is None:
        return " AND namespace = ?", (slashed(namespace),)
    return " AND namespace = ? AND name > ?", (slashed(namespace), after[1])


def events_after(namespace: str | None, entity: str | None, after: EventKey | None) -> tuple[str, tuple[str, ...]]:
    """The condition for the events of a list after a position, and its arguments."""
    if namespace is None:
        if after is None:
            return "", ()
        return " WHERE (namespace, entity, check_name) > (?, ?, ?)", (
            slashed(after.namespace),
            slashed(after.entity),
            after.check,
        )
    if entity is None:
        if after is None:
            return " WHERE namespace = ?", (slashed(namespace),)
        where = " WHERE namespace = ? AND (entity, check_name) > (?, ?)"
        return where, (slashed(namespace), slashed(after.entity), after.check)
    if after is None:
        return " WHERE namespace = ? AND entity = ?", (slashed(namespace), slashed(entity))
    return " WHERE namespace = ? AND entity = ? AND check_name > ?", (slashed(namespace), slashed(entity), after.check)


def by_entity(rows: Sequence[Row]) -> dict[str, SeverityNumbers]:
    """The numbers of each entity, from rows of entity, severity and number."""
    found: dict[str, list[int]] = {}
    for entity, severity, number in rows:
        found.setdefault(entity[:-1], [0, 0, 0, 0])[severity] += number
    return {entity: (one[0], one[1], one[2], one[3]) for entity, one in found.items()}


def condition(query: EventQuery, severities: frozenset[int]) -> tuple[str, tuple[Any, ...]]:
    """The condition for the events of a query that have one of these severities, and its arguments."""
    where, args = "namespace = ?", (slashed(query.namespace),)
    if severities != ALL or query.order is EventOrder.SEVERITY:
        where += f" AND severity IN ({', '.join(map(str, sorted(severities)))})"
    if query.silenced is not None:
        where += f" AND silenced = {int(query.silenced)}"
    return where, args


def escaped(word: str) -> str:
    """A word with the wildcards of LIKE escaped."""
    return re.sub(r"([\\%_])", r"\\\1", word)


def listed_event(row: Row) -> ListedEvent:
    """An event of a list; `row` ends with its body and its last state change, or with its state."""
    key = EventKey(row[1][:-1], row[2][:-1], row[3])
    state = EventState(row[4], row[5], bool(row[6]), bool(row[7]), bool(row[8]))
    if len(row) == STATE_COLUMNS:
        return ListedEvent(row[0], key, state)
    body, change, delivery, handled = row[STATE_COLUMNS:]
    return ListedEvent(row[0], key, state, body, None if change is None else StoredHandling(delivery, handled))


def counts_by_state(rows: Sequence[Row]) -> CountedEvents:
    """The counts of a namespace, from rows of severity, silenced, flapping, overdue and number."""
    by_severity, silenced = [0, 0, 0, 0], [0, 0, 0, 0]
    flapping = overdue = 0
    for severity, is_silenced, is_flapping, is_overdue, number in rows:
        by_severity[severity] += number
        silenced[severity] += number if is_silenced else 0
        flapping += number if is_flapping else 0
        overdue += number if is_overdue else 0
    first, second, third, fourth = by_severity
    return CountedEvents((first, second, third, fourth), tuple(silenced), flapping, overdue)  # type: ignore[arg-type]


def merged_history(results: list[Row], changes: list[Row], position: HistoryPosition, limit: int) -> HistoryPage:
    """The newest entries of both logs as one.

    The columns are id, previous, at, body, behind (of a change: the position of the newest result before it), delivery
    and handled. The lists are used up.
    """
    items: list[Result] = []
    older = [position.result, position.change]
    while len(items) < limit and (results or changes):
        is_change = not results or bool(changes and changes[0][4] >= results[0][0])
        _, previous, at, body, _, delivery, handled = (changes if is_change else results).pop(0)
        older[is_change] = previous
        items.append(Result(at, body, is_change, delivery, handled))
    more = any(results) or any(changes) or len(items) == limit
    return HistoryPage(items, HistoryPosition(*older) if more and any(older) else None)


class PagePart(NamedTuple):
    """The rows of a page that are neighbours in an index; `few` says that sorting them costs less than skipping others.

    `args` ends with the limit and the offset. Rows in the second half of the index are read backwards from its end.
    """

    where: str
    args: tuple[Any, ...]
    order: str
    backwards: bool
    few: bool


def page_parts(query: EventQuery, counts: CountedEvents, offset: int, limit: int) -> Iterator[PagePart]:
    """The parts of a page of a list from `offset` on; `counts` are those of the namespace."""
    if query.order is not EventOrder.SEVERITY:
        yield from _page_part(query, query.severities, counts, offset, limit)
        return
    for severity in sorted(query.severities):
        number = counts.of_severity(severity, query.silenced)
        if limit > 0 and offset < number:
            yield from _page_part(query, frozenset((severity,)), counts, offset, limit)
            limit -= min(limit, number - offset)
        offset = max(0, offset - number)


def _page_part(
    query: EventQuery, severities: frozenset[int], counts: CountedEvents, offset: int, limit: int
) -> Iterator[PagePart]:
    number = sum(counts.of_severity(severity, query.silenced) for severity in severities)
    limit = min(limit, number - offset)
    if limit <= 0:
        return
    backwards = offset > number // 2
    start = number - offset - limit if backwards else offset
    where, args = condition(query, severities)
    few = query.order is not EventOrder.SEVERITY and number * SORTED_SHARE < counts.total
    yield PagePart(where, (*args, limit, start), (BACKWARDS if backwards else ORDER)[query.order], backwards, few)


def walk_steps(query: EventQuery, after: EventPosition | None) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The conditions of the queries that together find the events after a position, and their arguments.

    Each one starts at the position in an index.
    """
    if query.order is not EventOrder.SEVERITY:
        yield from _steps_of(query, query.severities, None if after is None else after.keys)
        return
    reached = -1 if after is None else int(after.keys[0])
    for severity in sorted(one for one in query.severities if one >= reached):
        keys = after.keys[1:] if after is not None and severity == reached else None
        yield from _steps_of(query, frozenset((severity,)), keys)


def _steps_of(
    query: EventQuery, severities: frozenset[int], after: tuple[int | str, ...] | None
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    where, args = condition(query, severities)
    if after is None:
        yield where, args
    elif query.order is EventOrder.NAME:
        yield f"{where} AND (entity, check_name) > (?, ?)", (*args, slashed(str(after[0])), after[1])
    else:
        yield f"{where} AND since = ? AND id > ?", (*args, *after)
        yield f"{where} AND since < ?", (*args, after[0])


def search_scope(search: EventSearch, after: EventPosition | None) -> tuple[str, list[Any]]:
    """The condition for the names that a search compares, and its arguments."""
    place, args = "namespace = ?", [slashed(search.query.namespace)]
    if search.entity:
        place, args = f"{place} AND entity = ?", [*args, slashed(search.entity)]
    if after is not None:
        place += " AND (entity, check_name) > (?, ?)"
        args += [slashed(str(after.keys[0])), str(after.keys[1])]
    return place, args


def search_condition(search: EventSearch, has_word: str) -> tuple[str, list[Any]]:
    """The condition for what a search finds among these names (`n`), and its arguments; `has_word` is for each word."""
    query = search.query
    where, args = f"n.severity IN ({', '.join(map(str, sorted(query.severities)))})", []
    if query.silenced is not None:
        where += f" AND n.silenced = {int(query.silenced)}"
    if search.check:
        where, args = f"{where} AND n.check_name = ?", [search.check]
    for word in search.word.split():
        where, args = f"{where} AND {has_word}", [*args, f"%{escaped(word)}%"]
    return where, args


GROUP = {GroupedBy.CHECK: "n.check_name || '/'", GroupedBy.ENTITY: "n.entity"}
GROUP_COUNTS = "n.severity, n.silenced, 0, 0, count(*)"
"""What is read of groups of events `n` behind their names; whether they are flapping or overdue is not counted."""


def counts_by_name(rows: Sequence[Row]) -> dict[str, CountedEvents]:
    """The counts of each name, from rows of the name with a slash, severity, silenced, flapping, overdue and number."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row[0][:-1], []).append(tuple(row)[1:])
    return {name: counts_by_state(one) for name, one in by_name.items()}


ACTIVITY = (
    "SELECT at, max(incidents), sum(changes), sum(events), sum(delivered), sum(failed) FROM activity"
    " WHERE namespace = ? AND step = ? AND at >= ? AND at <= ? GROUP BY at ORDER BY at"
)
"""What happened in a namespace; several writers may have counts of the same step."""
CONNECTIONS = (
    "SELECT at, connected, backend, why FROM connections"
    " WHERE namespace = ? AND entity = ? AND at >= ? AND at <= ? ORDER BY id DESC LIMIT ?"
)


def connections_of(namespace: str, entity: str, rows: Sequence[Row]) -> Sequence[NoteConnection]:
    """The connects and disconnects that `CONNECTIONS` reads."""
    return [NoteConnection(namespace, entity, at, bool(on), backend, why) for at, on, backend, why in rows]
