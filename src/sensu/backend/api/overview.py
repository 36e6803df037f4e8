"""The endpoints of overviews."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.overview import Overviews
from sensu.backend.services.overview_parts import Overview


def routes(overviews: Overviews) -> Iterator[Route]:
    """The routes of overviews."""

    async def of_namespace(request: Request) -> Response:
        """Show the counts of a namespace, and what to look at first."""
        return found(await overviews.of_namespace(request.caller, request.params[0]))

    async def of_all(request: Request) -> Response:
        """Show the counts of all namespaces whose events the caller may list, each and together."""
        return found(await overviews.of_all(request.caller))

    path = f"{OWN}/namespaces/{{namespace}}/overview"
    yield Route("GET", path, of_namespace, gives=Overview)
    yield Route("GET", f"{OWN}/overview", of_all, gives=Overview)
