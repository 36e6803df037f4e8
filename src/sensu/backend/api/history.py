"""The endpoint of the history of an event."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import listed, refused
from sensu.backend.api.periods import period_of
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.history import History, HistoryItem
from sensu.backend.services.outcomes import Invalid
from sensu.store.values import EventKey

_QUERIES = {
    "limit": "The maximum number of results per page.",
    "continue": "The token of the previous page.",
    "from": "Only results executed at or after this time, in Unix seconds or RFC 3339.",
    "to": "Only results executed at or before this time, in Unix seconds or RFC 3339.",
}


def routes(history: History) -> Iterator[Route]:
    """The route of the history of an event."""

    async def listing(request: Request) -> Response:
        """List the results and state changes of an event, most recently received first.

        `from` and `to` limit the time of execution, in Unix seconds or RFC 3339.
        """
        period = period_of(request)
        if isinstance(period, Invalid):
            return refused(period)
        page = request.page
        return listed(await history.listing(request.caller, EventKey(*request.params), period, page.limit, page.after))

    path = f"{OWN}/namespaces/{{namespace}}/events/{{entity}}/{{check}}/history"
    yield Route("GET", path, listing, gives=list[HistoryItem], queries=_QUERIES)
