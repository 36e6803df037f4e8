"""The endpoints that explain why events were handled or not."""

from collections.abc import Iterator

from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import IN_NAMESPACE, KnownTo, Route
from sensu.backend.services.explain import Asked, Explain
from sensu.rules.explain import Explanation
from sensu.store.values import EventKey


def routes(explain: Explain) -> Iterator[Route]:
    """The routes of explanations and dry runs."""

    async def stored(request: Request) -> Response:
        """Explain why each workflow handled an event or not."""
        return found(await explain.stored(request.caller, EventKey(*request.params)))

    async def dry_run(request: Request) -> Response:
        """Compute what would happen to an event, with candidates for filters, handlers and pipelines."""
        return found(await explain.dry_run(request.caller, request.params[0], request.json_body))

    one = f"{IN_NAMESPACE}/events/{{entity}}/{{check}}/explain"
    yield Route("GET", one, stored, gives=Explanation, known_to=KnownTo.OWNER)
    yield Route("POST", f"{IN_NAMESPACE}/explain", dry_run, takes=Asked, gives=Explanation)
