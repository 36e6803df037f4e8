"""The endpoint of rows of entities."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.event_rows import FLAGS, page_of
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.entity_rows import EntityLists, EntityRows, EntityRowsRequest
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.row_requests import LIMIT_DEFAULT, LIMIT_MAX, ORDERS

_QUERIES = {
    "order": "How the list is sorted: `severity` (the default; the worst first, then the name) or `name`.",
    "offset": "How many rows are left out before the first one.",
    "limit": f"The largest number of rows, at most {LIMIT_MAX} (default: {LIMIT_DEFAULT}).",
    "word": "Only entities with this text in their names, in any case.",
    "class": "Only entities of this class, such as `agent` or `proxy`.",
    "connected": "Only entities whose agents are connected (`true`) or not (`false`).",
    "fieldSelector": "Only entities whose fields match this expression.",
    "labelSelector": "Only entities whose labels match this expression.",
}


def routes(lists: EntityLists) -> Iterator[Route]:
    """The routes of rows of entities."""

    async def rows(request: Request) -> Response:
        """List entities as rows: the worst state of their events, connection, platform."""
        asked = _asked(request)
        if isinstance(asked, Invalid):
            return refused(asked)
        return found(await lists.rows(request.caller, request.params[0], asked))

    path = f"{OWN}/namespaces/{{namespace}}/entities/rows"
    yield Route("GET", path, rows, gives=EntityRows, queries=_QUERIES)


def _asked(request: Request) -> EntityRowsRequest | Invalid:
    query = request.query

    def text(name: str) -> str:
        return query.get(name, [""])[0]

    page = page_of(query)
    if isinstance(page, Invalid):
        return page
    if text("connected") not in FLAGS:
        return Invalid("connected must be true or false")
    return EntityRowsRequest(
        text("order") or ORDERS[0],
        *page,
        text("word"),
        text("class"),
        FLAGS[text("connected")],
        tuple(query.get("labelSelector", ())),
        tuple(query.get("fieldSelector", ())),
    )
