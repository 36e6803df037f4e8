"""The live streams of clients: one tick a second with what changed in the topics that they follow.

A value is read and encoded once a tick, however many clients follow its topic, and a tick is put together once for all
clients that get the same of it. What changed is read from the store, by revision, so that it does not matter which
worker a client is connected to, nor to which one it comes back.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.backend.services.event_rows import Rows
from sensu.backend.services.live_sources import LiveSources, Values
from sensu.backend.services.live_stream import EXPIRED, TICK, Identify, LiveStream, alive, block, said
from sensu.backend.services.live_topics import EVENT_ROW, RESOURCES, SESSION, Topic
from sensu.backend.services.outcomes import Denied, Refusal, Unavailable
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING, USER
from sensu.store.contract import Store
from sensu.store.values import Change, EventKey

logger = logging.getLogger(__name__)

STREAMS_MAX = 500
TICK_S = 1.0
PART_S = 0.25
"""How often single events are looked at, and whether somebody's rights changed."""
HEARTBEAT_S = 15.0
ALLOWED_MAX = 50_000
"""The number of cached answers about permissions; when it is reached, the cache is cleared."""

_Rights = tuple[str, tuple[str, ...]]


class LiveStreams:
    """Follows topics on behalf of callers."""

    def __init__(
        self, store: Store, access: Access, records: Records, clock: Clock, rows: Rows, *, alone: bool = True
    ) -> None:
        """`alone` says whether every event that is stored is heard of here."""
        self._store, self._access, self._clock, self._alone = store, access, clock, alone
        self._sources = LiveSources(store, records, rows)
        self._streams: dict[LiveStream, None] = {}
        self._sent: Values = {}
        self._told = self._read_to = self._heard_to = 0
        self._dirty: set[EventKey] = set()
        self._followed_events: frozenset[EventKey] = frozenset()
        self._allowed: dict[tuple[_Rights, Topic], bool] = {}
        self._rights = 0
        self._rights_told = 0
        self._users_changed = self._closed = False
        self._ticking: asyncio.Task[None] | None = None
        self._stop_listening = store.listen(self._hear)
        for kind in (CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING):
            records.subscribe(kind, self._rights_changed)
        records.subscribe(USER, self._user_changed)

    def close(self) -> None:
        """End all streams, and take no more."""
        self._closed = True
        self._stop_listening()
        self._sources.resources.close()
        for stream in self._streams:
            stream.end("the backend is stopping: reconnect with the last id")
        if self._ticking is not None:
            self._ticking.cancel()

    async def follow(self, identify: Identify, topics: Sequence[Topic], after: int | None) -> LiveStream | Refusal:
        """A stream of the topics, behind the revision `after` or (None) from now on; `leave` must follow.

        Topics that the caller may not follow are left out.
        """
        caller = identify()
        allowed = () if caller is None else self._of(caller, topics)
        if not allowed:
            return Denied()
        if self._closed or len(self._streams) >= STREAMS_MAX:
            return Unavailable("too many clients follow the live stream, try again later")
        stream = LiveStream(identify, topics)
        self._streams[stream] = None
        try:
            await self._begin(stream, allowed, after)
        except BaseException:
            self.leave(stream)
            raise
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick_forever(), name="live ticks")
        return stream

    def leave(self, stream: LiveStream) -> None:
        """Forget a stream."""
        self._streams.pop(stream, None)
        if not self._streams and self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
            self._sent.clear()

    async def _begin(self, stream: LiveStream, allowed: Collection[Topic], after: int | None) -> None:
        """Send what a client that comes, or comes back, needs to go on from what it has."""
        self._followed_events |= {topic.key for topic in allowed if topic.key is not None}
        revision = await self._sources.revision(allowed)
        if len(self._streams) == 1:
            self._told = self._read_to = self._heard_to = revision
        values = await self._sources.present(allowed)
        if after is not None:
            expired = after > revision or (
                after < self._sources.resources.forgotten and any(topic.sort == RESOURCES for topic in allowed)
            )
            if expired:
                stream.put(said(EXPIRED, "changes since that id are no longer available: read again", revision))
            else:
                missed, _ = await self._sources.changed(allowed, after, after)
                values |= missed
        hidden = [str(topic) for topic in stream.topics if topic not in allowed]
        stream.put(_tick(values, revision, hidden))
        stream.sent_at = self._clock.monotonic()

    def _of(self, caller: Identity, topics: Iterable[Topic]) -> list[Topic]:
        """Those of the topics that a caller may follow."""
        rights = (caller.username, caller.groups)
        return [topic for topic in topics if self._allows(caller, rights, topic)]

    def _allows(self, caller: Identity, rights: _Rights, topic: Topic) -> bool:
        """Whether a caller may follow a topic, asked once for all callers of the same name and groups."""
        found = self._allowed.get((rights, topic))
        if found is None:
            name = "" if topic.key is None else f"{topic.key.entity}/{topic.key.check}"
            found = not topic.resource or self._access.allows(
                caller, topic.verb, topic.resource, name=name, namespace=topic.namespace
            )
            if len(self._allowed) >= ALLOWED_MAX:
                self._allowed.clear()
            self._allowed[rights, topic] = found
        return found

    def _rights_changed(self, *_: Any) -> None:
        self._allowed.clear()
        self._rights += 1

    def _user_changed(self, *_: Any) -> None:
        self._users_changed = True

    def _hear(self, changes: Sequence[Change]) -> None:
        if self._followed_events:
            keys = (change.key for change in changes if isinstance(change.key, EventKey))
            self._dirty.update(self._followed_events.intersection(keys))

    async def _tick_forever(self) -> None:
        number = 0
        while True:
            await self._clock.sleep(PART_S)
            number += 1
            try:
                await self._tick(whole=number % round(TICK_S / PART_S) == 0)
            except StoreError as err:
                logger.warning("live streams wait for the store", extra=fields(error=str(err)))
            except Exception:
                logger.exception("a tick of the live streams failed")

    async def _tick(self, *, whole: bool) -> None:
        """Send each stream what changed of its topics; with `whole` of all of them, otherwise of single events."""
        if not whole and self._users_changed:
            self._end_unknown()
        followed = {topic: None for stream in self._streams for topic in stream.topics}
        values = await self._values(followed, whole=whole)
        if not values and not whole:
            return
        self._users_changed = False
        now = self._clock.monotonic()
        blocks: dict[tuple[Topic, ...], bytes] = {}
        for stream in list(self._streams):
            caller = stream.identify()
            if caller is None:
                stream.end("your credentials are no longer valid")
                continue
            wanted = tuple(topic for topic in self._of(caller, stream.topics) if topic in values)
            if wanted:
                data = blocks.get(wanted)
                if data is None:
                    data = blocks[wanted] = _tick({topic: values[topic] for topic in wanted}, self._told)
                stream.put(data)
                stream.sent_at = now
            elif now - stream.sent_at >= HEARTBEAT_S:
                stream.put(alive(self._told))
                stream.sent_at = now

    def _end_unknown(self) -> None:
        """End the streams of those whose credentials are no longer valid."""
        self._users_changed = False
        for stream in list(self._streams):
            if stream.identify() is None:
                stream.end("your credentials are no longer valid")

    async def _values(self, followed: Collection[Topic], *, whole: bool) -> Values:
        """The values that changed since the last tick."""
        single = [topic for topic in followed if topic.sort == EVENT_ROW]
        self._followed_events = frozenset(topic.key for topic in single if topic.key is not None)
        dirty, self._dirty = self._dirty, set()
        if not whole:
            looked_at = [topic for topic in single if not self._alone or topic.key in dirty]
            return self._news(await self._sources.events(looked_at))
        await self._store.feed.caught_up()
        heard_to, read_before = self._store.feed.revision, self._read_to
        values, self._read_to = await self._sources.changed(followed, self._read_to, self._heard_to)
        values |= self._news(await self._sources.present(followed))
        self._sent = {topic: value for topic, value in self._sent.items() if topic in followed}
        self._told, self._heard_to = max(self._told, read_before, heard_to), heard_to
        if self._rights != self._rights_told:
            self._rights_told = self._rights
            told = msgspec.json.encode({"rights": self._rights})
            values |= {topic: told for topic in followed if topic.sort == SESSION}
        return values

    def _news(self, values: Values) -> Values:
        """Those of the values that are not the ones that were sent last."""
        news = {topic: value for topic, value in values.items() if self._sent.get(topic) != value}
        self._sent |= news
        return news


def _tick(values: Values, revision: int, hidden: Sequence[str] = ()) -> bytes:
    """A tick of these values, which are JSON already."""
    parts: dict[str, list[bytes]] = {}
    for topic, value in values.items():
        parts.setdefault(topic.sort, []).append(msgspec.json.encode(topic.of) + b":" + value)
    whole = [
        b'"%s":%s' % (sort.encode(), of[0].partition(b":")[2] if sort == SESSION else b"{" + b",".join(of) + b"}")
        for sort, of in parts.items()
    ]
    if hidden:
        whole.append(b'"hidden":' + msgspec.json.encode(hidden))
    return block(TICK, b"{" + b",".join(whole) + b"}", revision)
