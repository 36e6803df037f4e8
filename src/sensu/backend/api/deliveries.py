"""The endpoints of deliveries."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import deleted, found, listed, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, json
from sensu.backend.api.router import KnownTo, Route
from sensu.backend.services.deliveries import Deliveries
from sensu.backend.services.outcomes import Written
from sensu.rules.owed import DeliveryView


def routes(deliveries: Deliveries) -> Iterator[Route]:
    """The routes of deliveries: pending ones and dead letters."""
    endpoint = DeliveryEndpoint(deliveries)
    collection = f"{OWN}/namespaces/{{namespace}}/deliveries"
    one = f"{collection}/{{id}}"
    yield Route("GET", collection, endpoint.listing, gives=list[DeliveryView], queries=_QUERIES)
    yield Route("GET", one, endpoint.get, gives=DeliveryView)
    yield Route("DELETE", one, endpoint.discard, status=204, known_to=KnownTo.DELIVERY)
    yield Route("POST", f"{one}/retry", endpoint.retry, status=202, known_to=KnownTo.DELIVERY)


_QUERIES = {
    "state": "Only deliveries in this state: `owed` or `dead`.",
    "limit": "The maximum number of deliveries per page.",
    "continue": "The token of the previous page.",
}


class DeliveryEndpoint:
    """Handles requests for deliveries."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    async def listing(self, request: Request) -> Response:
        """List the deliveries of a namespace, sorted by id."""
        state = request.parameter("state") or ""
        return listed(await self._deliveries.listing(request.caller, request.params[0], state, request.page))

    async def get(self, request: Request) -> Response:
        """Show a delivery with its event."""
        return found(await self._deliveries.get(request.caller, *request.params))

    async def retry(self, request: Request) -> Response:
        """Retry a delivery at once."""
        outcome = await self._deliveries.retry(request.caller, *request.params)
        return json(outcome.body, status=202) if isinstance(outcome, Written) else refused(outcome)

    async def discard(self, request: Request) -> Response:
        """Discard a delivery."""
        return deleted(await self._deliveries.discard(request.caller, *request.params))
