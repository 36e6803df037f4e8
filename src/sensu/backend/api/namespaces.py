"""The endpoints of namespaces."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import created, deleted, found, listed, shown
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import CORE, Route
from sensu.backend.services.namespaces import NamespaceContents, Namespaces
from sensu.resources.kinds import NAMESPACE
from sensu.resources.namespace import Namespace


def routes(namespaces: Namespaces) -> Iterator[Route]:
    """The routes of namespaces."""
    endpoint = NamespaceEndpoint(namespaces)
    collection = f"{CORE}/namespaces"
    one = f"{collection}/{{namespace}}"
    yield Route("GET", collection, endpoint.listing, lists=NAMESPACE)
    yield Route("POST", collection, endpoint.create, takes=Namespace, status=201)
    yield Route("GET", one, endpoint.get, gives=Namespace)
    yield Route("PUT", one, endpoint.replace, takes=Namespace, status=201)
    yield Route("PATCH", one, endpoint.patch, takes=Namespace, gives=Namespace)
    yield Route("DELETE", one, endpoint.delete, status=204)
    yield Route("GET", "/api/enterprise/user-namespaces", endpoint.listing, lists=NAMESPACE, watchable=False)
    inside = f"{OWN}/namespaces/{{namespace}}/contents"
    yield Route("GET", inside, endpoint.contents, gives=NamespaceContents)


class NamespaceEndpoint:
    """Handles requests for namespaces."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces

    async def listing(self, request: Request) -> Response:
        """List the namespaces that are visible to the caller."""
        return listed(await self._namespaces.listing(request.caller, request.page))

    async def create(self, request: Request) -> Response:
        """Create a namespace."""
        return created(await self._namespaces.create(request.caller, request.json_body))

    async def get(self, request: Request) -> Response:
        """Show a namespace."""
        return found(await self._namespaces.get(request.caller, request.params[0]))

    async def replace(self, request: Request) -> Response:
        """Create or replace a namespace."""
        return created(await self._namespaces.replace(request.caller, request.params[0], request.json_body))

    async def patch(self, request: Request) -> Response:
        """Update a namespace with a merge patch."""
        name, payload = request.params[0], request.merge_patch_body
        return shown(await self._namespaces.patch(request.caller, name, payload, request.conditions))

    async def contents(self, request: Request) -> Response:
        """Count what lies in a namespace, by kind."""
        return found(await self._namespaces.contents(request.caller, request.params[0]))

    async def delete(self, request: Request) -> Response:
        """Delete an empty namespace."""
        return deleted(await self._namespaces.delete(request.caller, request.params[0]))
