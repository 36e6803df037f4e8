"""The endpoints of bulk requests, which answer with a line for each item as it is done."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import refused
from sensu.backend.api.request import BATCH, Request
from sensu.backend.api.responses import NOSNIFF, Response, Streamed
from sensu.backend.api.router import Route
from sensu.backend.auth.identity import Identity
from sensu.backend.ports import Peers
from sensu.backend.services.bulk import Lines
from sensu.backend.services.bulk_deliveries import BulkOnDeliveries
from sensu.backend.services.bulk_events import BulkOnEvents
from sensu.backend.services.bulk_resources import BulkOnResources
from sensu.backend.services.outcomes import Refusal
from sensu.rules.bulk import BulkLine, BulkOfEvents, BulkOfNamed

NDJSON = "application/x-ndjson"
_NO_ANSWER = 503


@dataclass(frozen=True, slots=True)
class Bulks:
    """The bulk requests by what they are on."""

    events: BulkOnEvents
    resources: BulkOnResources
    deliveries: BulkOnDeliveries
    peers: Peers


def routes(bulks: Bulks) -> Iterator[Route]:
    """The routes of bulk requests."""
    endpoint = BulkEndpoint(bulks)
    where = f"{OWN}/namespaces/{{namespace}}"
    for what, handler, takes in (
        ("events", endpoint.events, BulkOfEvents),
        ("entities", endpoint.entities, BulkOfNamed),
        ("checks", endpoint.checks, BulkOfNamed),
        ("deliveries", endpoint.deliveries, BulkOfNamed),
    ):
        yield Route("POST", f"{where}/{what}/bulk", handler, takes=takes, gives=BulkLine, media_type=NDJSON)


class BulkEndpoint:
    """Handles bulk requests."""

    def __init__(self, bulks: Bulks) -> None:
        self._bulks = bulks

    async def events(self, request: Request) -> Response:
        """Resolve, delete, execute again, silence or unsilence many events."""
        return _streamed(request, await self._bulks.events.begin(request.caller, request.params[0], request.json_body))

    async def entities(self, request: Request) -> Response:
        """Delete or silence many entities."""
        begin = self._bulks.resources.on_entities
        return _streamed(request, await begin(request.caller, request.params[0], request.json_body))

    async def checks(self, request: Request) -> Response:
        """Publish, unpublish, execute or delete many checks."""
        begin = self._bulks.resources.on_checks
        return _streamed(request, await begin(request.caller, request.params[0], request.json_body))

    async def deliveries(self, request: Request) -> Response:
        """Retry or discard many deliveries."""
        namespace = request.params[0]

        async def elsewhere(member: int, caller: Identity, name: str, action: str) -> int:
            path = f"{OWN}/namespaces/{quote(namespace, safe='')}/deliveries/{quote(name, safe='')}"
            one = {
                **request.scope,
                "method": "POST" if action == "retry" else "DELETE",
                "raw_path": (f"{path}/retry" if action == "retry" else path).encode(),
                "query_string": b"",
                "headers": [*_without_body(request.scope["headers"]), (BATCH, caller.batch.encode())],
            }
            answer = await self._bulks.peers.ask(member, one, b"")
            return _NO_ANSWER if answer is None else answer.status

        return _streamed(
            request, await self._bulks.deliveries.begin(request.caller, namespace, request.json_body, elsewhere)
        )


def _without_body(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that do not speak of the body, nor of a batch."""
    left = (b"content-length", b"content-type", b"transfer-encoding", BATCH)
    return [header for header in headers if header[0] not in left]


def _streamed(request: Request, lines: Lines | Refusal) -> Response:
    if not isinstance(lines, Lines):
        return refused(lines)
    headers = [(b"content-type", NDJSON.encode()), (b"cache-control", b"no-store"), NOSNIFF]
    return Streamed(200, headers, parts=lines, gone=request.gone)
