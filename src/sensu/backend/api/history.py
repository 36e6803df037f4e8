"""The endpoint of the history of an event."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import listed, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.history import History, HistoryItem, Period
from sensu.backend.services.outcomes import Invalid
from sensu.errors import InvalidResource
from sensu.rules.go_time import parse_rfc3339
from sensu.store.values import EventKey

_DIGITS_MAX = 15
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


def period_of(request: Request) -> Period | Invalid:
    """The period that the parameters `from` and `to` name."""
    try:
        start, end = time_of(request.parameter("from")), time_of(request.parameter("to"))
    except InvalidResource as err:
        return Invalid(str(err))
    anytime = Period()
    return Period(anytime.start if start is None else start, anytime.end if end is None else end)


def time_of(text: str | None) -> float | None:
    """The time in Unix seconds, None if the parameter was not sent; raises InvalidResource if it is not a time."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX:
        return float(text)
    return parse_rfc3339(text).timestamp()
