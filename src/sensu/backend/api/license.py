"""The endpoints of the license."""

from collections.abc import Iterator

from sensu.backend.api.errors import created, deleted, found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.licenses import Licenses
from sensu.resources.documents import document_shape
from sensu.resources.kinds import LICENSE
from sensu.rules.kinds.license import NOTICE


def routes(licenses: Licenses) -> Iterator[Route]:
    """The routes of the license."""

    async def get(request: Request) -> Response:
        """Show the license."""
        return found(await licenses.get(request.caller))

    async def replace(request: Request) -> Response:
        """Store a license."""
        return created(await licenses.replace(request.caller, request.json_body), NOTICE)

    async def delete(request: Request) -> Response:
        """Delete the license."""
        return deleted(await licenses.delete(request.caller))

    shape, path = document_shape(LICENSE), LICENSE.path("")
    yield Route("GET", path, get, gives=shape)
    yield Route("PUT", path, replace, takes=shape, status=201)
    yield Route("DELETE", path, delete, status=204)
