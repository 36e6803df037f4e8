"""The endpoints that answer questions about rights."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, json
from sensu.backend.api.router import Route
from sensu.backend.services.access_questions import AccessOf, AccessQuestions, Answers, OwnAccess, Questions
from sensu.resources.wire import encode
from sensu.rules.access_questions import Action, WhoMay

_NAMESPACE = {"namespace": "A namespace; without one, what holds everywhere."}
_ACTION = {"verb": "get, list, create, update or delete.", "resource": "A word of roles, such as checks."}


def routes(questions: AccessQuestions) -> Iterator[Route]:
    """What the caller may do, who may do something, what somebody may do, and yes or no."""
    endpoint = AccessEndpoint(questions)
    path = f"{OWN}/access"
    yield Route("GET", f"{path}/me", endpoint.own, gives=OwnAccess, queries=_NAMESPACE)
    queries = {**_ACTION, "name": "The name of one resource.", **_NAMESPACE}
    yield Route("GET", f"{path}/who", endpoint.who, gives=WhoMay, queries=queries)
    queries = {"user": "The name of a user.", "group": "The name of a group, instead of a user."}
    yield Route("GET", f"{path}/of", endpoint.of, gives=AccessOf, queries=queries)
    yield Route("POST", f"{path}/ask", endpoint.ask, takes=Questions, gives=Answers)


class AccessEndpoint:
    """The requests about rights."""

    def __init__(self, questions: AccessQuestions) -> None:
        self._questions = questions

    async def own(self, request: Request) -> Response:
        """What the caller may do, and the namespaces that it may know of."""
        return json(encode(self._questions.own(request.caller, request.parameter("namespace") or "")))

    async def who(self, request: Request) -> Response:
        """Who may do something."""
        verb, resource, name, namespace = (
            request.parameter(key) or "" for key in ("verb", "resource", "name", "namespace")
        )
        return found(self._questions.who(request.caller, Action(verb, resource, name, namespace)))

    async def of(self, request: Request) -> Response:
        """Everything that a user or a group may do, and through which bindings."""
        user, group = request.parameter("user") or "", request.parameter("group") or ""
        return found(self._questions.of(request.caller, user, group))

    async def ask(self, request: Request) -> Response:
        """Whether something is allowed, for many questions at once."""
        return found(await self._questions.ask(request.caller, request.json_body))
