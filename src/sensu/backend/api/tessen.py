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
    """Metric points that a client reports."""

    points: tuple[MetricPoint, ...] | None = None


def routes(tessen: Tessen) -> Iterator[Route]:
    """The routes of the setting, and of the metric points that Sensu Go's web UI reports."""

    async def get(request: Request) -> Response:
        """Show the Tessen setting."""
        return found(await tessen.get(request.caller))

    async def replace(request: Request) -> Response:
        """Replace the Tessen setting."""
        return shown(await tessen.replace(request.caller, request.json_body))

    async def report(request: Request) -> Response:
        """Accept metric points; they are discarded.

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
