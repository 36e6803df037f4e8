"""The endpoints of the caller's own preferences in the web UI."""

from collections.abc import Iterator
from typing import Any

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.preferences import UserPreferences


def routes(preferences: UserPreferences) -> Iterator[Route]:
    """The preferences, as they are and as they should be."""

    async def get(request: Request) -> Response:
        """Show the caller's preferences."""
        return found(await preferences.get(request.caller))

    async def replace(request: Request) -> Response:
        """Replace the caller's preferences: a JSON object of at most 8 KB."""
        return found(await preferences.replace(request.caller, request.json_body))

    path = f"{OWN}/preferences"
    yield Route("GET", path, get, gives=dict[str, Any])
    yield Route("PUT", path, replace, takes=dict[str, Any], gives=dict[str, Any])
