"""pipelined: takes committed events through their workflows, at least once, in order for each entity and check.

What is owed lies in the store until it is settled. Workflows for the same handler, entity and check wait for each
other, all others run side by side, as far as their handlers have room. A workflow that failed is tried again after a
pause, then the delivery rests among the dead letters with why. A delivery is settled when no workflow is left; what was
not settled when the process ended is owed still.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from sensu.backend.membership import ALONE, Ownership
from sensu.backend.pipelined.queue.backlog import Backlog
from sensu.backend.pipelined.queue.bounds import Bounds
from sensu.backend.pipelined.queue.capacity import Lane, Lanes, Place
from sensu.backend.pipelined.queue.delivery import Held, key_of
from sensu.backend.pipelined.queue.order import Chains
from sensu.backend.pipelined.queue.retry_discard import ByHand
from sensu.backend.pipelined.queue.settlement import Settlement
from sensu.backend.pipelined.queue.traces import Traces
from sensu.backend.pipelined.steps.filters import Subject
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Filtered, Outcome, Retry
from sensu.backend.pipelined.steps.workflows import Attempt, Recorder, Workflows, attempt_trace
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.log import fields
from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.rules.explain import DISCARDED, FAILED, FELL_BACK, GIVEN_UP, WorkflowTrace, facts_of
from sensu.rules.owed import WHY_CHARACTERS_MAX, Step, rest_of, steps_of
from sensu.rules.retrying import pause_s
from sensu.rules.share import slot_of_delivery
from sensu.rules.workflow import Workflow, missing_handler
from sensu.store.contract import OweDelivery, SettleDelivery, Store

log = logging.getLogger("sensu.pipelined")

SWEEP_S = 30.0
"""How often to look for deliveries that are owed and were missed."""
DRAIN_S = 1.0
"""How long what runs may take to end when the backend stops; then it is broken off, and owed still."""
UNTRIED = Step()
OPTIONAL_HANDLERS = frozenset(("keepalive", "registration"))
"""Handlers that Sensu names by itself, in events of the same name; a healthy installation need not have them."""


class Counters(Protocol):
    """What pipelined counts."""

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
        """So many more (or fewer) mutators and handlers are at work."""
        ...


class Pipelined:
    """Handles what is owed in `store`; `wake` tells it that there is more."""

    def __init__(
        self,
        store: Store,
        workflows: Workflows,
        counters: Counters,
        clock: Clock,
        bounds: Bounds | None = None,
        roll: Callable[[], float] = random.random,
        ownership: Ownership = ALONE,
    ) -> None:
        """`roll` gives numbers from 0 to 1, which tell pauses apart; only deliveries of slots that `ownership` owns are
        handled.
        """
        self._store = store
        self._roll = roll
        self._workflows = workflows
        self._counters = counters
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._backlog = Backlog(store, self, clock, ownership)
        self._settlement = Settlement(store, clock)
        self._lanes = Lanes(self._bounds.lane_max, self._bounds.running_max)
        self._held: dict[int, Held] = {}
        self._event_bytes = 0
        self._chains = Chains(self, clock, self._bounds.patient_up_to)
        self.by_hand = ByHand(store, self._settlement, self._backlog, self._held, self._chains.hurry, clock)
        self.traces = Traces()
        self._group: asyncio.TaskGroup | None = None
        self._running = 0
        self.stopping = False
        self._idle = asyncio.Event()

    def wake(self) -> None:
        """New deliveries are owed in the store."""
        self._backlog.wake()

    async def run(self) -> None:
        """Handle what is owed until cancelled; what is not settled by then is owed still."""
        self.stopping = False
        try:
            async with asyncio.TaskGroup() as self._group:
                self._group.create_task(self._settlement.run())
                self._group.create_task(self._sweep_forever())
                try:
                    await self._backlog.run()
                finally:
                    await self._drain()
        finally:
            for held in self._held.values():
                if 0 < len(held.steps) < len(held.workflows) and held.event is not None and not held.discarded:
                    self._settlement.add((held.progress(),))
            await self._settlement.finish()

    async def _drain(self) -> None:
        """Let what runs end, and nothing begin."""
        self.stopping = True
        if self._running:
            self._idle.clear()
            try:
                async with asyncio.timeout(DRAIN_S):
                    await self._idle.wait()
            except TimeoutError:
                log.warning("handlers are broken off", extra=fields(running=self._running))

    async def _sweep_forever(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_S)
            self._backlog.look_at_all()

    def held(self) -> int:
        """How many deliveries are in memory."""
        return len(self._held)

    def full(self) -> bool:
        """Whether no delivery at all may be taken in."""
        return len(self._held) >= self._bounds.held_max

    def holds(self, delivery_id: int) -> bool:
        """Whether a delivery is in memory already."""
        return delivery_id in self._held

    def has_room(self, places: Iterable[Place]) -> bool:
        """Whether all these handlers have room for a delivery more."""
        return self._lanes.have_room(places)

    def prepared(self, delivery: OweDelivery) -> Held | None:
        """The delivery as it would be held; one that cannot be read, or has nothing to do, is settled."""
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
        held = Held(
            id=delivery.id,
            key=key_of(delivery.namespace, event),
            event=delivery.event,
            workflows=found.workflows,
            attempts=delivery.attempts,
            since=self._clock.monotonic(),
            steps={str(workflow): (rest or {}).get(str(workflow), UNTRIED) for workflow in found.workflows},
            facts=facts_of(event),
            problems=found.problems,
        )
        if held.workflows:
            return held
        _log_problems(held)
        self._counters.concluded(0, not held.problems, took_s)
        self.traces.note(held)
        self._settlement.add((SettleDelivery(delivery.id),))
        return None

    def admit(self, held: Held) -> None:
        """Take a delivery in: for each of its handlers it stands behind those of its entity and check."""
        _log_problems(held)
        self._held[held.id] = held
        assert held.event is not None
        self._event_bytes += len(held.event)
        waits = all(self._chains.busy(held.key, workflow.handler) for workflow in held.workflows)
        if waits and self._event_bytes > self._bounds.event_bytes_max:
            self._put_down(held)
        assert self._group is not None
        for handler in dict.fromkeys(workflow.handler for workflow in held.workflows):
            self._lanes.enter((held.namespace, handler))
            self._chains.enqueue(self._group, held, handler)

    async def attempt(self, held: Held, workflow: Workflow) -> bool:
        """Try a workflow; whether it is to be tried again when the delivery is due."""
        if held.discarded:
            return False
        outcome, trace = await self._attempt(held, workflow)
        again = isinstance(outcome, Retry) and not held.discarded and self._failed(held, workflow, outcome.why)
        self.traces.note(held, self._traced(held, workflow, outcome, trace))
        return again

    def longest_pause_s(self, held: Held, workflow: Workflow) -> float:
        """How long a workflow that failed rests at most before it is tried again."""
        return self._workflows.policy_of(held.namespace, workflow).delay_max_s

    def _failed(self, held: Held, workflow: Workflow, why: str) -> bool:
        """Whether a workflow that failed is to be tried again; else its fallback handler gets the event, or nobody."""
        name, policy = str(workflow), self._workflows.policy_of(held.namespace, workflow)
        tries = held.steps[name].tries + 1
        held.attempts = max(held.attempts, tries)
        held.subject = None
        if tries > policy.attempts:
            self._give_up(held, workflow, why)
            return False
        due_at = self._clock.now() + pause_s(policy, tries, self._roll())
        held.steps[name] = Step(tries, due_at, why[:WHY_CHARACTERS_MAX])
        if held.event is not None:
            self._settlement.add((held.progress(),))
        return True

    def _give_up(self, held: Held, workflow: Workflow, why: str) -> None:
        """Owe the event to the fallback handler, together with the news that this workflow is done; or fail."""
        name, fallback = str(workflow), self._workflows.fallback_for(held.namespace, workflow)
        if isinstance(fallback, str) or held.event is None:
            held.failed[name] = f"{why}; {fallback}" if fallback else why
            return
        log.error("event goes to the fallback handler", extra=fields(delivery=held.id, workflow=name, error=why))
        held.fell_back.add(name)
        rest = rest_of({str(fallback): Step(why=f"{name}: {why}"[:WHY_CHARACTERS_MAX])})
        delivery_id = self._store.next_delivery_id(slot_of_delivery(held.id))
        owed = OweDelivery(delivery_id, held.namespace, held.event, self._clock.now(), 0, rest)
        self._settlement.add((owed, *held.without_fallen_back()), self._backlog.wake)

    def _traced(self, held: Held, workflow: Workflow, outcome: Outcome, trace: WorkflowTrace) -> WorkflowTrace:
        """The trace of an attempt with what follows from it."""
        name, step = str(workflow), held.steps[str(workflow)]
        if not isinstance(outcome, Retry):
            return msgspec.structs.replace(trace, attempts=step.tries + 1)
        if name in held.fell_back:
            word = FELL_BACK
        elif held.discarded:
            word = DISCARDED
        else:
            word = GIVEN_UP if name in held.failed else FAILED
        retried = word == FAILED
        attempts = step.tries if retried else step.tries + 1
        due_at = step.due_at if retried else 0.0
        return msgspec.structs.replace(trace, outcome=word, attempts=attempts, due_at=due_at)

    def done(self, held: Held, workflow: Workflow) -> None:
        """A workflow is done, well or not."""
        handler = workflow.handler
        del held.steps[str(workflow)]
        left = any(each.handler == handler and str(each) in held.steps for each in held.workflows)
        if not left and self._lanes.leave((held.namespace, handler)):
            self._backlog.look_again()
        if not held.steps:
            self._conclude(held)

    async def _attempt(self, held: Held, workflow: Workflow) -> tuple[Outcome, WorkflowTrace]:
        """How one attempt went; whatever goes wrong harms this step only."""
        started, recorder = self._clock.monotonic(), Recorder()
        try:
            outcome = await self._run(held, workflow, recorder)
        except Exception as err:
            log.exception("a workflow failed", extra=fields(delivery=held.id, workflow=str(workflow)))
            outcome = Retry(f"{type(err).__name__}: {err}")
        seconds = self._clock.monotonic() - started
        self._counters.handled(workflow, outcome, seconds)
        _log_outcome(held, workflow, outcome)
        return outcome, attempt_trace(workflow, outcome, recorder, self._clock.now(), seconds)

    async def _run(self, held: Held, workflow: Workflow, recorder: Recorder) -> Outcome:
        subject = await self._subject(held)
        if subject is None:
            return Dropped("the delivery is owed no longer")
        turn = _Turn(self, self._lanes.of((held.namespace, workflow.handler)))
        attempt = Attempt(held.namespace, workflow, subject, f"{held.id}:{workflow}", turn, recorder)
        return await self._workflows.run(attempt, self._clock.monotonic, self._counters.stage)

    def turn_begins(self) -> None:
        """A mutator or handler is at work."""
        self._running += 1
        self._counters.busy(1)

    def turn_ends(self) -> None:
        """It is done."""
        self._counters.busy(-1)
        self._running -= 1
        if not self._running:
            self._idle.set()

    async def _subject(self, held: Held) -> Subject | None:
        """The event, read again if it was put down; None where it is owed no longer."""
        if held.event is None:
            delivery = await self._backlog.read(held.id)
            if delivery is None:
                return None
            if held.event is None:
                held.event = delivery.event
                self._event_bytes += len(held.event)
        if held.subject is None:
            held.subject = Subject(held.event)
        return held.subject

    def _put_down(self, held: Held) -> None:
        """Forget the event of a delivery; the store has it."""
        if held.event is not None:
            self._event_bytes -= len(held.event)
        held.event = held.subject = None

    def _conclude(self, held: Held) -> None:
        """No workflow is left: tell the store, and make room once it knows."""
        seconds = self._clock.monotonic() - held.since
        self._counters.concluded(len(held.workflows), not held.failed, seconds)
        if held.failed and held.event is not None and not held.discarded:
            log.error("a delivery is given up", extra=fields(delivery=held.id, error="; ".join(held.failed.values())))
            writes = held.conclusion()
        else:
            writes = (SettleDelivery(held.id),)
        self._put_down(held)
        self._settlement.add(writes, lambda: self._forget(held.id))

    def _forget(self, delivery_id: int) -> None:
        was_full = self.full()
        del self._held[delivery_id]
        if was_full:
            self._backlog.look_again()


class _Turn:
    """A turn of a handler; nobody gets one any more when pipelined is about to stop."""

    __slots__ = ("_lane", "_pipelined")

    def __init__(self, pipelined: Pipelined, lane: Lane) -> None:
        self._pipelined, self._lane = pipelined, lane

    async def __aenter__(self) -> None:
        await self._lane.turns.acquire()
        if self._pipelined.stopping:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._lane.turns.release()
        self._pipelined.turn_begins()

    async def __aexit__(self, *_: object) -> None:
        self._pipelined.turn_ends()
        self._lane.turns.release()


def _log_problems(held: Held) -> None:
    namespace, entity, check = held.key
    for problem in held.problems:
        optional = check in OPTIONAL_HANDLERS and problem == missing_handler(check)
        context = fields(namespace=namespace, entity=entity, check=check, error=problem)
        log.log(logging.DEBUG if optional else logging.ERROR, "event not handled", extra=context)


def _log_outcome(held: Held, workflow: Workflow, outcome: Outcome) -> None:
    if isinstance(outcome, Delivered):
        return
    namespace, entity, check = held.key
    context = {"entity": entity, "check": check, "namespace": namespace, "workflow": str(workflow)}
    if isinstance(outcome, Filtered):
        log.debug("event filtered", extra=fields(filter=outcome.by, **context))
    elif isinstance(outcome, Dropped):
        log.error("event not handled", extra=fields(error=outcome.why, **context))
    else:
        attempt = held.steps[str(workflow)].tries + 1
        log.warning("event not handled yet", extra=fields(error=outcome.why, attempt=attempt, **context))
