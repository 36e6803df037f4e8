"""The endpoint that describes forms."""

from collections.abc import Iterator
from typing import Any

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import found
from sensu.backend.api.request import Request
from sensu.backend.api.responses import Response
from sensu.backend.api.router import Route
from sensu.backend.services.form_schemas import form_schema


def routes() -> Iterator[Route]:
    """The route of forms."""

    async def form(request: Request) -> Response:
        """Describe the fields of a kind as JSON Schema (2020-12), with the texts and inputs of its form (`x-form`)."""
        return found(form_schema(request.params[0]))

    yield Route("GET", f"{OWN}/forms/{{kind}}", form, gives=dict[str, Any])
