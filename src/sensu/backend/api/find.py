"""The endpoints that find names, and complete searches."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services import find as finding
from sensu.backend.services import search_values as searching
from sensu.backend.services.find import Find, FoundNames
from sensu.backend.services.search_values import SearchFields, SearchIndex, SearchValues

_WORD = {
    "word": "A part of the name, in any case.",
    "limit": f"The largest number of names, at most {finding.LIMIT_MAX}; the default is {finding.LIMIT}.",
}
_OF = {"of": "The word of a kind in URLs, such as `events`."}
_VALUES = {
    **_OF,
    "field": "The name of a field, `labels.NAME` for a label, or `labels` for the names of labels.",
    "prefix": "Only values that begin with this, in any case.",
    "limit": f"The largest number of values, at most {searching.LIMIT_MAX}; the default is {searching.LIMIT}.",
}


def routes(find: Find, index: SearchIndex) -> Iterator[Route]:
    """The routes of finding and completion."""

    async def names(request: Request) -> Response:
        """Find resources and events of all kinds and namespaces by a part of their names."""
        return found(await find.find(request.caller, request.parameter("word") or "", _limit(request, finding.LIMIT)))

    async def fields(request: Request) -> Response:
        """List the fields that searches can compare."""
        return found(index.fields(request.caller, request.params[0], request.parameter("of") or ""))

    async def values(request: Request) -> Response:
        """List the values of a field, the most frequent first."""
        of, field, prefix = (request.parameter(name) or "" for name in ("of", "field", "prefix"))
        limit = _limit(request, searching.LIMIT)
        return found(await index.values(request.caller, request.params[0], of, field, prefix, limit))

    where = f"{OWN}/namespaces/{{namespace}}/search"
    yield Route("GET", f"{OWN}/find", names, gives=FoundNames, queries=_WORD)
    yield Route("GET", f"{where}/fields", fields, gives=SearchFields, queries=_OF)
    yield Route("GET", f"{where}/values", values, gives=SearchValues, queries=_VALUES)


def _limit(request: Request, default: int) -> int:
    text = request.parameter("limit")
    if not text:
        return default
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("100") else -1
