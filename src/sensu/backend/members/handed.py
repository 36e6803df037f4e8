"""What a member hands over to the owner of an entity, or takes itself if it has become the owner meanwhile."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from sensu.backend.members.entities import EntitiesSent
from sensu.backend.members.messages import (
    EventResult,
    MemberMessage,
    OfferKeepalive,
    Removed,
    RemoveEvent,
    Reply,
)
from sensu.backend.ports import EventOutcome, IncomingEvent, LocalIntake, LocalKeepalives
from sensu.errors import StoreError
from sensu.resources.event import Event
from sensu.store.values import AppendAudit, EventKey, TrimAudit, Write

Done = Callable[[EventOutcome], None]
Told = Callable[[Reply], None]


class Handed(ABC):
    """Something for the owner of a slot; `done` is called with the reply, `order` says when it came."""

    def __init__(self, slot: int, done: Told | None) -> None:
        self.slot, self.done = slot, done
        self.order = 0

    is_removal = False
    """Whether it is a request to delete an event, of which no number is committed."""

    @abstractmethod
    def message(self, number: int, entities: EntitiesSent) -> MemberMessage:
        """What is sent to the owner."""

    @abstractmethod
    async def take_here(self, intake: LocalIntake, keepalives: LocalKeepalives) -> bool:
        """Let this member process it; false if it has no room."""

    def _outcome(self, outcome: EventOutcome) -> None:
        if self.done is not None:
            self.done(EventResult(0, outcome))


class HandedEvent(Handed):
    """An event."""

    def __init__(self, slot: int, incoming: IncomingEvent, done: Told | None) -> None:
        super().__init__(slot, done)
        self._incoming = incoming

    def message(self, number: int, entities: EntitiesSent) -> MemberMessage:
        """An `OfferEvent`."""
        return entities.offer(number, self._incoming)

    async def take_here(self, intake: LocalIntake, keepalives: LocalKeepalives) -> bool:
        """Queue it."""
        return intake.take(self._incoming, self._outcome)


class HandedKeepalive(Handed):
    """A keepalive, which came at `at`."""

    def __init__(self, slot: int, keepalive: Event, at: float, event_id: str, done: Told | None) -> None:
        super().__init__(slot, done)
        self._keepalive, self._at, self._event_id = keepalive, at, event_id

    def message(self, number: int, entities: EntitiesSent) -> MemberMessage:
        """An `OfferKeepalive`."""
        return OfferKeepalive(number, self._keepalive, self._at, self._event_id)

    async def take_here(self, intake: LocalIntake, keepalives: LocalKeepalives) -> bool:
        """Queue it."""
        return keepalives.take(self._keepalive, self._at, self._event_id, None, self._outcome)


class HandedRemoval(Handed):
    """A request to delete an event."""

    is_removal = True

    def __init__(
        self, slot: int, key: EventKey, audit: Sequence[AppendAudit], trim: TrimAudit | None, done: Told | None
    ) -> None:
        super().__init__(slot, done)
        self._key, self._audit, self._trim = key, audit, trim

    def message(self, number: int, entities: EntitiesSent) -> MemberMessage:
        """A `RemoveEvent`."""
        return RemoveEvent(number, self._key, self._audit, self._trim)

    async def take_here(self, intake: LocalIntake, keepalives: LocalKeepalives) -> bool:
        """Delete it."""
        also: list[Write] = [*self._audit, *(() if self._trim is None else (self._trim,))]
        existed: bool | None = None
        try:
            existed = await intake.remove(self._key, also)
        except StoreError:
            existed = None
        if self.done is not None:
            self.done(Removed(0, existed))
        return True
