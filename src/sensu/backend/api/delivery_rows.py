"""The endpoint of rows of deliveries."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.event_rows import page_of
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.delivery_rows import ORDERS, DeliveryLists, DeliveryRows, DeliveryRowsRequest
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.row_requests import LIMIT_DEFAULT, LIMIT_MAX
from sensu.rules.bulk import Where

_QUERIES = {
    "state": "Only deliveries in this state: `owed` (pending) or `dead` (dead letters).",
    "order": "How the list is sorted: `newest` (the default) or `oldest` first.",
    "offset": "How many rows are left out before the first one.",
    "limit": f"The largest number of rows, at most {LIMIT_MAX} (default: {LIMIT_DEFAULT}).",
    "word": "Only deliveries with this text in `entity/check`, the names of handlers or the last error, in any case.",
    "handler": "Only deliveries to exactly this handler; repeated: to exactly these.",
    "error": "Only deliveries with exactly this last error; empty for those that were not tried yet.",
}


def routes(lists: DeliveryLists) -> Iterator[Route]:
    """The routes of rows of deliveries."""

    async def rows(request: Request) -> Response:
        """List deliveries as rows, and in groups by handlers and error."""
        asked = _asked(request)
        if isinstance(asked, Invalid):
            return refused(asked)
        return found(await lists.rows(request.caller, request.params[0], asked))

    path = f"{OWN}/namespaces/{{namespace}}/deliveries/rows"
    yield Route("GET", path, rows, gives=DeliveryRows, queries=_QUERIES)


def _asked(request: Request) -> DeliveryRowsRequest | Invalid:
    query = request.query

    def text(name: str) -> str:
        return query.get(name, [""])[0]

    page = page_of(query)
    if isinstance(page, Invalid):
        return page
    where = Where(
        state=text("state"),
        word=text("word"),
        handlers=tuple(query["handler"]) if "handler" in query else None,
        error=text("error") if "error" in query else None,
    )
    return DeliveryRowsRequest(where, text("order") or ORDERS[0], *page)
