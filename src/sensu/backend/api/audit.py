"""The endpoints of the audit log."""

from collections.abc import Iterator

from sensu.backend.api.errors import listed, refused
from sensu.backend.api.periods import period_of
from sensu.backend.api.request import Request
from sensu.backend.api.responses import NOSNIFF, LineByLine, Response
from sensu.backend.api.router import Route
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.outcomes import Invalid, Listing
from sensu.rules.audit import ListedRecord

OWN = "/api/sensu/v1"
"""The API group of endpoints that Sensu Go does not have."""

NDJSON = "application/x-ndjson"
_PERIOD = {
    "from": "Only entries from this time on, in Unix seconds or RFC 3339.",
    "to": "Only entries up to this time, in Unix seconds or RFC 3339.",
}
_DOWNLOAD = (b"content-disposition", b'attachment; filename="audit.ndjson"')


def routes(audit: AuditLog) -> Iterator[Route]:
    """The routes of the audit log; entries cannot be changed."""

    async def listing(request: Request) -> Response:
        """List changes and logins, newest first."""
        period = period_of(request)
        if isinstance(period, Invalid):
            return refused(period)
        return listed(await audit.listing(request.caller, request.page, period))

    async def export(request: Request) -> Response:
        """Download the audit log, newest entries first, one to a line."""
        period = period_of(request)
        if isinstance(period, Invalid):
            return refused(period)
        found = await audit.listing(request.caller, request.page, period)
        if not isinstance(found, Listing):
            return refused(found)
        headers = [(b"content-type", NDJSON.encode()), (b"cache-control", b"no-store"), _DOWNLOAD, NOSNIFF]
        return LineByLine(200, headers, chunks=found.chunks)

    yield Route("GET", f"{OWN}/audit", listing, gives=list[ListedRecord], paged=True, queries=_PERIOD)
    yield Route("GET", f"{OWN}/audit/export", export, gives=ListedRecord, media_type=NDJSON, queries=_PERIOD)
