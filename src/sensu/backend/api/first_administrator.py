"""The endpoint with which the web UI creates the first administrator, for the user that the backend runs as."""

from collections.abc import Iterator

from sensu.backend.api.errors import NOT_FOUND, PERMISSION_DENIED, problem, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import NO_CONTENT, Response
from sensu.backend.api.router import Route
from sensu.backend.api.same_user import is_from_same_user
from sensu.backend.auth.credentials import COOKIE
from sensu.backend.services.first_administrator import ALREADY_INITIALISED, FirstAdministrator, NewAdministrator
from sensu.backend.services.outcomes import Invalid, Written
from sensu.backend.services.payload import decoded

PATH = "/auth/first-administrator"
_ELSEWHERE = "browsers use the web UI's port"
_OTHERS = (
    "only a browser on the backend's host, of the user that the backend runs as, can create the first administrator:"
    " run sensu-backend init --interactive"
)


def routes(first: FirstAdministrator) -> Iterator[Route]:
    """The creation of the first administrator."""

    async def create(request: Request) -> Response:
        """Initialise an empty database with its first administrator; only at the web UI's port, and on its host."""
        if request.scope.get(COOKIE) is None:
            return problem(404, NOT_FOUND, _ELSEWHERE)
        if not await first.is_missing():
            return refused(ALREADY_INITIALISED)
        if not is_from_same_user(request.scope):
            return problem(403, PERMISSION_DENIED, _OTHERS)
        sent = await decoded(NewAdministrator, request.json_body)
        outcome = sent if isinstance(sent, Invalid) else await first.create(sent)
        return NO_CONTENT if isinstance(outcome, Written) else refused(outcome)

    yield Route("POST", PATH, create, open=True, takes=NewAdministrator, status=204)
