"""The endpoints of secret providers.

Source: docs, "Secrets API".
"""

from collections.abc import Iterator

from sensu.backend.api.errors import found, listed
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.secret_providers import SecretProviders
from sensu.resources.documents import document_shape
from sensu.resources.kinds import SECRET_PROVIDER

_PROVIDER = document_shape(SECRET_PROVIDER)


def routes(providers: SecretProviders) -> Iterator[Route]:
    """The routes of secret providers."""

    async def listing(request: Request) -> Response:
        """List the secret providers: the environment of the backend."""
        return listed(providers.listing(request.caller))

    async def get(request: Request) -> Response:
        """Show a secret provider."""
        return found(providers.get(request.caller, request.params[0]))

    async def replace(request: Request) -> Response:
        """Replace a secret provider; the only one, `env`, has no settings."""
        outcome = await providers.replace(request.caller, request.params[0], request.json_body)
        return found(outcome)

    collection = SECRET_PROVIDER.path("")
    yield Route("GET", collection, listing, gives=list[_PROVIDER])  # type: ignore[valid-type]
    yield Route("GET", f"{collection}/{{name}}", get, gives=_PROVIDER)
    yield Route("PUT", f"{collection}/{{name}}", replace, takes=_PROVIDER, gives=_PROVIDER)
