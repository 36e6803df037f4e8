"""The endpoint that tests handlers."""

from collections.abc import Iterator

from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import IN_NAMESPACE, Route
from sensu.backend.services.handler_tests import TestsOfHandlers
from sensu.rules.handler_test import HandlerTest, HandlerTestReport


def routes(tests: TestsOfHandlers) -> Iterator[Route]:
    """The route of tests of handlers."""

    async def run(request: Request) -> Response:
        """Give a handler a marked event, past all filters, and report what came of it."""
        namespace, name = request.params
        return found(await tests.run(request.caller, namespace, name, request.json_body))

    one = f"{IN_NAMESPACE}/handlers/{{name}}/test"
    yield Route("POST", one, run, takes=HandlerTest, gives=HandlerTestReport)
