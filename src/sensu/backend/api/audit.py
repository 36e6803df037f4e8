"""The endpoint of the audit log."""

from collections.abc import Iterator

from sensu.backend.api.errors import listed
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.audit import AuditLog
from sensu.rules.audit import ListedRecord

OWN = "/api/sensu/v1"
"""The API group of endpoints that Sensu Go does not have."""


def routes(audit: AuditLog) -> Iterator[Route]:
    """The routes of the audit log; entries cannot be changed."""

    async def listing(request: Request) -> Response:
        """List changes and logins, newest first."""
        return listed(await audit.listing(request.caller, request.page))

    yield Route("GET", f"{OWN}/audit", listing, gives=list[ListedRecord], paged=True)
