"""The endpoint that tries a log-in at an authentication provider."""

from collections.abc import Iterator

from sensu.backend.api.auth import while_connected
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, unstored
from sensu.backend.api.router import Route
from sensu.backend.services.login_trials import LoginTrials, TrialReport, TriedLogin
from sensu.resources.kinds import AUTH_PROVIDER


def routes(trials: LoginTrials) -> Iterator[Route]:
    """The route of trials."""

    async def test(request: Request) -> Response:
        """Try a log-in at a provider and report what happens, step by step; no session begins."""
        work = trials.test(request.caller, request.params[0], request.json_body)
        return unstored(found(await while_connected(request, work)))

    yield Route("POST", f"{AUTH_PROVIDER.path('')}/{{name}}/test", test, takes=TriedLogin, gives=TrialReport)
