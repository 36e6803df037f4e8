"""The endpoints that count the events that silences match."""

from collections.abc import Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.silence_previews import SilencePreviews
from sensu.resources.silenced import Silenced
from sensu.rules.silence_preview import SilencePreview


def routes(previews: SilencePreviews) -> Iterator[Route]:
    """The routes of previews."""

    async def preview(request: Request) -> Response:
        """Count the events that a silence would match; nothing is stored."""
        return found(await previews.preview(request.caller, request.params[0], request.json_body))

    async def hits(request: Request) -> Response:
        """Count the events that a stored silence matches."""
        return found(await previews.hits(request.caller, *request.params))

    collection = f"{OWN}/namespaces/{{namespace}}/silenced"
    yield Route("POST", f"{collection}/preview", preview, takes=Silenced, gives=SilencePreview)
    yield Route("GET", f"{collection}/{{name}}/hits", hits, gives=SilencePreview)
