"""The endpoint that tells who uses resources."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.uses import UsesAnswer, UsesOfResources
from sensu.rules.uses import USED

_QUERIES = {
    "of": f"The kind whose users are asked for: {', '.join(f'`{kind.segment}`' for kind in USED)}.",
    "name": "Only the users of this resource, up to 1,000 of them.",
}


def routes(resources: UsesOfResources) -> Iterator[Route]:
    """The route of users of resources."""

    async def uses(request: Request) -> Response:
        """Tell which checks, pipelines, handlers, filters, mutators and hooks refer to resources of a kind."""
        of, name = request.parameter("of") or "", request.parameter("name") or ""
        return found(resources.uses(request.caller, request.params[0], of, name))

    yield Route("GET", f"{OWN}/namespaces/{{namespace}}/uses", uses, gives=UsesAnswer, queries=_QUERIES)
