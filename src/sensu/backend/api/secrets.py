"""The endpoints of secrets and of the provider that knows their values.

Source: docs, "Secrets API": resources stand with their type and API version around them.
"""

from collections.abc import Iterator

from sensu.backend.api.errors import found, listed
from sensu.backend.api.request import Request
from sensu.backend.api.resources import ResourceEndpoint
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.resources import Resources
from sensu.backend.services.secret_providers import SecretProviders
from sensu.resources.documents import document_shape
from sensu.resources.kinds import SECRET, SECRET_PROVIDER, root_of

ROOT = root_of(SECRET.api_version)


def routes(resources: Resources, providers: SecretProviders) -> Iterator[Route]:
    """Secrets of a namespace and of all, and the providers."""
    endpoint = ResourceEndpoint(resources, SECRET)
    collection = f"{ROOT}/namespaces/{{namespace}}/{SECRET.segment}"
    yield Route("GET", collection, endpoint.listing, lists=SECRET)
    yield Route("GET", f"{collection}/{{name}}", endpoint.get, gives=document_shape(SECRET))
    yield Route("PUT", f"{collection}/{{name}}", endpoint.replace, takes=document_shape(SECRET), status=201)
    yield Route("DELETE", f"{collection}/{{name}}", endpoint.delete, status=204)
    yield Route("GET", f"{ROOT}/{SECRET.segment}", endpoint.listing_of_all, lists=SECRET)
    yield from _provider_routes(providers)


_PROVIDER = document_shape(SECRET_PROVIDER)


def _provider_routes(providers: SecretProviders) -> Iterator[Route]:
    async def listing(request: Request) -> Response:
        """The providers: the environment of the backend."""
        return listed(providers.listing(request.caller))

    async def get(request: Request) -> Response:
        """One provider."""
        return found(providers.get(request.caller, request.params[0]))

    async def replace(request: Request) -> Response:
        """A provider as it is sent; the environment of the backend has nothing to set."""
        outcome = await providers.replace(request.caller, request.params[0], request.json_body)
        return found(outcome)

    collection = f"{ROOT}/providers"
    yield Route("GET", collection, listing, gives=list[_PROVIDER])  # type: ignore[valid-type]
    yield Route("GET", f"{collection}/{{name}}", get, gives=_PROVIDER)
    yield Route("PUT", f"{collection}/{{name}}", replace, takes=_PROVIDER, gives=_PROVIDER)
