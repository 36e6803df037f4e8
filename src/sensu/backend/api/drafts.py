"""The endpoints that judge drafts of resources."""

from collections.abc import Iterator
from typing import Any

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.drafts import Drafts, JudgedDrafts

_QUERIES = {"replace": "The name of the resource that is edited; its name cannot be changed."}


def routes(drafts: Drafts) -> Iterator[Route]:
    """The routes of drafts."""

    async def within(request: Request) -> Response:
        """Judge documents (JSON or YAML) without storing them; resources without a namespace are in this one."""
        return await _judged(request, request.params[0])

    async def anywhere(request: Request) -> Response:
        """Judge documents (JSON or YAML) without storing them."""
        return await _judged(request, "")

    async def _judged(request: Request, namespace: str) -> Response:
        replaced = request.parameter("replace") or ""
        return found(await drafts.judge(request.caller, namespace, await request.body(), replaced))

    for path, handler in ((f"{OWN}/namespaces/{{namespace}}/drafts", within), (f"{OWN}/drafts", anywhere)):
        yield Route("POST", path, handler, takes=dict[str, Any], gives=JudgedDrafts, queries=_QUERIES)
