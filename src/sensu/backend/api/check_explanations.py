"""The endpoint that explains a check."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import KnownTo, Route
from sensu.backend.services.check_explanations import CheckExplanation, CheckExplanations


def routes(explanations: CheckExplanations) -> Iterator[Route]:
    """The route that explains the schedule of a check."""

    async def explain(request: Request) -> Response:
        """Show the next runs of a check, the agents that run it, and the outcomes of its last slots."""
        namespace, name = request.params
        return found(await explanations.explain(request.caller, namespace, name))

    one = f"{OWN}/namespaces/{{namespace}}/checks/{{name}}/explain"
    yield Route("GET", one, explain, gives=CheckExplanation, known_to=KnownTo.OWNER)
