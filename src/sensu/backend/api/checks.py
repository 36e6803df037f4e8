"""The endpoints of checks, in addition to those of all resources."""

from collections.abc import Iterator

from sensu.backend.api.errors import created, deleted, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response, text
from sensu.backend.api.router import IN_NAMESPACE, TEXT, Route
from sensu.backend.services.checks import Checks, Execution
from sensu.backend.services.outcomes import Written


def routes(checks: Checks) -> Iterator[Route]:
    """The routes for ad hoc execution and hooks."""
    endpoint = CheckEndpoint(checks)
    one = f"{IN_NAMESPACE}/checks/{{name}}"
    yield Route("POST", f"{one}/execute", endpoint.execute, takes=Execution, status=202, media_type=TEXT)
    yield Route("PUT", f"{one}/hooks/{{status}}", endpoint.add_hooks, takes=dict[str, list[str]], status=201)
    yield Route("DELETE", f"{one}/hooks/{{status}}/hook/{{hook}}", endpoint.remove_hook, status=204)


class CheckEndpoint:
    """Handles requests for a configured check."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    async def execute(self, request: Request) -> Response:
        """Run a check now."""
        namespace, name = request.params
        outcome = await self._checks.execute(request.caller, namespace, name, request.json_body)
        return text(outcome.body, status=202) if isinstance(outcome, Written) else refused(outcome)

    async def add_hooks(self, request: Request) -> Response:
        """Add hooks to a check; the statuses are those in the body, not in the path."""
        namespace, name, _ = request.params
        return created(await self._checks.add_hooks(request.caller, namespace, name, request.json_body))

    async def remove_hook(self, request: Request) -> Response:
        """Remove a hook from a check."""
        namespace, name, status, hook = request.params
        return deleted(await self._checks.remove_hook(request.caller, namespace, name, status, hook))
