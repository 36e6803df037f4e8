"""The endpoint of what happened in a namespace, for small charts."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.activity_series import ActivityOfNamespaces
from sensu.backend.services.outcomes import Invalid
from sensu.errors import InvalidResource
from sensu.rules.activity_series import NAMES, POINTS_MAX, ActivitySeries
from sensu.rules.go_duration import parse_s

POINTS = 96
_QUERIES = {
    "names": f"The series, separated by commas: {', '.join(NAMES)}; the default is all of them.",
    "window": "How far to look back, from 1m to 720h; the default is 24h.",
    "points": f"The greatest number of steps, at most {POINTS_MAX}; the default is {POINTS}.",
}


def routes(activity: ActivityOfNamespaces) -> Iterator[Route]:
    """The route of series of a namespace."""

    async def of_namespace(request: Request) -> Response:
        """Count what happened in a namespace by step: incidents, state changes, events, attempts of handlers."""
        window_s = _window(request)
        if isinstance(window_s, Invalid):
            return refused(window_s)
        names = [name for name in (request.parameter("names") or ",".join(NAMES)).split(",") if name]
        asked = (names, window_s, _points(request))
        return found(await activity.of_namespace(request.caller, request.params[0], *asked))

    yield Route("GET", f"{OWN}/namespaces/{{namespace}}/series", of_namespace, gives=ActivitySeries, queries=_QUERIES)


def _window(request: Request) -> int | Invalid:
    try:
        return int(parse_s(request.parameter("window") or "24h"))
    except InvalidResource as err:
        return Invalid(f"window: {err}")


def _points(request: Request) -> int:
    text = request.parameter("points") or str(POINTS)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(POINTS_MAX)) else 0
