"""The endpoints of API keys."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import deleted, found, refused_as_text
from sensu.backend.api.request import Request
from sensu.backend.api.resources import ResourceEndpoint, collection_path
from sensu.backend.api.responses import Response, located, unstored
from sensu.backend.api.router import Route
from sensu.backend.services.api_keys import APIKeyGrants
from sensu.backend.services.outcomes import Written
from sensu.backend.services.resources import Resources
from sensu.resources.api_key import APIKey
from sensu.resources.kinds import API_KEY
from sensu.rules.key_views import KeyViews, NewKey


def routes(resources: Resources, grants: APIKeyGrants) -> Iterator[Route]:
    """The routes of API keys, and those that name keys by id, so that no key is part of a URL.

    A key is granted by a POST; it cannot be created with PUT.
    """
    ordinary = ResourceEndpoint(resources, API_KEY)
    collection = collection_path(API_KEY)

    async def grant(request: Request) -> Response:
        """Grant an API key; the Location header contains it."""
        outcome = await grants.grant(request.caller, request.json_body)
        if isinstance(outcome, Written):
            return located(f"{collection}/{outcome.name}", status=201)
        return refused_as_text(outcome)

    async def listing(request: Request) -> Response:
        """List the API keys without the keys: by id, with their last characters and their last use."""
        return unstored(found(await grants.listing(request.caller)))

    async def issue(request: Request) -> Response:
        """Grant an API key; only this answer contains it."""
        return unstored(found(await grants.issue(request.caller, request.json_body)))

    async def revoke(request: Request) -> Response:
        """Revoke the API key with an id."""
        return deleted(await grants.revoke(request.caller, request.params[0]))

    yield Route("GET", f"{OWN}/apikeys", listing, gives=KeyViews)
    yield Route("POST", f"{OWN}/apikeys", issue, takes=APIKey, gives=NewKey)
    yield Route("DELETE", f"{OWN}/apikeys/{{id}}", revoke, status=204)
    yield Route("GET", collection, ordinary.listing, lists=API_KEY)
    yield Route("POST", collection, grant, takes=APIKey, status=201)
    yield Route("GET", f"{collection}/{{name}}", ordinary.get, gives=APIKey)
    yield Route("PATCH", f"{collection}/{{name}}", ordinary.patch, takes=APIKey, gives=APIKey)
    yield Route("DELETE", f"{collection}/{{name}}", ordinary.delete, status=204)
