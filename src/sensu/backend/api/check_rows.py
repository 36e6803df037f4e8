"""The endpoint of rows of checks."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.event_rows import FLAGS, page_of
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.check_rows import CheckLists, CheckRows, CheckRowsRequest
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.row_requests import LIMIT_DEFAULT, LIMIT_MAX, ORDERS

_QUERIES = {
    "order": "How the list is sorted: `severity` (the default; the worst results first, then problems) or `name`.",
    "offset": "How many rows are left out before the first one.",
    "limit": f"The largest number of rows, at most {LIMIT_MAX} (default: {LIMIT_DEFAULT}).",
    "word": "Only checks with this text in their names, in any case.",
    "published": "Only checks that are published (`true`) or not (`false`).",
    "problem": "Only checks with problems (`true`) or without (`false`).",
    "fieldSelector": "Only checks whose fields match this expression.",
    "labelSelector": "Only checks whose labels match this expression.",
}


def routes(lists: CheckLists) -> Iterator[Route]:
    """The routes of rows of checks."""

    async def rows(request: Request) -> Response:
        """List checks as rows: schedule, agents, results by status, last slot, problems."""
        asked = _asked(request)
        if isinstance(asked, Invalid):
            return refused(asked)
        return found(await lists.rows(request.caller, request.params[0], asked))

    path = f"{OWN}/namespaces/{{namespace}}/checks/rows"
    yield Route("GET", path, rows, gives=CheckRows, queries=_QUERIES)


def _asked(request: Request) -> CheckRowsRequest | Invalid:
    query = request.query
    page = page_of(query)
    if isinstance(page, Invalid):
        return page
    flags = {name: query.get(name, [""])[0] for name in ("published", "problem")}
    for name, text in flags.items():
        if text not in FLAGS:
            return Invalid(f"{name} must be true or false")
    return CheckRowsRequest(
        query.get("order", [""])[0] or ORDERS[0],
        *page,
        query.get("word", [""])[0],
        FLAGS[flags["published"]],
        FLAGS[flags["problem"]],
        tuple(query.get("labelSelector", ())),
        tuple(query.get("fieldSelector", ())),
    )
