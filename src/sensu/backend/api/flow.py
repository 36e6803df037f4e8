"""The endpoints that tell what went through workflows."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.flow import MINUTES
from sensu.backend.services.flow import FlowAnswer, Flows
from sensu.backend.services.outcomes import Invalid
from sensu.errors import InvalidResource
from sensu.rules.go_duration import parse_s

_QUERIES = {"window": "What part of the last hour is counted: whole minutes such as 5m, up to 1h (the default)."}


def routes(flows: Flows) -> Iterator[Route]:
    """The routes of what went through workflows."""

    async def of_namespace(request: Request) -> Response:
        """Count what went through the workflows of a namespace: events, filters, mutators, deliveries, durations."""
        minutes = _minutes(request)
        if isinstance(minutes, Invalid):
            return refused(minutes)
        return found(await flows.of_namespace(request.caller, request.params[0], minutes))

    async def of_pipeline(request: Request) -> Response:
        """Count what went through the workflows of a pipeline."""
        minutes = _minutes(request)
        if isinstance(minutes, Invalid):
            return refused(minutes)
        return found(await flows.of_pipeline(request.caller, request.params[0], request.params[1], minutes))

    async def of_handler(request: Request) -> Response:
        """Count what went through the workflows that lead to a handler."""
        minutes = _minutes(request)
        if isinstance(minutes, Invalid):
            return refused(minutes)
        return found(await flows.of_handler(request.caller, request.params[0], request.params[1], minutes))

    path = f"{OWN}/namespaces/{{namespace}}"
    yield Route("GET", f"{path}/flow", of_namespace, gives=FlowAnswer, queries=_QUERIES)
    yield Route("GET", f"{path}/pipelines/{{pipeline}}/flow", of_pipeline, gives=FlowAnswer, queries=_QUERIES)
    yield Route("GET", f"{path}/handlers/{{handler}}/flow", of_handler, gives=FlowAnswer, queries=_QUERIES)


def _minutes(request: Request) -> int | Invalid:
    text = request.parameter("window") or "1h"
    try:
        seconds = parse_s(text)
    except InvalidResource as err:
        return Invalid(f"window: {err}")
    if seconds % 60 or not 60 <= seconds <= MINUTES * 60:
        return Invalid("window must be a whole number of minutes, from 1m to 1h")
    return int(seconds // 60)
