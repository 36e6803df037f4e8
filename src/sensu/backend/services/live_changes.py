"""Streams changes of the store to followers, which can reconnect without missing any.

From the first follower on, the newest changes are kept, up to a limit: a follower that reconnects with the last
revision that it saw misses nothing, on any worker. A follower whose bounded queue overflows is dropped, and can
reconnect in the same way.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sensu.backend.auth.sessions import SESSION_KIND
from sensu.log import fields
from sensu.resources.kinds import ALL_KINDS, API_KEY, EVENT, USER
from sensu.store.contract import Store
from sensu.store.values import Change, EventKey

logger = logging.getLogger(__name__)

REMEMBERED_CHANGES_MAX = 20_000
REMEMBERED_BYTES_MAX = 16 * 1024 * 1024
FOLLOWERS_MAX = 500
WAITING_CHANGES_MAX = 1000
HEARTBEAT_S = 15.0

_KNOWN = frozenset(kind.qualified_name for kind in ALL_KINDS)
_EVENTS = EVENT.qualified_name
_CREDENTIALS = (USER.qualified_name, API_KEY.qualified_name)


@dataclass(frozen=True, slots=True)
class Commit:
    """The changes of one commit."""

    revision: int
    changes: Sequence[Change]
    size: int


@dataclass(frozen=True, slots=True)
class Scope:
    """The changes that a follower gets: of a kind (by its qualified name), a namespace and an entity (None: all)."""

    kind: str
    namespace: str | None = None
    entity: str | None = None

    def takes(self, change: Change) -> bool:
        """Whether a change of the kind is in this scope."""
        key = change.key
        if self.namespace is not None and key.namespace != self.namespace:
            return False
        return self.entity is None or (isinstance(key, EventKey) and key.entity == self.entity)


class Follower:
    """A follower: it gets changes after the revision `started_at`; `missed` if earlier ones are no longer available."""

    def __init__(self, scope: Scope, started_at: int, missed: bool, backlog: Iterable[Commit]) -> None:
        self.scope = scope
        self.started_at = started_at
        self.missed = missed
        self.overflown = self.ended = self._rechecks = False
        self._backlog = deque(backlog)
        self._live: deque[Commit] = deque()
        self._waiting = 0
        self._wake = asyncio.Event()

    def offer(self, commit: Commit) -> None:
        """Queue a commit of any size; drops the follower if too many changes are waiting."""
        if self.ended:
            return
        if self._waiting >= WAITING_CHANGES_MAX:
            self.overflown = True
            self._backlog.clear()
            self._live.clear()
            self.end()
            return
        self._waiting += len(commit.changes)
        self._live.append(commit)
        self._wake.set()

    def recheck(self) -> None:
        """Have `next` return soon, because credentials changed."""
        self._rechecks = True
        self._wake.set()

    def end(self) -> None:
        """Stop the follower after the changes that are queued."""
        self.ended = True
        self._wake.set()

    async def next(self, wait_s: float) -> Commit | None:
        """The next commit, None if none came in time, `ended`, or the follower's credentials may have changed."""
        try:
            async with asyncio.timeout(wait_s):
                while not (self._backlog or self._live or self.ended or self._rechecks):
                    self._wake.clear()
                    await self._wake.wait()
        except TimeoutError:
            return None
        self._rechecks = False
        if self._backlog:
            return self._backlog.popleft()
        if not self._live:
            return None
        commit = self._live.popleft()
        self._waiting -= len(commit.changes)
        return commit


class LiveChanges:
    """Sends the store's changes to followers, and a heartbeat after `heartbeat_s` without changes."""

    def __init__(
        self,
        store: Store,
        *,
        stream: int = 0,
        heartbeat_s: float = HEARTBEAT_S,
        remembered_changes_max: int = REMEMBERED_CHANGES_MAX,
        remembered_bytes_max: int = REMEMBERED_BYTES_MAX,
    ) -> None:
        """`stream` distinguishes the revisions of events from those of other members; 0 if all have the same."""
        self.heartbeat_s, self.stream = heartbeat_s, stream
        self._store = store
        self._changes_max, self._bytes_max = remembered_changes_max, remembered_bytes_max
        self._remembered: deque[Commit] = deque()
        self._changes = self._bytes = 0
        self._revision = self._forgotten = 0
        self._used = self._closed = False
        self._followers: dict[str, list[Follower]] = {}
        self._stop_listening: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Start following the store; raises StoreError."""
        self._stop_listening = self._store.listen(self._hear)
        self._revision = self._store.feed.revision

    def close(self) -> None:
        """Stop all followers, and accept no more."""
        self._closed = True
        self._stop_listening()
        for followers in self._followers.values():
            for follower in followers:
                follower.end()

    async def follow(self, scope: Scope, after: int | None) -> Follower | None:
        """A follower of changes from now on, or after the revision `after`; None if there are too many followers.

        The caller must release it with `leave`.
        """
        if not self._used:
            self._store.feed.include_events()
            self._use()
        await self._store.feed.caught_up()
        if self._closed or sum(map(len, self._followers.values())) >= FOLLOWERS_MAX:
            return None
        missed = after is not None and not self._forgotten <= after <= self._revision
        started_at = self._revision if after is None or missed else after
        backlog = (_within(scope, commit) for commit in self._remembered if commit.revision > started_at)
        follower = Follower(scope, started_at, missed, filter(None, backlog))
        self._followers.setdefault(scope.kind, []).append(follower)
        return follower

    def _use(self) -> None:
        self._used, self._forgotten = True, self._revision

    async def begin(self) -> None:
        """Return when new followers get every change that is announced from now on; raises StoreError."""
        await self._store.commit(())

    def leave(self, follower: Follower) -> None:
        """Release a follower, which may have been released already."""
        with contextlib.suppress(ValueError):
            self._followers[follower.scope.kind].remove(follower)

    def _hear(self, changes: Sequence[Change]) -> None:
        if not self._used and self._store.feed.events_included:
            self._use()
        self._revision = self._store.feed.revision
        if not self._used:
            return
        if any(_may_end_sessions(change) for change in changes):
            for followers in self._followers.values():
                for follower in followers:
                    follower.recheck()
        known = [change for change in changes if _kind_of(change) in _KNOWN]
        if not known:
            return
        commit = Commit(self._revision, known, sum(map(_size, known)))
        self._remember(commit)
        for kind in {_kind_of(change) for change in known}:
            for follower in self._followers.get(kind, ()):
                wanted = _within(follower.scope, commit)
                if wanted is not None:
                    self._offer(follower, wanted)

    def _offer(self, follower: Follower, commit: Commit) -> None:
        ended = follower.ended
        follower.offer(commit)
        if follower.overflown and not ended:
            logger.warning("a client reads too slowly and was disconnected", extra=fields(kind=follower.scope.kind))

    def _remember(self, commit: Commit) -> None:
        self._remembered.append(commit)
        self._changes += len(commit.changes)
        self._bytes += commit.size
        while self._changes > self._changes_max or self._bytes > self._bytes_max:
            oldest = self._remembered.popleft()
            self._forgotten = oldest.revision
            self._changes -= len(oldest.changes)
            self._bytes -= oldest.size


def _may_end_sessions(change: Change) -> bool:
    """Whether credentials may have become invalid by a change."""
    kind = _kind_of(change)
    return kind in _CREDENTIALS or (kind == SESSION_KIND and change.body is None)


def _size(change: Change) -> int:
    return len(change.body or b"") + len(change.shown or b"")


def _kind_of(change: Change) -> str:
    return _EVENTS if isinstance(change.key, EventKey) else change.key.kind


def _within(scope: Scope, commit: Commit) -> Commit | None:
    """The part of a commit that is in a scope, None if there is none."""
    changes = [change for change in commit.changes if _kind_of(change) == scope.kind and scope.takes(change)]
    return Commit(commit.revision, changes, commit.size) if changes else None
