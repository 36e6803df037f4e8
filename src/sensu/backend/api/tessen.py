"""The endpoints of the Tessen setting."""

from collections.abc import Iterator

from sensu.backend.api.errors import found, problem, shown
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, json
from sensu.backend.api.router import CORE, Route
from sensu.backend.services.tessen import Tessen
from sensu.errors import InvalidResource
from sensu.resources.metrics import MetricPoint
from sensu.resources.tessen import TessenConfig
from sensu.resources.wire import Wire, convert_client, encode, parse_json


class _Report(Wire, frozen=True):
    """Points as they come in."""

    points: tuple[MetricPoint, ...] | None = None


def routes(tessen: Tessen) -> Iterator[Route]:
    """The setting, and the points that the web UI of the reference reports."""

    async def get(request: Request) -> Response:
        """The setting."""
        return found(await tessen.get(request.caller))

    async def replace(request: Request) -> Response:
        """The setting as it is sent."""
        return shown(await tessen.replace(request.caller, request.json_body))

    async def report(request: Request) -> Response:
        """The points that were sent, which go nowhere.

        Source: docs, "Tessen API".
        """
        try:
            points = convert_client(_Report, {"points": parse_json(await request.json_body())}).points
            return json(encode(points))
        except InvalidResource as err:
            return problem(400, 1, str(err))

    yield Route("GET", f"{CORE}/tessen", get, gives=TessenConfig)
    yield Route("PUT", f"{CORE}/tessen", replace, takes=TessenConfig, gives=TessenConfig)
    yield Route(
        "POST", f"{CORE}/tessen/metrics", report, open=True, takes=list[MetricPoint], gives=list[MetricPoint] | None
    )
