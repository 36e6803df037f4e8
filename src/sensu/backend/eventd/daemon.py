"""eventd: the intake of all events.

Takes waiting events as a group, decides each in turn from the state before it, and commits the group at once: events,
deliveries for handlers, proxy entities, ended silences. One loop decides, so events of one check are never reordered.
A sender gets its answer after the commit.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from sensu.backend.eventd import outage
from sensu.backend.eventd.arrivals import (
    Arrival,
    Done,
    ItemDecision,
    Overdue,
    Removal,
    Waiting,
    answer,
    arrival,
    can_come_again,
    entities_needed,
    resolve,
)
from sensu.backend.eventd.counters import EventCounters, Took, count_events, count_group
from sensu.backend.eventd.deadlines import Deadlines
from sensu.backend.eventd.decisions import DecisionGroup, Lookups
from sensu.backend.eventd.gate import TOO_MANY, DeliveryGate
from sensu.backend.eventd.queue import Queue
from sensu.backend.eventd.recognition import RecentMetrics, RecentResults
from sensu.backend.eventd.silence_marks import SilenceMarks
from sensu.backend.eventd.slot_moves import SlotMoves
from sensu.backend.eventd.states import States
from sensu.backend.membership import ALONE, Ownership
from sensu.backend.ports import EventDeferred, EventOutcome, IncomingEvent
from sensu.backend.silence_indexes import SilenceIndexes
from sensu.backend.stored_entities import StoredEntities
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.check import KEEPALIVE
from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.rules.check_state import is_newest, outdated, stored_state
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache
from sensu.store.values import Change, Committed, Conflict, EventKey, Refused, Write

log = logging.getLogger("sensu.eventd")

RETRY_PAUSES_S = (0.05, 0.2, 1.0, 3.0)
"""Pauses between attempts to reach the store; after the last one, events are deferred."""
CONFLICTS_MAX = 3
"""How often an event is decided again after a conflict with another write; then it is refused."""
ALONE_MAX = 2
"""How often an event is tried by itself that the store rejects while it accepts other writes; then it is refused."""
MISSING_KEEPALIVES_AT_ONCE_MAX = 64
"""How many missing keepalives are processed concurrently; others wait."""
TICK_S = 1.0
EXPIRE_AGAIN_S = 5.0
"""When to process an expired deadline again if its failure event could not be stored."""
GATE_TICK_S = 0.25
"""How often to check whether paused senders can be read again."""

_Keys = dict[EventKey, None]


class Eventd:
    """The intake of events of one process; call `prepare`, then `run`."""

    def __init__(
        self,
        store: Store,
        cache: ResourceCache,
        entities: StoredEntities,
        counters: EventCounters,
        clock: Clock,
        wake_deliveries: Callable[[], None],
        *,
        keeps_results: bool = True,
        answered: Callable[[str, str, int], None] | None = None,
        gate: DeliveryGate | None = None,
        log_event: Callable[[bytes], None] | None = None,
        ownership: Ownership = ALONE,
    ) -> None:
        """With `keeps_results` the history of an event holds every result, otherwise only state changes.

        `answered` is called for each new result of a request, with the namespace and name of the check and `issued`.
        `gate` decides which events are held back while too many deliveries are pending. `log_event` is called with the
        JSON of each committed event. Only the deadlines of slots that `ownership` owns are watched; they are paused
        while events may not reach this member.
        """
        self._store = store
        self._entities = entities
        self._counters = counters
        self._clock = clock
        self._wake_deliveries = wake_deliveries
        self._answered = answered
        self._gate = gate
        self._log_event = log_event
        self._ownership = ownership
        self._overdue_keepalive: Callable[[EventKey], Awaitable[None]] | None = None
        self._queue = Queue()
        self._states = States()
        self._idle = asyncio.Event()
        self._idle.set()
        self._deadlines = Deadlines(clock)
        self._clocks = outage.SlotClocks(clock)
        self._standstill = outage.Standstill(clock, self._pause)
        self._results, self._metrics = RecentResults(store, kept=keeps_results), RecentMetrics(store, ownership.place)
        silences = SilenceIndexes(cache)
        self.silence_marks = SilenceMarks(store, cache, silences, clock, ownership)
        self._lookups = Lookups(
            cache,
            entities,
            silences,
            store.next_delivery_id,
            self._deadlines,
            self._results,
            self._metrics,
            keeps_results,
            logs_events=log_event is not None,
        )
        memories = (self._states, self._results)
        self._moves = SlotMoves(store, self._deadlines, memories, self._clocks, clock.now, self.drained)
        ownership.on_gain(self._moves.take_up)
        ownership.on_gain(self.silence_marks.took_up)
        ownership.on_loss(self._moves.give_up)
        self._keepalives_due: asyncio.Queue[EventKey] = asyncio.Queue()

    def on_overdue_keepalive(self, listener: Callable[[EventKey], Awaitable[None]]) -> None:
        """Call `listener` (keepalived) with each keepalive event that is overdue."""
        self._overdue_keepalive = listener

    def offer(self, incoming: IncomingEvent, done: Done | None = None) -> bool:
        """Queue an event without waiting; False if the queue is full.

        While too many deliveries are pending, an event with `done` is deferred, and the sender of any other must wait.
        """
        held_back = self.hold_back(incoming, done)
        return self.take(incoming, done) if held_back is None else held_back

    def hold_back(self, incoming: IncomingEvent, done: Done | None) -> bool | None:
        """None if the event is admitted; otherwise the answer of `offer`, because too many deliveries are pending."""
        if self._gate is None or self._gate.admits(incoming):
            return None
        self._counters.held_back()
        if done is not None:
            done(EventDeferred(TOO_MANY))
            return True
        self._gate.pause_senders()
        return False

    def take(self, incoming: IncomingEvent, done: Done | None = None) -> bool:
        """Queue an admitted event without waiting; False if the queue is full."""
        offered = self._queue.has_room() and self._queue.offer(arrival(incoming, done))
        if offered:
            self._idle.clear()
        return offered

    def has_room(self) -> bool:
        """Whether the queue has room for another event of an agent."""
        return self._queue.has_room()

    def holds_back(self) -> bool:
        """Whether events are held back because too many deliveries are pending."""
        return self._gate is not None and self._gate.is_closed()

    def waiting(self) -> int:
        """The number of events in the queue."""
        return len(self._queue)

    async def wait_for_room(self) -> None:
        """Return when the queue has room for events of agents."""
        await self._queue.wait_for_room()

    async def wait_until_admitting(self) -> None:
        """Return when events with handlers are admitted again."""
        while self._gate is not None and self._gate.pauses_senders():
            await self._clock.sleep(GATE_TICK_S)

    async def post(self, incoming: IncomingEvent) -> EventOutcome:
        """Queue an event, waiting for room if necessary, and return its outcome."""
        if self._gate is not None and not self._gate.admits(incoming):
            self._counters.held_back()
            return EventDeferred(TOO_MANY)
        outcome: asyncio.Future[EventOutcome] = asyncio.get_running_loop().create_future()
        await self._enqueue(arrival(incoming, lambda value: resolve(outcome, value)))
        return await outcome

    async def remove(self, key: EventKey, also: Sequence[Write] = ()) -> bool:
        """Delete an event in order with the other events, together with the writes `also`; False if it does not exist.

        Raises StoreError.
        """
        removed: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        await self._enqueue(Removal(key, lambda value: resolve(removed, value), also))
        existed = await removed
        if existed is None:
            raise StoreError("the event could not be deleted")
        return existed

    async def _enqueue(self, item: Waiting) -> None:
        await self._queue.put(item)
        self._idle.clear()

    async def prepare(self) -> None:
        """Read the deadlines from the store and move them by the time that the backend was down."""
        await self._metrics.load()
        await self._moves.take_up(self._ownership.slots)

    async def run(self) -> None:
        """Process events and deadlines until cancelled."""
        stop_listening = self._store.listen(self._events_changed)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._process_forever())
                group.create_task(self._watch_deadlines_forever())
                group.create_task(self._beat_forever())
                group.create_task(self.silence_marks.run())
                for _ in range(MISSING_KEEPALIVES_AT_ONCE_MAX):
                    group.create_task(self._pass_on_keepalives_forever())
        finally:
            stop_listening()

    def _events_changed(self, changes: Sequence[Change]) -> None:
        """Drop the state and the deadline of removed events."""
        for change in changes:
            if change.body is None and isinstance(change.key, EventKey):
                self._states.forget(change.key)
                self._results.forget(change.key)
                self._deadlines.forget(change.key)

    async def drained(self) -> None:
        """Return when the queue is empty and everything taken from it is committed, for a stop without loss."""
        await self._idle.wait()

    async def _process_forever(self) -> None:
        while True:
            if not len(self._queue):
                self._idle.set()
            items = await self._queue.take()
            self._idle.clear()
            await self._process(items)

    async def _process(self, items: Sequence[Waiting]) -> None:
        """Decide and commit a group; if that fails, commit each event by itself, so that one cannot block the others.

        Events that the store did not take and whose senders do not send them again are kept at the head of the queue.
        """
        kept: list[Waiting] = []
        if not await self._process_together(items, kept):
            for item in items:
                await self._process_singly(item, kept)
        if kept:
            self._queue.keep(kept)
            self._defer(self._queue.withdraw(can_come_again), kept)

    async def _process_together(self, items: Sequence[Waiting], kept: list[Waiting]) -> bool:
        """Whether the items are stored, deferred or kept."""
        try:
            return not isinstance(await self._attempt(items), Refused)
        except StoreError as err:
            log.error("events could not be stored", extra=fields(events=len(items), error=str(err)))
            if await self._store_takes_writes():
                return False
            self._defer(items, kept)
            return True
        except Exception:
            log.exception("events could not be processed together", extra=fields(events=len(items)))
            return False

    async def _process_singly(self, item: Waiting, kept: list[Waiting]) -> None:
        try:
            for _ in range(ALONE_MAX):
                try:
                    return await self._process_alone(item)
                except StoreError as err:
                    log.error("an event could not be stored", extra=fields(error=str(err)))
                    if not await self._store_takes_writes():
                        return self._defer([item], kept)
            self._refuse_all([item], "the store cannot take it")
        except Exception:
            log.exception("an event could not be processed")
            self._refuse_all([item], "internal error")

    async def _store_takes_writes(self) -> bool:
        """Whether the store accepts other writes, so that an event itself is the reason for a failed commit."""
        try:
            await self._store_clocks()
        except StoreError:
            return False
        return True

    async def _store_clocks(self) -> None:
        with self._standstill.asking():
            await self._store.commit(self._clocks.beats(self._clock.now()))

    async def _process_alone(self, item: Waiting) -> None:
        result: Committed | Refused | None = None
        for _ in range(CONFLICTS_MAX):
            result = await self._attempt([item])
            if not isinstance(result, Refused) or result.conflict is Conflict.NAMESPACE_MISSING:
                break
        if isinstance(result, Refused):
            why = "namespace not found" if result.conflict is Conflict.NAMESPACE_MISSING else "conflicting writes"
            self._refuse_all([item], why)

    async def _attempt(self, items: Sequence[Waiting]) -> Committed | Refused | None:
        """Decide the items and commit the result; retries while the store fails, then raises StoreError."""
        for pause_s in (*RETRY_PAUSES_S, None):
            try:
                return await self._decide_and_commit(items)
            except StoreError as err:
                if pause_s is None:
                    raise
                log.warning("the store does not answer", extra=fields(error=str(err), again_in_s=pause_s))
            await self._clock.sleep(pause_s)
        return None

    async def _decide_and_commit(self, items: Sequence[Waiting]) -> Committed | Refused | None:
        started = self._clock.monotonic()
        decisions: list[ItemDecision] = []
        writes: list[Write] = []
        with self._standstill.asking():
            group = await self._group(items)
            for item in items:
                decision = group.decide(item)
                decisions.append(decision)
                writes += decision.writes
            decided = self._clock.monotonic()
            try:
                result = await self._store.commit(writes) if writes else None
            except StoreError:
                took = Took(decided - started, self._clock.monotonic() - decided)
                count_group(self._counters, items, group.proxies_made, took, well=False)
                raise
        if not isinstance(result, Refused):
            committed = self._clock.monotonic()
            self._apply(items, decisions)
            self._metrics.add(group.metrics_received)
            took = Took(decided - started, committed - decided, self._clock.monotonic() - committed)
            count_group(self._counters, items, group.proxies_made, took, well=True)
            count_events(self._counters, items, decisions)
        return result

    async def _group(self, items: Sequence[Waiting]) -> DecisionGroup:
        """A group with what its decisions need: the states before, and whole events where those are changed."""
        await self._store.feed.caught_up()
        unknown, whole, received = _Keys(), _Keys(), _Keys()
        for item in items:
            self._note_needs(item, unknown, whole, received)
        await self._entities.load(entities_needed(items))
        loaded: dict[EventKey, Event] = {}
        if unknown or whole:
            found = await self._store.get_events(list({**unknown, **whole}))
            loaded = {key: decode(Event, stored.body) for key, stored in found.items()}
            self._states.learn(
                {**unknown, **whole}, {key: stored_state(event, found[key].change) for key, event in loaded.items()}
            )
            for item in items:
                if item.key in unknown and isinstance(item, Arrival):
                    self._note_needs(item, {}, {}, received)
        if received:
            await self._results.load(received)
        return DecisionGroup(self._states, loaded, self._lookups, self._clock.now(), self._clocks.now_s)

    def _note_needs(self, item: Waiting, unknown: _Keys, whole: _Keys, received: _Keys) -> None:
        """Note the states, whole events and identities of results that the decision about an item needs."""
        key = item.key
        if key is None:
            return
        if key not in self._states:
            unknown[key] = None
        if isinstance(item, Arrival):
            state, sender, event = self._states.get(key), item.incoming.sender, item.incoming.event
            if state is not None and sender is not None:
                if not is_newest(state, event) and key not in self._results:
                    received[key] = None
                if event.sequence < state.sequence and outdated(state, event, sender):
                    whole[key] = None
        elif isinstance(item, Overdue):
            whole[key] = None
            keepalive = EventKey(key.namespace, key.entity, KEEPALIVE)
            if keepalive not in self._states:
                unknown[keepalive] = None

    def _apply(self, items: Sequence[Waiting], decisions: Sequence[ItemDecision]) -> None:
        """Apply committed decisions to the state in memory and answer the senders."""
        owed, checks, metrics, refused = False, 0, 0, 0
        for item, decision in zip(items, decisions, strict=True):
            key = decision.key
            if key is not None:
                self._note_state(key, decision)
            owed = owed or decision.owed
            if decision.refused:
                refused += 1
            elif isinstance(item, Arrival) and item.key is None:
                metrics += 1
            elif not isinstance(item, Removal):
                checks += 1
                if key is not None:
                    self._report_answered(item)
            answer(item, decision)
            if decision.live and self._log_event is not None:
                self._log_event(decision.live)
        if owed:
            self._wake_deliveries()
        for kind, status, events in (
            ("check", "success", checks),
            ("metrics", "success", metrics),
            ("check", "error", refused),
        ):
            if events:
                self._counters.processed(kind, status, events)

    def _note_state(self, key: EventKey, decision: ItemDecision) -> None:
        self._states.put(key, decision.state)
        if decision.identity and self._results.in_use:
            self._results.add(key, decision.identity)
        if decision.due_after_s is not None:
            self._deadlines.arm(key, decision.due_after_s)
        else:
            self._deadlines.forget(key)

    def _report_answered(self, item: Waiting) -> None:
        if self._answered is not None and isinstance(item, Arrival):
            check = item.incoming.event.check
            if check is not None and check.issued:
                self._answered(item.namespace, check.metadata.name, check.issued)

    def _defer(self, items: Sequence[Waiting], kept: list[Waiting]) -> None:
        """Answer senders that their events are deferred; events whose senders get no answer join `kept`."""
        for item in items:
            if not can_come_again(item):
                kept.append(item)
                continue
            self._counters.processed("check", "error", 1)
            if isinstance(item, Overdue):
                self._deadlines.arm(item.key, EXPIRE_AGAIN_S)
            elif isinstance(item, Removal):
                item.done(None)
            elif item.done is not None:
                item.done(EventDeferred("the store does not answer"))

    def _refuse_all(self, items: Sequence[Waiting], why: str) -> None:
        self._counters.processed("check", "error", len(items))
        for item in items:
            if isinstance(item, Overdue):
                self._deadlines.arm(item.key, EXPIRE_AGAIN_S)
            else:
                answer(item, ItemDecision(refused=why))

    async def _watch_deadlines_forever(self) -> None:
        while True:
            wait_s = self._deadlines.wait_s(TICK_S)
            started = self._clock.monotonic()
            await self._clock.sleep(wait_s)
            held_back = self._gate is not None and self._gate.pauses_senders()
            self._standstill.slept(started, wait_s, nothing_came=held_back or self._ownership.may_miss_events())
            for key in self._deadlines.take_due():
                if key.check == KEEPALIVE:
                    self._keepalives_due.put_nowait(key)
                else:
                    await self._enqueue(Overdue(key))

    def _pause(self, seconds: float) -> None:
        """Postpone all deadlines by a time in which no event could arrive, also for the next owners of their slots."""
        self._deadlines.pause(seconds)
        self._clocks.stand_still(seconds)

    async def _pass_on_keepalives_forever(self) -> None:
        while True:
            key = await self._keepalives_due.get()
            if self._overdue_keepalive is None:
                continue
            try:
                await self._overdue_keepalive(key)
            except Exception:
                log.exception(
                    "missing keepalive could not be processed", extra=fields(namespace=key.namespace, entity=key.entity)
                )
                if key not in self._deadlines:
                    self._deadlines.arm(key, EXPIRE_AGAIN_S)

    async def _beat_forever(self) -> None:
        while True:
            try:
                await self._store_clocks()
            except StoreError as err:
                log.warning("the store does not answer", extra=fields(error=str(err)))
            await self._clock.sleep(outage.BEAT_S)
