"""The endpoints that tell what happened."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.periods import period_of
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.outcomes import Invalid
from sensu.backend.services.timelines import WINDOW_S, Before, Timelines
from sensu.errors import InvalidResource
from sensu.rules.go_duration import parse_s
from sensu.rules.timeline import Timeline
from sensu.store.values import EventKey

_PERIOD = {
    "from": "The start of the period, in Unix seconds or RFC 3339; the default is a day before its end.",
    "to": "The end of the period, in Unix seconds or RFC 3339; the default is now.",
}
_WINDOW = {"window": "How long before the state change, such as 1h (the default) or 30m."}


def routes(timelines: Timelines) -> Iterator[Route]:
    """The routes of timelines."""

    async def of_entity(request: Request) -> Response:
        """Tell what happened to an entity: statuses, silences, configuration changes, deliveries, connections."""
        period = period_of(request)
        if isinstance(period, Invalid):
            return refused(period)
        namespace, entity = request.params
        return found(await timelines.of_entity(request.caller, namespace, entity, period))

    async def before(request: Request) -> Response:
        """Tell what happened before an event changed its state."""
        window_s = _window(request)
        if isinstance(window_s, Invalid):
            return refused(window_s)
        return found(await timelines.before(request.caller, EventKey(*request.params), window_s))

    where = f"{OWN}/namespaces/{{namespace}}"
    yield Route("GET", f"{where}/entities/{{entity}}/timeline", of_entity, gives=Timeline, queries=_PERIOD)
    yield Route("GET", f"{where}/events/{{entity}}/{{check}}/before", before, gives=Before, queries=_WINDOW)


def _window(request: Request) -> int | Invalid:
    text = request.parameter("window")
    try:
        return WINDOW_S if not text else int(parse_s(text))
    except InvalidResource as err:
        return Invalid(f"window: {err}")
