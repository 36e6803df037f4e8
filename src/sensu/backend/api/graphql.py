"""The endpoint of GraphQL queries, which Sensu Go's web UI uses.

Source: docs, "GraphQL"; black-box runs of the reference.
"""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from sensu.backend.api.errors import INVALID_ARGUMENT, problem, unauthenticated
from sensu.backend.api.request import NOBODY, Request
from sensu.backend.api.responses import Response, json
from sensu.backend.api.router import Route
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.identity import NO_CREDENTIALS, Identity, Rejected
from sensu.backend.graphql.use_cases import UseCases

if TYPE_CHECKING:
    from sensu.backend.graphql.execution import GraphQL

DEADLINE_EXCEEDED = 8
TIME_LIMIT_S = 10.0
"""A request that takes longer is ended (504)."""


class GraphQLRequest(msgspec.Struct):
    """A query; `skip_validation` is accepted and has no effect."""

    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - the name that GraphQL clients send
    skip_validation: bool = False


class GraphQLAnswer(msgspec.Struct):
    """The result of a query; `auth` says whether the caller is authenticated."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]] | None
    auth: bool


def routes(use_cases: UseCases, authenticator: Authenticator) -> Iterator[Route]:
    """The route of GraphQL queries."""
    endpoint = GraphQLEndpoint(use_cases, authenticator)
    takes, gives = GraphQLRequest | list[GraphQLRequest], GraphQLAnswer | list[GraphQLAnswer]
    yield Route("POST", "/graphql", endpoint.answer, open=True, takes=takes, gives=gives)


class GraphQLEndpoint:
    """Handles queries. The schema is built for the first one, so that it costs nothing if there is none."""

    def __init__(self, use_cases: UseCases, authenticator: Authenticator, time_limit_s: float = TIME_LIMIT_S) -> None:
        self.use_cases = use_cases
        self.authenticator = authenticator
        self._time_limit_s = time_limit_s
        self._made: GraphQL | None = None

    async def answer(self, request: Request) -> Response:
        """Run a query or a list of queries; the status is 200 even if one of them fails."""
        caller = self._caller(request)
        if isinstance(caller, Rejected):
            return unauthenticated(caller.message)
        body = await request.body()
        try:
            async with asyncio.timeout(self._time_limit_s):
                answer = await self._graphql.answer(caller, body)
        except TimeoutError:
            return problem(504, DEADLINE_EXCEEDED, "deadline exceeded")
        return problem(400, INVALID_ARGUMENT, answer) if isinstance(answer, str) else json(msgspec.json.encode(answer))

    def _caller(self, request: Request) -> Identity | Rejected:
        """The caller. A request without credentials is not an error here: the caller is anonymous."""
        found = self.authenticator.authenticate(request.credentials)
        return NOBODY if found is NO_CREDENTIALS else found

    @property
    def _graphql(self) -> "GraphQL":
        if self._made is None:
            from sensu.backend.graphql.execution import GraphQL  # noqa: PLC0415 - start-up time and memory for who asks

            self._made = GraphQL(self.use_cases)
        return self._made
