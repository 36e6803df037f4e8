"""The endpoint of rows of events."""

from collections.abc import Iterator, Mapping, Sequence

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.request import LIMIT_DIGITS_MAX, Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.event_groups import EventGroups, GroupedEvents
from sensu.backend.services.event_rows import EventLists, EventRows, RowsRequest
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.row_requests import LIMIT_DEFAULT, LIMIT_MAX
from sensu.rules.severity import INCIDENT, WORDS, severities_of
from sensu.store.values import EventOrder

FLAGS = {"": None, "true": True, "false": False}
"""What a flag of a question for rows can be; without one, rows are not selected by it."""
_ORDERS = [order.value for order in EventOrder]
_QUERIES = {
    "order": "How the list is sorted: `severity` (the default; then the latest change), `changed` or `name`.",
    "offset": "How many rows are left out before the first one.",
    "limit": f"The largest number of rows, at most {LIMIT_MAX} (default: {LIMIT_DEFAULT}).",
    "status": f"Only these severities, joined by commas: {', '.join(WORDS)}, or {INCIDENT} for all but the last.",
    "silenced": "Only events that are silenced now (`true`) or that are not (`false`).",
    "word": "Only events with these words in `entity/check`; the case of ASCII letters does not count.",
    "fieldSelector": "Only events whose fields match this expression.",
    "labelSelector": "Only events whose labels match this expression.",
    "columns": "Fields to add to each row, joined by commas, such as `labels.region,entity.entity_class`.",
    "next": "The token of an answer that was not complete, to search on behind it.",
    "by": "With `group`: what events are grouped by, as for `groups`.",
    "group": "With `by`: only the events of this group.",
}
_GROUP_QUERIES = {
    "by": "What events are grouped by: `check`, `entity`, or a field such as `labels.region`.",
    "offset": "How many groups are left out before the first one.",
    "limit": f"The largest number of groups, at most {LIMIT_MAX} (default: {LIMIT_DEFAULT}).",
    **{name: _QUERIES[name] for name in ("status", "silenced", "word", "fieldSelector", "labelSelector")},
}


def routes(lists: EventLists, grouped: GroupedEvents) -> Iterator[Route]:
    """The routes of rows and of groups of events."""

    async def rows(request: Request) -> Response:
        """List events as rows: sorted, from any offset, with the counts of the namespace."""
        asked = _asked(request)
        if isinstance(asked, Invalid):
            return refused(asked)
        outcome = await lists.rows(request.caller, request.params[0], asked)
        return found(outcome)

    async def groups(request: Request) -> Response:
        """Count events by check, by entity or by a field: the groups, the worst first."""
        asked = _asked(request)
        if isinstance(asked, Invalid):
            return refused(asked)
        if not asked.by:
            return refused(Invalid("by is required: check, entity, or a field such as labels.region"))
        outcome = await grouped.groups(request.caller, request.params[0], asked)
        return found(outcome)

    path = f"{OWN}/namespaces/{{namespace}}/events"
    yield Route("GET", f"{path}/rows", rows, gives=EventRows, queries=_QUERIES)
    yield Route("GET", f"{path}/groups", groups, gives=EventGroups, queries=_GROUP_QUERIES)


def _asked(request: Request) -> RowsRequest | Invalid:
    query = request.query

    def text(name: str, otherwise: str = "") -> str:
        return query.get(name, [otherwise])[0]

    order, silenced = text("order", EventOrder.SEVERITY.value), text("silenced")
    page = page_of(query)
    severities = severities_of(words(text("status")))
    if order not in _ORDERS:
        return Invalid(f"order must be one of {', '.join(_ORDERS)}")
    if silenced not in FLAGS:
        return Invalid("silenced must be true or false")
    if isinstance(page, Invalid):
        return page
    if severities is None:
        return Invalid(f"status must be made of {', '.join(WORDS)} and {INCIDENT}, joined by commas")
    return RowsRequest(
        EventOrder(order),
        *page,
        severities,
        FLAGS[silenced],
        text("word"),
        tuple(query.get("labelSelector", ())),
        tuple(query.get("fieldSelector", ())),
        tuple(words(text("columns"))),
        text("next"),
        text("by"),
        text("group"),
    )


def page_of(query: Mapping[str, Sequence[str]]) -> tuple[int, int] | Invalid:
    """The offset and the limit of a page of rows, with their defaults."""
    given = query.get("limit", [""])[0]
    offset, limit = _number(query.get("offset", [""])[0]), _number(given)
    if offset is None or limit is None:
        return Invalid("offset and limit must be numbers")
    return offset, limit if given else LIMIT_DEFAULT


def _number(text: str) -> int | None:
    """A number that is not negative, 0 for nothing; None for anything else."""
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LIMIT_DIGITS_MAX else None


def words(text: str) -> Sequence[str]:
    """The words that commas separate, without blanks around them and without empty ones."""
    return [word for word in map(str.strip, text.split(",")) if word]
