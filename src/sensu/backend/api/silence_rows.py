"""The endpoint of rows of silences."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.event_rows import FLAGS, page_of
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.row_requests import LIMIT_DEFAULT, LIMIT_MAX
from sensu.backend.services.silence_rows import ORDERS, SilenceLists, SilenceRows, SilenceRowsRequest

_QUERIES = {
    "order": "How the list is sorted: `severity` (the default; the worst events first), `end` (the next to end first),"
    " `begin` (the last one begun first) or `name`.",
    "offset": "How many rows are left out before the first one.",
    "limit": f"The largest number of rows, at most {LIMIT_MAX} (default: {LIMIT_DEFAULT}).",
    "word": "Only silences with this text in their names, reasons or creators, in any case.",
    "active": "Only silences that have begun (`true`) or that begin later (`false`).",
    "idle": "Only silences that have begun and silence nothing now (`true`), or all others (`false`).",
    "fieldSelector": "Only silences whose fields match this expression.",
    "labelSelector": "Only silences whose labels match this expression.",
}


def routes(lists: SilenceLists) -> Iterator[Route]:
    """The routes of rows of silences."""

    async def rows(request: Request) -> Response:
        """List silences as rows: what each of them silences now, when it begins and ends."""
        asked = _asked(request)
        if isinstance(asked, Invalid):
            return refused(asked)
        return found(await lists.rows(request.caller, request.params[0], asked))

    path = f"{OWN}/namespaces/{{namespace}}/silenced/rows"
    yield Route("GET", path, rows, gives=SilenceRows, queries=_QUERIES)


def _asked(request: Request) -> SilenceRowsRequest | Invalid:
    query = request.query
    page = page_of(query)
    if isinstance(page, Invalid):
        return page
    flags = {name: query.get(name, [""])[0] for name in ("active", "idle")}
    for name, text in flags.items():
        if text not in FLAGS:
            return Invalid(f"{name} must be true or false")
    return SilenceRowsRequest(
        query.get("order", [""])[0] or ORDERS[0],
        *page,
        query.get("word", [""])[0],
        FLAGS[flags["active"]],
        FLAGS[flags["idle"]],
        tuple(query.get("labelSelector", ())),
        tuple(query.get("fieldSelector", ())),
    )
