"""Hands each event to the member that owns the slot of its entity.

The owner decides all events of an entity in order. An event that was handed over is kept until its result is known, and
is handed over again if the connection was lost or the owner ended meanwhile. The owner recognises what it had taken
before: while it lives by its book, after that because the number of the last event from each member is committed with
the event.

Slots move while events are under way: events of a slot that has no owner wait here, and so do newer ones
while earlier ones of the same slot are still with its former owner.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import uuid4

from sensu.backend.members.bus import Bus, Peer, SendReply
from sensu.backend.members.entities import EntitiesHeard
from sensu.backend.members.handed import Done, Handed, HandedEvent, HandedKeepalive, HandedRemoval
from sensu.backend.members.messages import (
    EventResult,
    NotMine,
    OfferEvent,
    OfferKeepalive,
    Removed,
    RemoveEvent,
    Reply,
    TookBack,
    Welcome,
)
from sensu.backend.members.results import Results, mark_of, marked
from sensu.backend.members.way import UNDER_WAY_MAX, Way
from sensu.backend.membership import Ownership
from sensu.backend.ports import EventDeferred, EventOutcome, EventRefused, IncomingEvent, LocalIntake, LocalKeepalives
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

RESULT_WITHIN_S = 15.0
"""How long a client waits for the owner of an entity before it gets an error and can try again."""


NO_ROOM_AGAIN_S = 0.25
"""When to offer an event again whose owner has no room, or is not known while too many others wait for theirs."""


class Forwarding:
    """The intake and the keepalives (`ports`) of all members, for the agents and clients of this one."""

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
        self._ways: dict[int, Way] = {}
        self._moving: set[int] = set()
        self._refused: dict[int, int] = {}
        self.on_refusal: Callable[[], None] = lambda: None
        """Called when a member does not own a slot that it is known to own."""
        self._held: dict[int, list[Handed]] = {}
        self._held_number = 0
        self._releasing: asyncio.Task[None] | None = None
        self._may_release = asyncio.Event()
        self._order = 0
        bus.on_coming(self._add_way)
        bus.on(OfferEvent, self._event_offered)
        bus.on(OfferKeepalive, self._keepalive_offered)
        bus.on(RemoveEvent, self._removal_asked)
        bus.on(TookBack, lambda member, message, _: self._results.took_back(member, message.id))
        bus.when_room(local.wait_for_room)
        bus.when_greeted(self._stored_of)
        self._results = Results()
        self._entities: dict[int, EntitiesHeard] = {}
        bus.on_leaving(self._forget)
        self._removals: set[asyncio.Task[None]] = set()

    def _forget(self, member: int) -> None:
        self._entities.pop(member, None)

    def _add_way(self, peer: Peer) -> None:
        self._ways[peer.member] = Way(peer, self._settled, self._bounced)

    def _slot_of(self, event: Event) -> int:
        assert event.entity is not None
        metadata = event.entity.metadata
        return slot_of(metadata.namespace, looked_up(event) or metadata.name)

    def _goes_elsewhere(self, slot: int) -> Way | None:
        """The way to the owner of a slot; None if it is this member, or the events of the slot wait."""
        return None if self._waits(slot) else self._ways.get(self._ownership.owner_of(slot))

    def _waits(self, slot: int) -> bool:
        return slot in self._moving or slot in self._held

    def _taken_here(self, slot: int) -> bool:
        return self._ownership.owns(slot) and not self._waits(slot)

    def _hand_over(self, handed: Handed, *, urgent: bool = False) -> bool:
        """Send something to its owner, or keep it until that is known; false if there is no room."""
        self._order += 1
        handed.order = self._order
        way = self._goes_elsewhere(handed.slot)
        if way is None:
            if self._held_number >= UNDER_WAY_MAX and not urgent:
                return False
            self._hold(handed)
            return True
        if way.full and not urgent:
            return False
        way.hand_over(handed)
        return True

    def _hold(self, handed: Handed) -> None:
        """Keep something in the order in which it came."""
        held = self._held.setdefault(handed.slot, [])
        at = len(held)
        while at and held[at - 1].order > handed.order:
            at -= 1
        held.insert(at, handed)
        self._held_number += 1
        self._release()

    def offer(self, incoming: IncomingEvent, done: Done | None = None) -> bool:
        """Pass on an event without waiting; false if there is no room."""
        slot = self._slot_of(incoming.event)
        if self._taken_here(slot):
            return self._local.offer(incoming, done)
        held_back = self._local.hold_back(incoming, done)
        if held_back is not None:
            return held_back
        return self._hand_over(HandedEvent(slot, incoming, _telling(done)))

    def has_room(self) -> bool:
        """Whether this member has room; others may have none for their events, without stopping all agents."""
        return self._local.has_room()

    async def wait_for_room(self) -> None:
        """Return when this member has room."""
        await self._local.wait_for_room()

    async def wait_until_admitting(self) -> None:
        """Return when events that were not accepted may be: those with handlers, and those for a member without room.

        While a member has no room, callers try again after a while, because only its own events have to wait.
        """
        await self._local.wait_until_admitting()
        if self._held_number >= UNDER_WAY_MAX or any(way.full for way in self._ways.values()):
            await self._clock.sleep(NO_ROOM_AGAIN_S)

    async def post(self, incoming: IncomingEvent) -> EventOutcome:
        """Pass on an event, waiting for room if necessary, and return its result."""
        slot = self._slot_of(incoming.event)
        if self._taken_here(slot):
            return await self._local.post(incoming)
        held_back: list[EventOutcome] = []
        if self._local.hold_back(incoming, held_back.append) is not None:
            return held_back[0]
        told = await self._result(lambda done: HandedEvent(slot, incoming, done))
        return told.outcome if isinstance(told, EventResult) else EventDeferred("another backend does not answer")

    async def remove(self, key: EventKey, also: Sequence[Write] = ()) -> bool:
        """Delete an event in order with the other events; raises StoreError."""
        slot = slot_of(key.namespace, key.entity)
        if self._taken_here(slot):
            return await self._local.remove(key, also)
        audit = [write for write in also if isinstance(write, AppendAudit)]
        assert all(isinstance(write, AppendAudit | TrimAudit) for write in also)
        trim = next((write for write in also if isinstance(write, TrimAudit)), None)
        told = await self._result(lambda done: HandedRemoval(slot, key, audit, trim, done))
        if not isinstance(told, Removed) or told.existed is None:
            raise StoreError("the event could not be deleted")
        return told.existed

    async def _result(self, made: Callable[[Callable[[Reply], None]], Handed]) -> Reply | None:
        """The reply, None if it did not arrive in time."""
        result: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        handed = made(lambda told: None if result.done() else result.set_result(told))
        try:
            async with asyncio.timeout(RESULT_WITHIN_S):
                way = self._goes_elsewhere(handed.slot)
                if way is not None:
                    await way.wait_for_room()
                self._hand_over(handed, urgent=True)
                return await result
        except TimeoutError:
            self._take_back(handed)
            return None

    def _take_back(self, handed: Handed) -> None:
        """Do not hand something over again."""
        for way in self._ways.values():
            way.take_back(handed)
        if handed.slot in self._held:
            self._dropped(handed.slot, handed)

    async def arrived(self) -> None:
        """Return when the results of everything that was handed over are known."""
        while self._held:
            await self._clock.sleep(0.05)
        for way in tuple(self._ways.values()):
            await way.arrived()

    def keepalive(self, keepalive: Event, done: Done | None = None) -> bool:
        """Take a valid keepalive event from an agent; false if there is no room."""
        slot = self._slot_of(keepalive)
        if self._taken_here(slot):
            return self._keepalives.offer(keepalive, done)
        at, event_id = self._clock.now(), str(uuid4())
        held_back = self._local.hold_back(IncomingEvent(keepalive_event(keepalive, at, event_id)), done)
        if held_back is not None:
            return held_back
        return self._hand_over(HandedKeepalive(slot, keepalive, at, event_id, _telling(done)))

    # What moves

    def owners_changed(self) -> None:
        """Call when slots have other owners, and when the owners were read again."""
        self._refused.clear()
        self._look_at_owners()

    def _look_at_owners(self) -> None:
        moving = {slot for slot in (*self._held, *self._refused) if not self._has_owner(slot)}
        for way in self._ways.values():
            moving.update(slot for slot in way.slots if self._ownership.owner_of(slot) != way.peer.member)
            moving.update(way.refusing)
        self._moving = moving
        self._release()

    def _has_owner(self, slot: int) -> bool:
        owner = self._ownership.owner_of(slot)
        return self._refused.get(slot) != owner and (owner in self._ways or self._ownership.owns(slot))

    def _settled(self, slot: int) -> None:
        """Nothing more of a slot is under way to a member; it may have been the last that kept the slot from moving."""
        if slot in self._moving:
            self._look_at_owners()

    def _bounced(self, way: Way, handed: Handed) -> None:
        """The member does not own the slot (any more): hand it to its owner when that is known."""
        self._refused[handed.slot] = way.peer.member
        self._moving.add(handed.slot)
        self._hold(handed)
        self.on_refusal()

    async def gone(self, member: int) -> None:
        """A member has ended for good: what it had not stored goes to the next owners. Raises StoreError."""
        way = self._ways.get(member)
        if way is None:
            return
        number, but = marked(await self._store.get_state(self._state_of(member, self._ownership.member)))
        self._moving.update(way.slots)
        del self._ways[member]
        for handed in way.given_up(number, but):
            self._hold(handed)
        self._results.forget(member)
        self.owners_changed()

    def _release(self) -> None:
        self._may_release.set()
        if self._releasing is None or self._releasing.done():
            self._releasing = asyncio.get_running_loop().create_task(self._release_all(), name="held events")

    async def _release_all(self) -> None:
        """Hand over what waited, slot by slot, in the order in which it came."""
        while self._may_release.is_set():
            self._may_release.clear()
            for slot in [slot for slot in self._held if slot not in self._moving]:
                try:
                    await self._release_slot(slot)
                except Exception:
                    log.exception("events that waited could not be handed over", extra=fields(slot=slot))

    async def _release_slot(self, slot: int) -> None:
        held = self._held[slot]
        while held and slot not in self._moving:
            handed, way = held[0], self._ways.get(self._ownership.owner_of(slot))
            if way is not None:
                await way.wait_for_room()
                if slot in self._moving or self._ways.get(self._ownership.owner_of(slot)) is not way:
                    continue
                if self._dropped(slot, handed):
                    way.hand_over(handed)
            elif not self._ownership.owns(slot):
                self._moving.add(slot)
            elif await handed.take_here(self._local, self._keepalives):
                self._dropped(slot, handed)
            else:
                await self._local.wait_for_room()
        if not held and self._held.get(slot) is held:
            del self._held[slot]

    def _dropped(self, slot: int, handed: Handed) -> bool:
        """Whether something still waited; it does not any more."""
        held = self._held[slot]
        if handed not in held:
            return False
        held.remove(handed)
        self._held_number -= 1
        return True

    # What others hand over to this member

    def _state_of(self, owner: int, sender: int) -> str:
        return f"members.{owner}.from.{sender}"

    def _mark(self, member: int, number: int) -> Callable[[], PutState]:
        """Returns the write committed with an event from another member, so that it is not processed twice.

        It names the earlier events that are not stored, of which more may be known when the event is decided.
        """
        start, name = self._bus.start_of(member), self._state_of(self._ownership.member, member)
        return lambda: PutState(name, mark_of(start, number, self._results.not_taken(member)))

    async def _stored_of(self, member: int, start: str) -> Welcome:
        """Which events from a start of a member are stored."""
        self._results.begin(member, start)
        value = await self._store.get_state(self._state_of(self._ownership.member, member))
        number, but = marked(value, start)
        return Welcome(number, tuple(sorted({*but, *self._results.not_stored(member)})))

    def _event_offered(self, member: int, message: OfferEvent, answer: SendReply) -> bool:
        try:
            mark = self._mark(member, message.id)
            incoming = self._entities.setdefault(member, EntitiesHeard()).incoming(message, mark)
            slot = self._slot_of(incoming.event)
        except Exception:
            log.exception("processing an event from another member failed", extra=fields(worker=member))
            answer(EventResult(message.id, EventRefused("internal error")))
            return True
        return self._take_for(member, message.id, slot, answer, lambda done: self._local.take(incoming, done))

    def _keepalive_offered(self, member: int, message: OfferKeepalive, answer: SendReply) -> bool:
        mark, keepalive = self._mark(member, message.id), message.keepalive
        slot = self._slot_of(keepalive)
        return self._take_for(
            member,
            message.id,
            slot,
            answer,
            lambda done: self._keepalives.take(keepalive, message.at, message.event_id, mark, done),
        )

    def _take_for(self, member: int, number: int, slot: int, answer: SendReply, take: Callable[[Done], bool]) -> bool:
        """Take an event of another member, unless it was taken already, or is refused because of its slot."""
        if self._results.knows(member, number, answer) or self._bounces(member, number, slot, answer):
            return True
        done = self._results.telling(member, number, answer)
        try:
            if take(done):
                return True
        except Exception:
            log.exception("processing an event from another member failed", extra=fields(worker=member))
            done(EventRefused("internal error"))
            return True
        self._results.unknown(member, number)
        return False

    def _bounces(self, member: int, number: int, slot: int, answer: SendReply) -> bool:
        """Whether something is refused because this member does not own its slot, or refused an earlier one of it."""
        if self._ownership.owns(slot) and not self._results.refuses(member, slot):
            return False
        self._results.bounce(member, number, slot)
        answer(NotMine(number))
        return True

    def _removal_asked(self, member: int, message: RemoveEvent, answer: SendReply) -> None:
        if self._bounces(member, message.id, slot_of(message.key.namespace, message.key.entity), answer):
            return
        task = asyncio.get_running_loop().create_task(self._remove(message, answer))
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)

    async def _remove(self, message: RemoveEvent, answer: SendReply) -> None:
        also: list[Write] = [*message.audit, *(() if message.trim is None else (message.trim,))]
        existed: bool | None = None
        try:
            existed = await self._local.remove(message.key, also)
        except StoreError as err:
            log.warning("could not delete an event for another member", extra=fields(error=str(err)))
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
