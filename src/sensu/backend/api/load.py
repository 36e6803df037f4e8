"""The endpoint that tells how large the database and the queues are."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.load import ClusterLoad, Loads


def routes(loads: Loads) -> Iterator[Route]:
    """The route of the load."""

    async def load(request: Request) -> Response:
        """Tell how large the database and the queues are, and how large they may become."""
        return found(await loads.load())

    yield Route("GET", f"{OWN}/load", load, gives=ClusterLoad)
