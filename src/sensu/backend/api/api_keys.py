"""The endpoints of API keys."""

from collections.abc import Iterator

from sensu.backend.api.errors import refused_as_text
from sensu.backend.api.request import Request
from sensu.backend.api.resources import ResourceEndpoint, collection_path
from sensu.backend.api.responses import Response, located
from sensu.backend.api.router import Route
from sensu.backend.services.api_keys import APIKeyGrants
from sensu.backend.services.outcomes import Written
from sensu.backend.services.resources import Resources
from sensu.resources.api_key import APIKey
from sensu.resources.kinds import API_KEY


def routes(resources: Resources, grants: APIKeyGrants) -> Iterator[Route]:
    """The routes of API keys. A key is granted by a POST; it cannot be created with PUT."""
    ordinary = ResourceEndpoint(resources, API_KEY)
    collection = collection_path(API_KEY)

    async def grant(request: Request) -> Response:
        """Grant an API key; the Location header contains it."""
        outcome = await grants.grant(request.caller, request.json_body)
        if isinstance(outcome, Written):
            return located(f"{collection}/{outcome.name}", status=201)
        return refused_as_text(outcome)

    yield Route("GET", collection, ordinary.listing, lists=API_KEY)
    yield Route("POST", collection, grant, takes=APIKey, status=201)
    yield Route("GET", f"{collection}/{{name}}", ordinary.get, gives=APIKey)
    yield Route("PATCH", f"{collection}/{{name}}", ordinary.patch, takes=APIKey, gives=APIKey)
    yield Route("DELETE", f"{collection}/{{name}}", ordinary.delete, status=204)
