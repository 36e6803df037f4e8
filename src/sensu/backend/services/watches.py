"""Following a list live: its changes, as far as the caller may see them at that moment and its selectors choose."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.lists import selection_of
from sensu.backend.services.live_changes import Commit, Follower, LiveChanges, Scope
from sensu.backend.services.outcomes import Denied, Invalid, Refusal, Unavailable
from sensu.backend.services.pages import PageRequest
from sensu.errors import StoreError
from sensu.resources.kinds import NAMESPACE, Kind
from sensu.rules.selectors.selection import Selection
from sensu.store.values import Change, EventKey

UPDATED, UNMATCHED, DELETED = "updated", "unmatched", "deleted"
EXPIRED, ENDED = "expired", "ended"

Identify = Callable[[], Identity | None]
"""Who the caller is now; None where its proof holds no longer."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a client is told; with `revision` it may come back and go on behind this message.

    `event` is empty where there is nothing to tell but the revision.
    """

    event: str
    data: bytes
    revision: int | None = None


class _Place(msgspec.Struct, omit_defaults=True):
    """Where something lies that is there no longer, or that selectors do not choose."""

    name: str = ""
    namespace: str = ""
    entity: str = ""
    check: str = ""


class _Told(msgspec.Struct):
    message: str


class Watches:
    """Follows lists on behalf of callers."""

    def __init__(self, access: Access, feed: LiveChanges) -> None:
        self._access = access
        self._feed = feed

    async def watch(
        self, identify: Identify, kind: Kind, scope: Scope, page: PageRequest, after: int | None
    ) -> AsyncIterator[Sequence[Message]] | Refusal:
        """The changes of a list, commit by commit, behind the revision `after` or (None) from now on.

        Whoever may list it may follow.
        """
        caller = identify()
        if caller is None or not self._may_list(caller, kind, scope.namespace):
            return Denied()
        selection = selection_of(kind, page)
        if isinstance(selection, Invalid):
            return selection
        follower = await self._feed.follow(scope, after)
        if follower is None:
            return Unavailable("too many clients follow changes, try again later")
        return _Watch(self._feed, self._access, identify, kind, selection, follower).messages()

    def _may_list(self, caller: Identity, kind: Kind, namespace: str | None) -> bool:
        return kind is NAMESPACE or self._access.allows(caller, "list", kind.segment, namespace=namespace or "")


class _Watch:
    """One list that is followed."""

    def __init__(
        self,
        feed: LiveChanges,
        access: Access,
        identify: Identify,
        kind: Kind,
        selection: Selection | None,
        follower: Follower,
    ) -> None:
        self._feed = feed
        self._access = access
        self._identify = identify
        self._kind = kind
        self._selection = selection
        self._follower = follower

    async def messages(self) -> AsyncIterator[Sequence[Message]]:
        """What the client is told, until it goes away, is too slow, or may no longer."""
        follower = self._follower
        try:
            try:
                await self._feed.begin()
            except StoreError:
                yield (Message(ENDED, _told("the store does not answer: come back later")),)
                return
            yield (Message("", b"", follower.started_at),)
            if follower.missed:
                why = "changes since that id are not remembered any more: read the list again"
                yield (Message(EXPIRED, _told(why), follower.started_at),)
            passed = follower.started_at
            while True:
                commit = await follower.next(self._feed.heartbeat_s)
                if commit is None and follower.ended:
                    why = "the client is too slow" if follower.overflown else "the backend stops"
                    yield (Message(ENDED, _told(f"{why}: go on behind the last id")),)
                    return
                caller = self._identify()
                if caller is None:
                    yield (Message(ENDED, _told("the credentials hold no longer")),)
                    return
                if commit is None:
                    yield (Message("", b"", passed),)
                    continue
                passed = commit.revision
                told = self._of_commit(caller, commit)
                if told:
                    yield told
        finally:
            self._feed.leave(follower)

    def _of_commit(self, caller: Identity, commit: Commit) -> list[Message]:
        """What a caller is told of a commit; only behind the last message of it can be gone on."""
        told = [self._of_change(change) for change in commit.changes if self._may_see(caller, change)]
        if told:
            told[-1] = Message(told[-1].event, told[-1].data, commit.revision)
        return told

    def _may_see(self, caller: Identity, change: Change) -> bool:
        key, segment = change.key, self._kind.segment
        if isinstance(key, EventKey) or self._kind is not NAMESPACE:
            return self._access.allows(caller, "list", segment, namespace=key.namespace)
        if change.body is None:
            return self._access.allows(caller, "get", segment, name=key.name)
        return key.name in self._access.visible_namespaces(caller)

    def _of_change(self, change: Change) -> Message:
        if change.body is None:
            return Message(DELETED, _place(change))
        shown = change.body if change.shown is None else change.shown
        if self._selection is not None and not self._selection.holds(shown):
            return Message(UNMATCHED, _place(change))
        return Message(UPDATED, shown)


def _place(change: Change) -> bytes:
    key = change.key
    if isinstance(key, EventKey):
        return msgspec.json.encode(_Place(namespace=key.namespace, entity=key.entity, check=key.check))
    return msgspec.json.encode(_Place(key.name, key.namespace))


def _told(message: str) -> bytes:
    return msgspec.json.encode(_Told(message))
