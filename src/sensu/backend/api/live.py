"""The endpoint of the live stream."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from sensu.backend.api.audit import OWN
from sensu.backend.api.errors import INVALID_ARGUMENT, problem, refused
from sensu.backend.api.request import Request
from sensu.backend.api.responses import NOSNIFF, Response, Send, Streamed
from sensu.backend.api.router import Route
from sensu.backend.api.watch import CONTENT_TYPE, RETRY_MS, last_event_id
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.identity import Identity
from sensu.backend.services.live_stream import LiveStream
from sensu.backend.services.live_streams import LiveStreams
from sensu.backend.services.live_topics import TOPICS_MAX, Tick, topics_of

_QUERIES = {
    "topics": f"What to follow, at most {TOPICS_MAX}, joined by commas: `counts:NAMESPACE`, `events:NAMESPACE`,"
    " `event:NAMESPACE/ENTITY/CHECK`, `entities:NAMESPACE`, `deliveries:NAMESPACE`, `resources:SEGMENT:NAMESPACE`"
    " (without the namespace for kinds that have none), `session`.",
}
_HEADERS = [(b"content-type", CONTENT_TYPE), (b"cache-control", b"no-store"), NOSNIFF]


def routes(streams: LiveStreams, authenticator: Authenticator) -> Iterator[Route]:
    """The route of the live stream."""

    async def live(request: Request) -> Response:
        """Follow topics as server-sent events: a tick a second with what changed."""
        topics = topics_of(request.parameter("topics") or "")
        if isinstance(topics, str):
            return problem(400, INVALID_ARGUMENT, topics)
        after = last_event_id(request)
        if isinstance(after, Response):
            return after
        if request.is_head:
            return Response(200, list(_HEADERS))

        def caller() -> Identity | None:
            proved = authenticator.authenticate(request.credentials)
            return proved if isinstance(proved, Identity) else None

        stream = await streams.follow(caller, topics, after)
        if not isinstance(stream, LiveStream):
            return refused(stream)
        return _LiveResponse(streams, stream, request.gone)

    media_type = CONTENT_TYPE.decode()
    yield Route("GET", f"{OWN}/live", live, gives=Tick, media_type=media_type, queries=_QUERIES)


class _LiveResponse(Streamed):
    """What a stream sends, until it ends or its client has gone."""

    def __init__(self, streams: LiveStreams, stream: LiveStream, gone: Callable[[], Awaitable[None]]) -> None:
        super().__init__(200, list(_HEADERS), parts=_parts(stream), gone=gone)
        self._streams, self._stream = streams, stream

    async def send(self, send: Send) -> None:
        """Send the parts as they come, and give the stream back."""
        try:
            await super().send(send)
        finally:
            self._streams.leave(self._stream)


async def _parts(stream: LiveStream) -> AsyncIterator[bytes]:
    yield b"retry: %d\n" % RETRY_MS
    async for data in stream.data():
        yield data
