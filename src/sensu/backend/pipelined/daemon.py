"""pipelined: takes committed events through their workflows, at least once, in order for each entity and check.

Pending deliveries stay in the store until they are settled. Workflows for the same handler, entity and check run one
after the other, all others concurrently, within the capacity of their handlers. A workflow that failed is retried after
a pause; after the last attempt the delivery becomes a dead letter with the reason. A delivery is settled when no
workflow is left; one that is not settled when the process ends is pending at the next start.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec

from sensu.backend.membership import ALONE, Ownership
from sensu.backend.pipelined.queue.backlog import Backlog
from sensu.backend.pipelined.queue.bounds import Bounds
from sensu.backend.pipelined.queue.capacity import HandlerCapacity, HandlerKey, HandlerSlot
from sensu.backend.pipelined.queue.delivery import PendingDelivery, key_of
from sensu.backend.pipelined.queue.delivery_log import log_outcome, log_problems, serious_problems
from sensu.backend.pipelined.queue.handlings import KeptHandlings
from sensu.backend.pipelined.queue.order import OrderedRuns
from sensu.backend.pipelined.queue.retry_discard import OperatorActions
from sensu.backend.pipelined.queue.settlement import Settlement
from sensu.backend.pipelined.queue.traces import Traces
from sensu.backend.pipelined.queue.validity import until_valid
from sensu.backend.pipelined.steps.filters import EventSubject
from sensu.backend.pipelined.steps.outcome import Dropped, Outcome, Retry
from sensu.backend.pipelined.steps.workflows import Attempt, Recorder, Workflows, attempt_trace
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.log import fields
from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.rules.explain import (
    DISCARDED,
    FAILED,
    FELL_BACK,
    GIVEN_UP,
    NEXT_PIPELINE,
    WorkflowTrace,
    discarded,
    facts_of,
)
from sensu.rules.owed import WHY_CHARACTERS_MAX, Step, rest_of, steps_of
from sensu.rules.retrying import pause_s
from sensu.rules.share import Slots, slot_of_delivery
from sensu.rules.workflow import Workflow
from sensu.store.contract import Store
from sensu.store.values import OweDelivery, SettleDelivery

log = logging.getLogger("sensu.pipelined")

SWEEP_S = 30.0
"""The interval of the search for pending deliveries that were missed."""
DRAIN_S = 1.0
"""The time that running handlers have to end when the backend stops; after it their deliveries stay pending."""
UNTRIED = Step()


class DeliveryCounters(Protocol):
    """The metrics of pipelined."""

    def handled(self, workflow: Workflow, outcome: Outcome, seconds: float) -> None:
        """One attempt to take an event through a workflow has ended."""
        ...

    def stage(self, stage: str, ref: str, well: bool, seconds: float) -> None:
        """One stage (`filter`, `mutator`, `handler`) of an attempt has ended."""
        ...

    def resolved(self, kind: str, well: bool, seconds: float) -> None:
        """The workflows of an event were found, those of its pipelines (`modern`) or of its handlers (`legacy`)."""
        ...

    def concluded(self, workflows: int, well: bool, seconds: float) -> None:
        """All workflows of an event have ended; `seconds` since it was read from the store."""
        ...

    def busy(self, change: int) -> None:
        """Change the number of running mutators and handlers."""
        ...


class Pipelined:
    """Handles the pending deliveries of `store`; call `wake` when more are stored."""

    def __init__(
        self,
        store: Store,
        workflows: Workflows,
        counters: DeliveryCounters,
        clock: Clock,
        bounds: Bounds | None = None,
        roll: Callable[[], float] = random.random,
        ownership: Ownership = ALONE,
        attempted: Callable[[str, WorkflowTrace], None] = lambda *_: None,
    ) -> None:
        """`roll` gives random numbers from 0 to 1, which spread retries; `ownership` says which slots are handled.

        `attempted` is called with the namespace and the trace of each attempt that has ended.
        """
        self._attempted = attempted
        self._store = store
        self._roll = roll
        self._workflows = workflows
        self._counters = counters
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._backlog = Backlog(store, self, clock, ownership)
        store.follow_deliveries(self._backlog.hand_over)
        self._settlement = Settlement(store, clock)
        self._capacity = HandlerCapacity(self._bounds.per_handler_max, self._bounds.running_max)
        self._pending: dict[int, PendingDelivery] = {}
        self._event_bytes = 0
        self._runs = OrderedRuns(self, clock, self._bounds.retry_early_above)
        self.operators = OperatorActions(
            store, self._settlement, self._backlog, self._pending, self._retry_now, self.note_discarded, clock
        )
        self.traces = Traces()
        self._handlings = KeptHandlings(store, self._settlement, clock)
        self._group: asyncio.TaskGroup | None = None
        self._running = 0
        self.stopping = False
        self._idle = asyncio.Event()
        self._forgotten = asyncio.Event()
        ownership.on_gain(self._take_up)
        ownership.on_loss(self._give_up_slots)

    def wake(self) -> None:
        """Call when new deliveries are stored."""
        self._backlog.wake()

    async def run(self) -> None:
        """Handle deliveries until cancelled; those that are not settled by then stay pending."""
        self.stopping = False
        try:
            async with asyncio.TaskGroup() as self._group:
                self._group.create_task(self._settlement.run())
                self._group.create_task(self._handlings.run())
                self._group.create_task(self._sweep_forever())
                try:
                    await self._backlog.run()
                finally:
                    await self._drain()
        finally:
            await self._workflows.close()
            for pending in self._pending.values():
                if pending.is_underway and pending.event is not None:
                    self._settlement.add((pending.progress(),))
            await self._handlings.finish()
            await self._settlement.finish()

    async def _drain(self) -> None:
        """Let running attempts end and start no others."""
        self.stopping = True
        if self._running:
            self._idle.clear()
            try:
                async with asyncio.timeout(DRAIN_S):
                    await self._idle.wait()
            except TimeoutError:
                log.warning("handlers are ended before they are done", extra=fields(running=self._running))

    async def _sweep_forever(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_S)
            self._backlog.look_at_all()

    def pending(self) -> int:
        """The number of deliveries in memory."""
        return len(self._pending)

    def full(self) -> bool:
        """Whether memory takes no further delivery."""
        return len(self._pending) >= self._bounds.pending_max

    def holds(self, delivery_id: int) -> bool:
        """Whether a delivery is in memory."""
        return delivery_id in self._pending

    def has_room(self, handlers: Iterable[HandlerKey]) -> bool:
        """Whether each of the handlers has room for another delivery."""
        return self._capacity.have_room(handlers)

    def prepared(self, delivery: OweDelivery) -> PendingDelivery | None:
        """The delivery with its workflows; one that cannot be read, or has none left, is settled."""
        try:
            event, rest = decode(Event, delivery.event), steps_of(delivery.rest, delivery.due_at)
        except InvalidResource as err:
            log.error("a delivery cannot be read", extra=fields(delivery=delivery.id, error=str(err)))
            self._settlement.add((SettleDelivery(delivery.id, dead=f"the event cannot be read: {err}"),))
            return None
        began = self._clock.monotonic()
        found = self._workflows.of(delivery.namespace, event, rest)
        took_s = self._clock.monotonic() - began
        self._counters.resolved("modern" if event.pipelines else "legacy", not found.problems, took_s)
        pending = PendingDelivery(
            id=delivery.id,
            key=key_of(delivery.namespace, event),
            event=delivery.event,
            workflows=found.workflows,
            attempts=delivery.attempts,
            since=self._clock.monotonic(),
            steps={str(workflow): (rest or {}).get(str(workflow), UNTRIED) for workflow in found.workflows},
            facts=facts_of(event),
            problems=found.problems,
            change=delivery.change,
        )
        self._handlings.begin(pending, fresh=rest is None)
        if pending.workflows:
            return pending
        log_problems(pending)
        self._handlings.note_planned(pending, serious_problems(pending))
        self._counters.concluded(0, not pending.problems, took_s)
        self.traces.note(pending)
        self._settlement.add((SettleDelivery(delivery.id),))
        return None

    def note_discarded(self, delivery: PendingDelivery | OweDelivery) -> None:
        """Keep that the remaining workflows of a delivery, in memory or not, are discarded."""
        pending = delivery if isinstance(delivery, PendingDelivery) else self._read(delivery)
        if pending is None:
            return
        for workflow in pending.workflows:
            if pending is not delivery or str(workflow) in pending.steps:
                self._handlings.note(pending, workflow, discarded(workflow, self._clock.now()))

    def _read(self, delivery: OweDelivery) -> PendingDelivery | None:
        """A delivery that does not come into memory, with its workflows; None if it cannot be read."""
        try:
            event, rest = decode(Event, delivery.event), steps_of(delivery.rest, delivery.due_at)
        except InvalidResource:
            return None
        workflows, key = (
            self._workflows.of(delivery.namespace, event, rest).workflows,
            key_of(delivery.namespace, event),
        )
        facts, change = facts_of(event), delivery.change
        return PendingDelivery(delivery.id, key, None, workflows, delivery.attempts, 0.0, {}, facts, change=change)

    def admit(self, pending: PendingDelivery) -> None:
        """Add a delivery; for each of its handlers it comes after those of its entity and check."""
        log_problems(pending)
        self._handlings.note_planned(pending, serious_problems(pending))
        self._pending[pending.id] = pending
        assert pending.event is not None
        self._event_bytes += len(pending.event)
        waits = all(self._runs.busy(pending.key, workflow.handler) for workflow in pending.workflows)
        if waits and self._event_bytes > self._bounds.event_bytes_max:
            self._release(pending)
        assert self._group is not None
        for handler in dict.fromkeys(workflow.handler for workflow in pending.workflows):
            self._capacity.add((pending.namespace, handler))
            self._runs.enqueue(self._group, pending, handler)

    async def attempt(self, pending: PendingDelivery, workflow: Workflow) -> bool:
        """Try a workflow; true if it must be retried when the delivery is due."""
        await until_valid(self._store.feed, self._clock, pending)
        if pending.moved:
            pending.left[str(workflow)] = pending.steps[str(workflow)]
        if pending.is_stopped:
            return False
        outcome, trace = await self._attempt(pending, workflow)
        if pending.moved and isinstance(outcome, Retry):
            pending.left[str(workflow)] = pending.steps[str(workflow)]
            return False
        again = isinstance(outcome, Retry) and not pending.discarded and self._failed(pending, workflow, outcome.why)
        if isinstance(outcome, Dropped) and workflow.then:
            pending.failed[str(workflow)] = outcome.why
        traced = self._traced(pending, workflow, outcome, trace)
        self.traces.note(pending, traced)
        self._handlings.note(pending, workflow, traced)
        self._attempted(pending.namespace, traced)
        return again

    def longest_pause_s(self, pending: PendingDelivery, workflow: Workflow) -> float:
        """The longest pause before the retry of a workflow."""
        return self._workflows.policy_of(pending.namespace, workflow).delay_max_s

    def _failed(self, pending: PendingDelivery, workflow: Workflow, why: str) -> bool:
        """Plan the retry of a failed workflow; false if it is given up, and goes to its fallback handler, if any."""
        name, policy = str(workflow), self._workflows.policy_of(pending.namespace, workflow)
        tries = pending.steps[name].tries + 1
        pending.attempts = max(pending.attempts, tries)
        pending.subject = None
        if tries > policy.attempts:
            self._give_up(pending, workflow, why)
            return False
        due_at = self._clock.now() + pause_s(policy, tries, self._roll())
        pending.steps[name] = Step(tries, due_at, why[:WHY_CHARACTERS_MAX])
        if pending.event is not None:
            self._settlement.add((pending.progress(),))
        return True

    def _give_up(self, pending: PendingDelivery, workflow: Workflow, why: str) -> None:
        """Create a delivery to the fallback handler and end this workflow, in one commit; or record the failure."""
        name, fallback = str(workflow), self._workflows.fallback_for(pending.namespace, workflow)
        if isinstance(fallback, str) or pending.event is None:
            pending.failed[name] = f"{why}; {fallback}" if fallback else why
            return
        log.error("event goes to the fallback handler", extra=fields(delivery=pending.id, workflow=name, error=why))
        pending.fell_back.add(name)
        self._hand_over(pending, (str(fallback),), f"{name}: {why}")

    def _try_next(self, pending: PendingDelivery, workflow: Workflow) -> None:
        """Create a delivery to the next pipeline of a fallback pipeline if one has ended and any workflow failed."""
        names = [str(each) for each in pending.workflows if each.pipeline == workflow.pipeline]
        failed = {name: pending.failed[name] for name in names if name in pending.failed}
        if not failed or pending.is_stopped or pending.event is None or not pending.steps.keys().isdisjoint(names):
            return
        why = "; ".join(f"{name}: {why}" for name, why in failed.items())
        log.error("event goes to the next pipeline", extra=fields(delivery=pending.id, error=why))
        pending.fell_back.update(failed)
        for name in failed:
            del pending.failed[name]
        self._hand_over(pending, workflow.then, why)

    def _hand_over(self, pending: PendingDelivery, workflows: Sequence[str], why: str) -> None:
        """Commit a delivery to other workflows together with what remains of this one."""
        assert pending.event is not None
        rest = rest_of({name: Step(why=why[:WHY_CHARACTERS_MAX]) for name in workflows})
        delivery_id = self._store.next_delivery_id(slot_of_delivery(pending.id))
        delivery = OweDelivery(
            delivery_id, pending.namespace, pending.event, self._clock.now(), 0, rest, pending.change
        )
        self._settlement.add((delivery, *pending.without_fallen_back()), self._backlog.wake)

    def _traced(
        self, pending: PendingDelivery, workflow: Workflow, outcome: Outcome, trace: WorkflowTrace
    ) -> WorkflowTrace:
        """The trace of an attempt with its consequence."""
        name, step = str(workflow), pending.steps[str(workflow)]
        if not isinstance(outcome, Retry):
            return msgspec.structs.replace(trace, attempts=step.tries + 1)
        if name in pending.fell_back:
            word = FELL_BACK
        elif pending.discarded:
            word = DISCARDED
        else:
            word = FAILED if name not in pending.failed else NEXT_PIPELINE if workflow.then else GIVEN_UP
        retried = word == FAILED
        attempts = step.tries if retried else step.tries + 1
        due_at = step.due_at if retried else 0.0
        return msgspec.structs.replace(trace, outcome=word, attempts=attempts, due_at=due_at)

    def done(self, pending: PendingDelivery, workflow: Workflow) -> None:
        """Called when a workflow has ended, with success or not."""
        handler = workflow.handler
        del pending.steps[str(workflow)]
        if workflow.then:
            self._try_next(pending, workflow)
        left = any(each.handler == handler and str(each) in pending.steps for each in pending.workflows)
        if not left and self._capacity.remove((pending.namespace, handler)):
            self._backlog.look_again()
        if not pending.steps:
            self._conclude(pending)

    async def _attempt(self, pending: PendingDelivery, workflow: Workflow) -> tuple[Outcome, WorkflowTrace]:
        """Run one attempt; an unexpected error fails this attempt only."""
        started, recorder = self._clock.monotonic(), Recorder()
        try:
            outcome = await self._run(pending, workflow, recorder)
        except Exception as err:
            log.exception("a workflow failed", extra=fields(delivery=pending.id, workflow=str(workflow)))
            outcome = Retry(f"{type(err).__name__}: {err}")
        seconds = self._clock.monotonic() - started
        self._counters.handled(workflow, outcome, seconds)
        log_outcome(pending, workflow, outcome)
        return outcome, attempt_trace(workflow, outcome, recorder, self._clock.now(), seconds)

    async def _run(self, pending: PendingDelivery, workflow: Workflow, recorder: Recorder) -> Outcome:
        subject = await self._subject(pending)
        if subject is None:
            return Dropped("the delivery is no longer pending")
        turn = _Turn(self, self._capacity.slot((pending.namespace, workflow.handler)))
        attempt = Attempt(pending.namespace, workflow, subject, f"{pending.id}:{workflow}", turn, recorder)
        return await self._workflows.run(attempt, self._clock.monotonic, self._counters.stage)

    def turn_begins(self) -> None:
        """A mutator or handler starts."""
        self._running += 1
        self._counters.busy(1)

    def turn_ends(self) -> None:
        """A mutator or handler has ended."""
        self._counters.busy(-1)
        self._running -= 1
        if not self._running:
            self._idle.set()

    async def _subject(self, pending: PendingDelivery) -> EventSubject | None:
        """The event, read again if it was released; None if the delivery is no longer pending."""
        if pending.event is None:
            delivery = await self._backlog.read(pending.id)
            if delivery is None:
                return None
            if pending.event is None:
                pending.event = delivery.event
                self._event_bytes += len(pending.event)
        if pending.subject is None:
            pending.subject = EventSubject(pending.event)
        return pending.subject

    def _release(self, pending: PendingDelivery) -> None:
        """Release the event of a delivery from memory; the store has it."""
        if pending.event is not None:
            self._event_bytes -= len(pending.event)
        pending.event = pending.subject = None

    def _conclude(self, pending: PendingDelivery) -> None:
        """Settle a delivery without remaining workflows, and free its room once the store has it."""
        if pending.left:
            self._hand_on(pending)
            return
        seconds = self._clock.monotonic() - pending.since
        self._counters.concluded(len(pending.workflows), not pending.failed, seconds)
        if pending.failed and pending.event is not None and not pending.discarded:
            why = "; ".join(pending.failed.values())
            log.error("a delivery is given up", extra=fields(delivery=pending.id, error=why))
            writes = pending.conclusion()
            self._release(pending)
            self._settlement.add(writes, lambda: self._forget(pending.id))
        else:
            self._release(pending)
            self._settlement.settle(pending.id, lambda: self._forget(pending.id))

    def _hand_on(self, pending: PendingDelivery) -> None:
        """Leave the workflows that were not done to the member that the delivery has moved to."""
        pending.steps = pending.left
        if pending.is_underway and pending.event is not None:
            self._settlement.add((pending.progress(),), lambda: self._forget(pending.id))
        else:
            self._forget(pending.id)
        self._release(pending)

    async def _take_up(self, slots: Slots) -> None:
        """Handle the deliveries of slots that become this member's."""
        self._backlog.take_up(slots)

    async def _give_up_slots(self, slots: Slots) -> None:
        """Begin nothing more for slots that go to another member; return when nothing of them runs or is unsaved."""
        self._backlog.give_up(slots)
        moved = [each for each in self._pending.values() if slot_of_delivery(each.id) in slots]
        for pending in moved:
            pending.moved = True
            self._retry_now(pending)
        while any(each.id in self._pending for each in moved):
            self._forgotten.clear()
            await self._forgotten.wait()
        self._handlings.forget(slots)

    def _retry_now(self, pending: PendingDelivery) -> None:
        """End all waits of a delivery."""
        self._workflows.end_wait(pending.id, sends=not pending.is_stopped)
        self._runs.retry_now(pending)

    def _forget(self, delivery_id: int) -> None:
        was_full = self.full()
        del self._pending[delivery_id]
        self._backlog.left(delivery_id)
        self._forgotten.set()
        if was_full:
            self._backlog.look_again()


class _Turn:
    """A turn of a handler; none is given while pipelined stops."""

    __slots__ = ("_pipelined", "_slot", "_held")

    def __init__(self, pipelined: Pipelined, slot: HandlerSlot) -> None:
        self._pipelined, self._slot, self._held = pipelined, slot, False

    async def __aenter__(self) -> None:
        await self._slot.turns.acquire()
        if self._pipelined.stopping:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._slot.turns.release()
        self._held = True
        self._pipelined.turn_begins()

    async def __aexit__(self, *_: object) -> None:
        if self._held:
            self._held = False
            self._pipelined.turn_ends()
            self._slot.turns.release()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """A context in which others can have the turn; it is not taken again if the context ends with an error."""
        await self.__aexit__()
        yield
        await self.__aenter__()
