"""The endpoints of charts of histories, and of events as they were at a time."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.periods import period_of, time_of
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.history_series import POINTS, EntityAt, EventAt, HistorySeries
from sensu.backend.services.outcomes import Invalid
from sensu.errors import InvalidResource
from sensu.rules.history_series import POINTS_MAX, MetricsOfHistory, StatusSeries
from sensu.store.values import EventKey

_PERIOD = {
    "from": "The start of the period, in Unix seconds or RFC 3339; the default is a day before its end.",
    "to": "The end of the period, in Unix seconds or RFC 3339; the default is now.",
    "points": f"The number of buckets of the period, at most {POINTS_MAX}; the default is {POINTS}.",
}
_TIME = {"time": "The time, in Unix seconds or RFC 3339."}


def routes(series: HistorySeries) -> Iterator[Route]:
    """The routes of series and moments."""
    endpoint = SeriesEndpoint(series)
    event = f"{OWN}/namespaces/{{namespace}}/events/{{entity}}/{{check}}"
    entity = f"{OWN}/namespaces/{{namespace}}/entities/{{entity}}"
    named = {**_PERIOD, "name": "Only metrics whose names begin with this."}
    yield Route("GET", f"{event}/history/series", endpoint.statuses, gives=StatusSeries, queries=_PERIOD)
    yield Route("GET", f"{event}/history/metrics", endpoint.metrics, gives=MetricsOfHistory, queries=named)
    yield Route("GET", f"{event}/at", endpoint.event_at, gives=EventAt, queries=_TIME)
    yield Route("GET", f"{entity}/at", endpoint.entity_at, gives=EntityAt, queries=_TIME)


class SeriesEndpoint:
    """Handles requests for series and moments."""

    def __init__(self, series: HistorySeries) -> None:
        self._series = series

    async def statuses(self, request: Request) -> Response:
        """Count the results of an event by severity, with their durations, in buckets of a period."""
        period, points = period_of(request), _points(request)
        if isinstance(period, Invalid):
            return refused(period)
        return found(await self._series.statuses(request.caller, EventKey(*request.params), period, points))

    async def metrics(self, request: Request) -> Response:
        """Read metrics from the kept outputs of an event whose check has an output metric format."""
        period, points, name = period_of(request), _points(request), request.parameter("name") or ""
        if isinstance(period, Invalid):
            return refused(period)
        return found(await self._series.metrics(request.caller, EventKey(*request.params), period, points, name))

    async def event_at(self, request: Request) -> Response:
        """Show the status of an event as it was at a time, with the last result before that time."""
        time = _time(request)
        if isinstance(time, Invalid):
            return refused(time)
        return found(await self._series.event_at(request.caller, EventKey(*request.params), time))

    async def entity_at(self, request: Request) -> Response:
        """Show the statuses of the events of an entity as they were at a time."""
        time = _time(request)
        if isinstance(time, Invalid):
            return refused(time)
        namespace, entity = request.params
        return found(await self._series.entity_at(request.caller, namespace, entity, time))


def _points(request: Request) -> int:
    text = request.parameter("points")
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(POINTS_MAX)) else -1


def _time(request: Request) -> float | Invalid:
    try:
        time = time_of(request.parameter("time"))
    except InvalidResource as err:
        return Invalid(str(err))
    return Invalid("time must be given, in Unix seconds or RFC 3339") if time is None else time
