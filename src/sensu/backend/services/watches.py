"""Watches lists: streams changes that the caller may read at that moment and that match the selectors."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.lists import selection_of
from sensu.backend.services.live_changes import Commit, Follower, LiveChanges, Scope
from sensu.backend.services.outcomes import Denied, Invalid, Refusal, Unavailable
from sensu.backend.services.pages import PageRequest
from sensu.backend.services.sealed_values import SealedValues
from sensu.errors import StoreError
from sensu.resources.kinds import EVENT, NAMESPACE, Kind
from sensu.rules.selectors.selection import Selection
from sensu.store.values import Change, EventKey

UPDATED, UNMATCHED, DELETED = "updated", "unmatched", "deleted"
EXPIRED, ENDED = "expired", "ended"

Identify = Callable[[], Identity | None]
"""Returns the caller's present identity; None if the credentials are no longer valid."""


_ELSEWHERE = -1
"""A revision that is not available, for an id of another member."""


class WatchId(NamedTuple):
    """Where a stream continues: a revision, and for events the member (`stream`) that counts them; 0 if all do alike.

    Members that share a database receive the events of others in no common order.
    """

    revision: int
    stream: int = 0


@dataclass(frozen=True, slots=True)
class WatchMessage:
    """A message to a client, which can reconnect and continue after its `id`.

    `event` is empty if the message contains only the id.
    """

    event: str
    data: bytes
    id: WatchId | None = None


class _Place(msgspec.Struct, omit_defaults=True):
    """The namespace and name of a resource that was deleted or no longer matches the selectors."""

    name: str = ""
    namespace: str = ""
    entity: str = ""
    check: str = ""


class _Message(msgspec.Struct):
    message: str


class Watches:
    """Watches lists for callers."""

    def __init__(self, access: Access, feed: LiveChanges, sealed: SealedValues) -> None:
        self._access = access
        self._feed = feed
        self._sealed = sealed

    async def watch(
        self, identify: Identify, kind: Kind, scope: Scope, page: PageRequest, after: WatchId | None
    ) -> AsyncIterator[Sequence[WatchMessage]] | Refusal:
        """The changes of a list, commit by commit, after the id `after` or from now on (None).

        If it is the id of another member, changes may be missing, as after one that is too old. The permission to list
        includes the permission to watch.
        """
        caller = identify()
        if caller is None or not self._may_list(caller, kind, scope.namespace):
            return Denied()
        selection = selection_of(kind, page)
        if isinstance(selection, Invalid):
            return selection
        stream = self._feed.stream if kind is EVENT else 0
        known = None if after is None else after.revision if after.stream == stream else _ELSEWHERE
        follower = await self._feed.follow(scope, known)
        if follower is None:
            return Unavailable("too many clients are watching, try again later")
        return _Watch(self._feed, self._access, self._sealed, identify, kind, selection, follower)

    def _may_list(self, caller: Identity, kind: Kind, namespace: str | None) -> bool:
        return kind is NAMESPACE or self._access.allows(caller, "list", kind.segment, namespace=namespace or "")


class _Watch(AsyncIterator[Sequence[WatchMessage]]):
    """The messages about a list that is being watched; must be closed, even if nothing was read."""

    def __init__(
        self,
        feed: LiveChanges,
        access: Access,
        sealed: SealedValues,
        identify: Identify,
        kind: Kind,
        selection: Selection | None,
        follower: Follower,
    ) -> None:
        self._feed = feed
        self._access = access
        self._sealed = sealed
        self._identify = identify
        self._kind = kind
        self._selection = selection
        self._follower = follower
        self._stream = feed.stream if kind is EVENT else 0
        self._messages = self._read()

    async def __anext__(self) -> Sequence[WatchMessage]:
        return await anext(self._messages)

    async def aclose(self) -> None:
        """Release the follower; a generator that was never started would not."""
        await self._messages.aclose()
        self._feed.leave(self._follower)

    async def _read(self) -> AsyncGenerator[Sequence[WatchMessage], None]:
        """The messages, until the client disconnects, is too slow, or loses its permission."""
        follower = self._follower
        try:
            await self._feed.begin()
        except StoreError:
            yield (WatchMessage(ENDED, _message("the store is unavailable; reconnect later")),)
            return
        yield (WatchMessage("", b"", self._id(follower.started_at)),)
        if follower.missed:
            why = "changes since that id are no longer available; fetch the list again"
            yield (WatchMessage(EXPIRED, _message(why), self._id(follower.started_at)),)
        passed = follower.started_at
        while True:
            commit = await follower.next(self._feed.heartbeat_s)
            if commit is None and follower.ended:
                why = "the client reads too slowly" if follower.overflown else "the backend is stopping"
                yield (WatchMessage(ENDED, _message(f"{why}; continue after the last id")),)
                return
            caller = self._identify()
            if caller is None:
                yield (WatchMessage(ENDED, _message("your credentials are no longer valid")),)
                return
            if commit is None:
                yield (WatchMessage("", b"", self._id(passed)),)
                continue
            passed = commit.revision
            messages = self._of_commit(caller, commit)
            if messages:
                yield messages

    def _id(self, revision: int) -> WatchId:
        return WatchId(revision, self._stream)

    def _of_commit(self, caller: Identity, commit: Commit) -> list[WatchMessage]:
        """The messages for a commit; only the last one has the id to continue after."""
        messages = [self._of_change(caller, change) for change in commit.changes if self._may_see(caller, change)]
        if messages:
            messages[-1] = WatchMessage(messages[-1].event, messages[-1].data, self._id(commit.revision))
        return messages

    def _may_see(self, caller: Identity, change: Change) -> bool:
        key, segment = change.key, self._kind.segment
        if isinstance(key, EventKey) or self._kind is not NAMESPACE:
            return self._access.allows(caller, "list", segment, namespace=key.namespace)
        if change.body is None:
            return self._access.allows(caller, "get", segment, name=key.name)
        return key.name in self._access.visible_namespaces(caller)

    def _of_change(self, caller: Identity, change: Change) -> WatchMessage:
        if change.body is None:
            return WatchMessage(DELETED, _place(change))
        shown = change.body if change.shown is None else change.shown
        if self._selection is not None and not self._selection.holds(shown):
            return WatchMessage(UNMATCHED, _place(change))
        return WatchMessage(UPDATED, self._sealed.shown(caller, self._kind, change.body, shown))


def _place(change: Change) -> bytes:
    key = change.key
    if isinstance(key, EventKey):
        return msgspec.json.encode(_Place(namespace=key.namespace, entity=key.entity, check=key.check))
    return msgspec.json.encode(_Place(key.name, key.namespace))


def _message(message: str) -> bytes:
    return msgspec.json.encode(_Message(message))
