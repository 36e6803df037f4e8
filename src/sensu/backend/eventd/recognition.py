"""Recognises events that an agent sends again, so that each is stored and handled once.

The history of an event holds the identity of each result, so that repetitions are recognised across restarts. It is
read only for an event that is not newer than all results before it, and then cached. Metrics without a check have no
history: this member keeps the identities of the latest ones in a ring of small values in the store.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from sensu.rules.history import unpacked
from sensu.rules.resending import RECENT_LEAST, RECENT_MAX, is_recent
from sensu.rules.share import SLOTS
from sensu.store.contract import Store
from sensu.store.values import EventKey, HistoryPosition, PutState

REMEMBERED_MAX = 200_000
"""Maximum cached identities, at about 70 bytes each; those of the least recently used events are dropped first."""
PAGE = 1000
CHUNK_MAX = 256
"""Identities of metrics in one value of the ring; a group may add as many again."""
CHUNKS = 200
"""Values of the ring: the identities of at least 51,200 events, at most 800 KiB."""
_STATE = "eventd.metrics"
_BYTES = 8


class RecentResults:
    """A cache of the identities of recent results, by event."""

    def __init__(self, store: Store, *, kept: bool = True) -> None:
        """Without a history of all results (not `kept`), only results received since the start are recognised."""
        self._store, self._kept = store, kept
        self._known: dict[EventKey, dict[int, None]] = {}
        self._count = 0
        self.in_use = not kept
        """Whether stored results must be added."""

    def __contains__(self, key: object) -> bool:
        """Whether the recent results of an event are cached, or cannot be read."""
        return key in self._known or not self._kept

    async def load(self, keys: Iterable[EventKey]) -> None:
        """Read the recent results of events; raises StoreError."""
        self._keep_bound()
        self.in_use = True
        for key in keys:
            newest_first = [identity async for identity in self._recent(key)]
            self._known[key] = dict.fromkeys(reversed(newest_first))
            self._count += len(self._known[key])

    async def _recent(self, key: EventKey) -> AsyncIterator[int]:
        place, newest_at = 0, None
        position: HistoryPosition | None = None
        while True:
            page = await self._store.history(key, PAGE if place else RECENT_LEAST, position)
            if page is None:
                return
            for item in page.items:
                newest_at = item.at if newest_at is None else newest_at
                if not is_recent(place, item.at, newest_at):
                    return
                place += 1
                identity = unpacked(item.body).identity
                if identity:
                    yield identity
            position = page.older
            if position is None or not page.items:
                return

    def has(self, key: EventKey, identity: int) -> bool:
        """Whether a result of an event was received before."""
        return identity in self._known.get(key, ())

    def add(self, key: EventKey, identity: int) -> None:
        """Note that a result is stored."""
        known = self._known.get(key)
        if known is None:
            if self._kept:
                return
            known = self._known[key] = {}
        else:
            self._known[key] = self._known.pop(key)
        if identity not in known:
            known[identity] = None
            self._count += 1
        if len(known) > RECENT_MAX:
            del known[next(iter(known))]
            self._count -= 1
        self._keep_bound()

    def __iter__(self) -> Iterator[EventKey]:
        """The events whose results are remembered."""
        return iter(self._known)

    def forget(self, key: EventKey) -> None:
        """Drop the results of a removed event."""
        self._count -= len(self._known.pop(key, ()))

    def _keep_bound(self) -> None:
        while self._count > REMEMBERED_MAX and len(self._known) > 1:
            self.forget(next(iter(self._known)))


class RecentMetrics:
    """The identities of the latest metrics without a check."""

    def __init__(self, store: Store, member: int = 0) -> None:
        self._store, self._member = store, member
        self._known: dict[int, None] = {}
        self._chunk: list[int] = []
        self._number = 0

    async def load(self) -> None:
        """Read the identities that this and all other members stored; raises StoreError."""
        for member in range(SLOTS):
            for number, chunk in sorted([found async for found in self._chunks(member)]):
                self._known.update(dict.fromkeys(chunk))
                if member == self._member:
                    self._number, self._chunk = number, list(chunk)
        self._keep_bound()

    async def _chunks(self, member: int) -> AsyncIterator[tuple[int, Sequence[int]]]:
        for place in range(CHUNKS):
            value = await self._store.get_state(f"{_STATE}.{member}.{place}")
            if not value:
                return
            number, *chunk = (int.from_bytes(value[at : at + _BYTES], "big") for at in range(0, len(value), _BYTES))
            yield number, chunk

    def __contains__(self, identity: int) -> bool:
        return identity in self._known

    def write(self, received: Sequence[int]) -> PutState:
        """The write that stores the identities that a group received so far."""
        values = (self._number, *self._chunk, *received)
        name = f"{_STATE}.{self._member}.{self._number % CHUNKS}"
        return PutState(name, b"".join(value.to_bytes(_BYTES, "big") for value in values))

    def add(self, received: Sequence[int]) -> None:
        """Note that the identities that a group received are stored."""
        self._known.update(dict.fromkeys(received))
        self._chunk += received
        if len(self._chunk) >= CHUNK_MAX:
            self._chunk = []
            self._number += 1
        self._keep_bound()

    def _keep_bound(self) -> None:
        while len(self._known) > CHUNKS * CHUNK_MAX:
            del self._known[next(iter(self._known))]
