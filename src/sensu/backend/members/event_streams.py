"""Changes of events between members, for clients that watch them.

Members pass on the changes of the events that they own only to members that have asked for them, which they do when the
first client watches events there. Changes of resources come from the change log.
"""

from collections.abc import Sequence
from typing import Protocol

from sensu.backend.members.bus import Bus, Peer, SendReply
from sensu.backend.members.messages import ChangedEvent, EventsChanged, Follow
from sensu.store.contract import Store
from sensu.store.coordination import Coordination
from sensu.store.values import Change, EventKey


class SharedStore(Store, Protocol):
    """A store that several backends can use."""

    @property
    def coordination(self) -> Coordination:
        """How they agree who owns what."""
        ...


class EventStreams:
    """Sends changes of own events to members that follow them, and passes those of others to local listeners."""

    def __init__(self, store: SharedStore, bus: Bus) -> None:
        self._store, self._bus = store, bus
        self._followers: set[int] = set()
        self._listens = self._hearing = False
        store.feed.announce_with(lambda: bus.tell_all(Follow()))
        bus.on(Follow, self._follow)
        bus.on(EventsChanged, self._hear)
        bus.on_coming(lambda peer: peer.tell_presence(lambda present: self._ask(peer) if present else None))
        bus.on_leaving(self._followers.discard)

    def _ask(self, peer: Peer) -> None:
        if self._store.feed.events_included:
            peer.tell(Follow())

    def _follow(self, member: int, message: Follow, answer: SendReply) -> None:
        self._followers.add(member)
        if not self._listens:
            self._listens = True
            self._store.listen(self._pass_on)

    def _pass_on(self, changes: Sequence[Change]) -> None:
        if self._hearing or not self._followers:
            return
        events = [
            ChangedEvent(change.key.namespace, change.key.entity, change.key.check, change.body)
            for change in changes
            if isinstance(change.key, EventKey)
        ]
        if events:
            message = EventsChanged(events)
            for member in self._followers & self._bus.peers.keys():
                self._bus.peers[member].tell(message)

    def _hear(self, member: int, message: EventsChanged, answer: SendReply) -> None:
        self._hearing = True
        try:
            self._store.coordination.hear_events(
                [(EventKey(one.namespace, one.entity, one.check), one.body) for one in message.events]
            )
        finally:
            self._hearing = False
