"""Hands each event to the member that owns the slot of its entity.

The owner decides all events of an entity in order. An event that was handed over is kept until its result is known, and
is handed over again if the owner was restarted meanwhile. The owner recognises what it had stored before, because the
number of the last event from each member is committed with the event.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import uuid4

from sensu.backend.members.bus import Bus, Peer, SendReply
from sensu.backend.members.entities import EntitiesHeard, EntitiesSent
from sensu.backend.members.messages import (
    EventResult,
    EventsStored,
    OfferEvent,
    OfferKeepalive,
    Removed,
    RemoveEvent,
    Reply,
)
from sensu.backend.membership import Ownership
from sensu.backend.ports import (
    EventDeferred,
    EventOutcome,
    EventRefused,
    EventStored,
    IncomingEvent,
    LocalIntake,
    LocalKeepalives,
)
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.event import Event
from sensu.rules.keepalive import keepalive_event
from sensu.rules.proxy_entity import looked_up
from sensu.rules.share import slot_of
from sensu.store.contract import Store
from sensu.store.values import AppendAudit, EventKey, PutState, TrimAudit, Write

log = logging.getLogger("sensu.members")

UNDER_WAY_MAX = 1000
"""The maximum number of events in transit to another worker; beyond it, agents are not read and API calls wait."""
ROOM_AT = UNDER_WAY_MAX // 2
RESULT_WITHIN_S = 15.0
"""How long a client waits for a disconnected worker before it gets an error and can try again."""

Done = Callable[[EventOutcome], None]


_Handed = IncomingEvent | OfferKeepalive | RemoveEvent
_Numbered = Callable[[int], OfferKeepalive | RemoveEvent]
"""Creates a message with its number."""


class _Way:
    """The events in transit to one other worker, in order."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._under_way: dict[int, tuple[_Handed, Callable[[Reply], None] | None]] = {}
        self._entities = EntitiesSent()
        self._room = asyncio.Event()
        self._arrived = asyncio.Event()
        peer.hear(self._hear)
        peer.tell_presence(self._again)

    @property
    def full(self) -> bool:
        return len(self._under_way) >= UNDER_WAY_MAX

    def hand_over(self, what: IncomingEvent | _Numbered, done: Callable[[Reply], None] | None) -> int:
        """Send a message; returns the number with which it can be taken back."""
        number = self.peer.next_number()
        handed = what if isinstance(what, IncomingEvent) else what(number)
        self._under_way[number] = (handed, done)
        if self.peer.present:
            self._send(number, handed)
        return number

    def take_back(self, number: int) -> None:
        """Do not send it again if the other worker was restarted meanwhile."""
        self._under_way.pop(number, None)

    def _send(self, number: int, handed: _Handed) -> None:
        self.peer.tell(self._entities.offer(number, handed) if isinstance(handed, IncomingEvent) else handed)

    async def wait_for_room(self) -> None:
        """Return when there is room for several more events."""
        if self.full:
            self._room.clear()
            await self._room.wait()

    async def arrived(self) -> None:
        """Return when the results of all events are known."""
        while self._under_way:
            self._arrived.clear()
            await self._arrived.wait()

    def _hear(self, told: Reply | EventsStored) -> None:
        if isinstance(told, EventsStored):
            for number in told.ids:
                self._settle(number, None)
        else:
            self._settle(told.id, told)
        if len(self._under_way) <= ROOM_AT:
            self._room.set()
        if not self._under_way:
            self._arrived.set()

    def _settle(self, number: int, told: Reply | None) -> None:
        handed, done = self._under_way.pop(number, (None, None))
        if handed is None:
            return
        if done is not None:
            done(told or EventResult(number, EventStored()))
        elif isinstance(told, EventResult) and not isinstance(told.outcome, EventStored):
            log.warning("event not stored", extra=fields(worker=self.peer.member, why=told.outcome.why))

    def _again(self, present: bool) -> None:
        """Send again the events that the other worker has not stored."""
        if present:
            self._entities = EntitiesSent()
            for number, (handed, _) in list(self._under_way.items()):
                if number <= self.peer.stored and not isinstance(handed, RemoveEvent):
                    self._settle(number, None)
            for number, (handed, _) in self._under_way.items():
                self._send(number, handed)


class Results:
    """Sends other members the results of their events: one message for all that were stored in one loop iteration."""

    def __init__(self) -> None:
        self._stored: dict[SendReply, list[int]] = {}

    def telling(self, number: int, answer: SendReply) -> Done:
        """Returns the callback for the result of an event."""
        return lambda outcome: self._tell(number, answer, outcome)

    def _tell(self, number: int, answer: SendReply, outcome: EventOutcome) -> None:
        if not isinstance(outcome, EventStored):
            answer(EventResult(number, outcome))
            return
        if not self._stored:
            asyncio.get_running_loop().call_soon(self._flush)
        self._stored.setdefault(answer, []).append(number)

    def _flush(self) -> None:
        stored, self._stored = self._stored, {}
        for answer, numbers in stored.items():
            answer(EventsStored(numbers))


class Forwarding:
    """The intake and the keepalives (`ports`) of all workers, for the agents and clients of this one."""

    def __init__(
        self,
        ownership: Ownership,
        bus: Bus,
        store: Store,
        local: LocalIntake,
        keepalives: LocalKeepalives,
        clock: Clock,
    ) -> None:
        self._ownership, self._local, self._keepalives, self._clock = ownership, local, keepalives, clock
        self._bus, self._store = bus, store
        self._ways = {member: _Way(peer) for member, peer in bus.peers.items()}
        bus.on(OfferEvent, self._event_offered)
        bus.on(OfferKeepalive, self._keepalive_offered)
        bus.on(RemoveEvent, self._removal_asked)
        bus.when_room(local.wait_for_room)
        bus.when_greeted(self._stored_of)
        self._results = Results()
        self._entities: dict[int, EntitiesHeard] = {}
        bus.on_leaving(self._forget)
        self._removals: set[asyncio.Task[None]] = set()

    def _way(self, namespace: str, entity: str) -> _Way | None:
        """The way to the worker of an entity, None if it is this one."""
        return self._ways.get(self._ownership.owner_of(slot_of(namespace, entity)))

    def _way_of(self, event: Event) -> _Way | None:
        assert event.entity is not None
        metadata = event.entity.metadata
        return self._way(metadata.namespace, looked_up(event) or metadata.name)

    def offer(self, incoming: IncomingEvent, done: Done | None = None) -> bool:
        """Pass on an event without waiting; false if its worker has no room."""
        way = self._way_of(incoming.event)
        if way is None:
            return self._local.offer(incoming, done)
        held_back = self._local.hold_back(incoming, done)
        if held_back is not None:
            return held_back
        if way.full:
            return False
        way.hand_over(incoming, _telling(done))
        return True

    def has_room(self) -> bool:
        """Whether events for any worker are accepted."""
        return self._local.has_room() and not any(way.full for way in self._ways.values())

    async def wait_for_room(self) -> None:
        """Return when events for any worker can be offered again."""
        await self._local.wait_for_room()
        for way in self._ways.values():
            await way.wait_for_room()

    async def wait_until_admitting(self) -> None:
        """Return when events with handlers are admitted again."""
        await self._local.wait_until_admitting()

    async def post(self, incoming: IncomingEvent) -> EventOutcome:
        """Pass on an event, waiting for room if necessary, and return its result."""
        way = self._way_of(incoming.event)
        if way is None:
            return await self._local.post(incoming)
        held_back: list[EventOutcome] = []
        if self._local.hold_back(incoming, held_back.append) is not None:
            return held_back[0]
        told = await self._result(way, incoming)
        return told.outcome if isinstance(told, EventResult) else EventDeferred("another worker does not answer")

    async def remove(self, key: EventKey, also: Sequence[Write] = ()) -> bool:
        """Delete an event in order with the other events; raises StoreError."""
        way = self._way(key.namespace, key.entity)
        if way is None:
            return await self._local.remove(key, also)
        audit = [write for write in also if isinstance(write, AppendAudit)]
        assert all(isinstance(write, AppendAudit | TrimAudit) for write in also)
        trim = next((write for write in also if isinstance(write, TrimAudit)), None)
        told = await self._result(way, lambda number: RemoveEvent(number, key, audit, trim))
        if not isinstance(told, Removed) or told.existed is None:
            raise StoreError("the event could not be deleted")
        return told.existed

    async def _result(self, way: _Way, what: IncomingEvent | _Numbered) -> Reply | None:
        """The reply, None if it did not arrive in time."""
        result: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        number = 0
        try:
            async with asyncio.timeout(RESULT_WITHIN_S):
                await way.wait_for_room()
                number = way.hand_over(what, lambda told: None if result.done() else result.set_result(told))
                return await result
        except TimeoutError:
            way.take_back(number)
            return None

    async def arrived(self) -> None:
        """Return when the results of all forwarded events are known."""
        for way in self._ways.values():
            await way.arrived()

    def keepalive(self, keepalive: Event, done: Done | None = None) -> bool:
        """Take a valid keepalive event from an agent; false if its worker has no room."""
        way = self._way_of(keepalive)
        if way is None:
            return self._keepalives.offer(keepalive, done)
        at, event_id = self._clock.now(), str(uuid4())
        held_back = self._local.hold_back(IncomingEvent(keepalive_event(keepalive, at, event_id)), done)
        if held_back is not None:
            return held_back
        if way.full:
            return False
        way.hand_over(lambda number: OfferKeepalive(number, keepalive, at, event_id), _telling(done))
        return True

    def _state_of(self, member: int) -> str:
        return f"members.{self._ownership.member}.from.{member}"

    def _mark(self, member: int, number: int) -> PutState:
        """The write committed with an event from another worker, so that it is not processed twice."""
        return PutState(self._state_of(member), f"{self._bus.start_of(member)} {number}".encode())

    async def _stored_of(self, member: int, start: str) -> int:
        """The number of the last stored event from a start of a member."""
        known, _, number = (await self._store.get_state(self._state_of(member)) or b"").decode().partition(" ")
        return int(number) if known == start else 0

    def _forget(self, member: int) -> None:
        self._entities.pop(member, None)

    def _event_offered(self, member: int, message: OfferEvent, answer: SendReply) -> bool:
        done = self._results.telling(message.id, answer)
        try:
            mark = self._mark(member, message.id)
            incoming = self._entities.setdefault(member, EntitiesHeard()).incoming(message, mark)
            return self._local.take(incoming, done)
        except Exception:
            log.exception("processing an event from another worker failed", extra=fields(worker=member))
            done(EventRefused("internal error"))
            return True

    def _keepalive_offered(self, member: int, message: OfferKeepalive, answer: SendReply) -> bool:
        done = self._results.telling(message.id, answer)
        try:
            mark = self._mark(member, message.id)
            return self._keepalives.take(message.keepalive, message.at, message.event_id, mark, done)
        except Exception:
            log.exception("processing a keepalive from another worker failed", extra=fields(worker=member))
            done(EventRefused("internal error"))
            return True

    def _removal_asked(self, member: int, message: RemoveEvent, answer: SendReply) -> None:
        task = asyncio.get_running_loop().create_task(self._remove(message, answer))
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)

    async def _remove(self, message: RemoveEvent, answer: SendReply) -> None:
        also: list[Write] = [*message.audit, *(() if message.trim is None else (message.trim,))]
        existed: bool | None = None
        try:
            existed = await self._local.remove(message.key, also)
        except StoreError as err:
            log.warning("could not delete an event for another worker", extra=fields(error=str(err)))
        answer(Removed(message.id, existed))


class ForwardedKeepalives:
    """`ports.Keepalives` for agents of this worker."""

    def __init__(self, forwarding: Forwarding, local: LocalKeepalives) -> None:
        self._forwarding, self._local = forwarding, local

    def offer(self, keepalive: Event, done: Done | None = None) -> bool:
        """Take a valid keepalive event from an agent; false if its worker has no room."""
        return self._forwarding.keepalive(keepalive, done)

    async def expired(self, key: EventKey) -> None:
        """Called when the keepalive at `key` is missing, which only its own worker detects."""
        await self._local.expired(key)


def _telling(done: Done | None) -> Callable[[Reply], None] | None:
    if done is None:
        return None

    def told(reply: Reply) -> None:
        assert isinstance(reply, EventResult)
        done(reply.outcome)

    return told
