"""The endpoints of silences."""

from collections.abc import Iterator

from sensu.backend.api.errors import created, deleted, found, listed
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import CORE, IN_NAMESPACE, Route
from sensu.backend.services.silences import Silences
from sensu.resources.kinds import SILENCED
from sensu.resources.silenced import Silenced


def routes(silences: Silences) -> Iterator[Route]:
    """The routes of silences."""
    endpoint = SilencedEndpoint(silences)
    collection = f"{IN_NAMESPACE}/silenced"
    yield Route("GET", collection, endpoint.listing, lists=SILENCED)
    yield Route("POST", collection, endpoint.create, takes=Silenced, status=201)
    yield Route(
        "GET", f"{collection}/subscriptions/{{subscription}}", endpoint.of_subscription, lists=SILENCED, watchable=False
    )
    yield Route("GET", f"{collection}/checks/{{check}}", endpoint.of_check, lists=SILENCED, watchable=False)
    yield Route("GET", f"{collection}/{{name}}", endpoint.get, gives=Silenced)
    yield Route("PUT", f"{collection}/{{name}}", endpoint.replace, takes=Silenced, status=201, conditional=True)
    yield Route("DELETE", f"{collection}/{{name}}", endpoint.delete, status=204)
    yield Route("GET", f"{CORE}/silenced", endpoint.listing_of_all, lists=SILENCED)
    yield Route("GET", f"{CORE}/silenced/checks/{{check}}", endpoint.of_check_in_all, lists=SILENCED, watchable=False)


class SilencedEndpoint:
    """Handles requests for silences."""

    def __init__(self, silences: Silences) -> None:
        self._silences = silences

    async def listing(self, request: Request) -> Response:
        """List the silences of a namespace."""
        return listed(await self._silences.listing(request.caller, request.params[0], request.page))

    async def listing_of_all(self, request: Request) -> Response:
        """List the silences of all namespaces."""
        return listed(await self._silences.listing(request.caller, None, request.page))

    async def of_subscription(self, request: Request) -> Response:
        """List the silences of a subscription."""
        namespace, subscription = request.params
        return listed(await self._silences.of_subscription(request.caller, namespace, subscription))

    async def of_check(self, request: Request) -> Response:
        """List the silences of a check in a namespace."""
        namespace, check = request.params
        return listed(await self._silences.of_check(request.caller, namespace, check))

    async def of_check_in_all(self, request: Request) -> Response:
        """List the silences of a check in all namespaces."""
        return listed(await self._silences.of_check(request.caller, None, request.params[0]))

    async def get(self, request: Request) -> Response:
        """Show a silence."""
        namespace, name = request.params
        return found(await self._silences.get(request.caller, namespace, name))

    async def create(self, request: Request) -> Response:
        """Create a silence."""
        return created(await self._silences.create(request.caller, request.params[0], request.json_body))

    async def replace(self, request: Request) -> Response:
        """Create or replace a silence."""
        namespace, name = request.params
        payload, conditions = request.json_body, request.conditions
        return created(await self._silences.replace(request.caller, namespace, name, payload, conditions))

    async def delete(self, request: Request) -> Response:
        """Delete a silence."""
        namespace, name = request.params
        return deleted(await self._silences.delete(request.caller, namespace, name))
