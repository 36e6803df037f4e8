"""pipelined: takes committed events through their workflows, at least once, in order for each entity and check.

What is owed lies in the store until it is settled. Workflows for the same handler, entity and check wait for each
other, all others run side by side, as far as their handlers have room. A workflow that failed is tried again after a
pause, then the delivery rests among the dead letters with why. A delivery is settled when no workflow is left; what was
not settled when the process ended is owed still.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from sensu.backend.pipelined.backlog import Backlog
from sensu.backend.pipelined.bounds import Bounds
from sensu.backend.pipelined.chains import Chains
from sensu.backend.pipelined.filters import Subject
from sensu.backend.pipelined.held import Held, event_type_of, key_of, rest_of
from sensu.backend.pipelined.lanes import Lane, Lanes
from sensu.backend.pipelined.outcome import Delivered, Dropped, Filtered, Outcome, Retry
from sensu.backend.pipelined.settlement import Settlement
from sensu.backend.pipelined.workflows import Attempt, Workflows
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.log import fields
from sensu.resources.event import Event
from sensu.resources.wire import decode
from sensu.rules.workflow import Workflow
from sensu.store.contract import OweDelivery, SettleDelivery, Store

log = logging.getLogger("sensu.pipelined")

SWEEP_S = 30.0
"""How often to look for deliveries that are owed and were missed."""
DRAIN_S = 1.0
"""How long what runs may take to end when the backend stops; then it is broken off, and owed still."""


class Counters(Protocol):
    """What pipelined counts."""

    def handled(self, workflow: Workflow, outcome: Outcome, seconds: float) -> None:
        """One attempt to take an event through a workflow has ended."""
        ...

    def stage(self, stage: str, ref: str, well: bool, seconds: float) -> None:
        """One stage (`filter`, `mutator`, `handler`) of an attempt has ended."""
        ...

    def concluded(self, event_type: str, workflows: int, well: bool, seconds: float) -> None:
        """All workflows of an event have ended; `seconds` since it was read from the store."""
        ...

    def busy(self, change: int) -> None:
        """So many more (or fewer) mutators and handlers are at work."""
        ...


class Pipelined:
    """Handles what is owed in `store`; `wake` tells it that there is more."""

    def __init__(
        self, store: Store, workflows: Workflows, counters: Counters, clock: Clock, bounds: Bounds | None = None
    ) -> None:
        self._workflows = workflows
        self._counters = counters
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._backlog = Backlog(store, self, clock)
        self._settlement = Settlement(store, clock)
        self._lanes = Lanes(self._bounds.lane_max, self._bounds.running_max)
        self._held: dict[int, Held] = {}
        self._event_bytes = 0
        self._chains = Chains(self, clock, self._bounds.patient_up_to)
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
                if 0 < len(held.tries) < len(held.workflows) and held.event is not None:
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

    def full(self) -> bool:
        """Whether no delivery at all may be taken in."""
        return len(self._held) >= self._bounds.held_max

    def holds(self, delivery_id: int) -> bool:
        """Whether a delivery is in memory already."""
        return delivery_id in self._held

    def has_room(self, held: Held) -> bool:
        """Whether all handlers of a delivery have room for it."""
        return self._lanes.have_room(held.places)

    def prepared(self, delivery: OweDelivery) -> Held | None:
        """The delivery as it would be held; one that cannot be read, or has nothing to do, is settled."""
        try:
            event, rest = decode(Event, delivery.event), rest_of(delivery)
        except InvalidResource as err:
            log.error("a delivery cannot be read", extra=fields(delivery=delivery.id, error=str(err)))
            self._settlement.add((SettleDelivery(delivery.id, dead=f"the event cannot be read: {err}"),))
            return None
        found = self._workflows.of(delivery.namespace, event, rest)
        held = Held(
            id=delivery.id,
            key=key_of(delivery.namespace, event),
            event=delivery.event,
            event_type=event_type_of(event),
            workflows=found.workflows,
            due_at=delivery.due_at,
            attempts=delivery.attempts,
            since=self._clock.monotonic(),
            tries={str(workflow): (rest or {}).get(str(workflow), 0) for workflow in found.workflows},
            problems=found.problems,
        )
        if held.workflows:
            return held
        _log_problems(held)
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
        outcome = await self._attempt(held, workflow)
        if not isinstance(outcome, Retry):
            return False
        name, delays_s = str(workflow), self._bounds.retry_delays_s
        held.attempts = max(held.attempts, held.tries[name] + 1)
        if held.tries[name] >= len(delays_s):
            held.failed[name] = outcome.why
            return False
        held.due_at = self._clock.now() + delays_s[held.tries[name]]
        held.tries[name] += 1
        held.subject = None
        if held.event is not None:
            self._settlement.add((held.progress(),))
        return True

    def done(self, held: Held, workflow: Workflow) -> None:
        """A workflow is done, well or not."""
        handler = workflow.handler
        del held.tries[str(workflow)]
        left = any(each.handler == handler and str(each) in held.tries for each in held.workflows)
        if not left and self._lanes.leave((held.namespace, handler)):
            self._backlog.look_again()
        if not held.tries:
            self._conclude(held)

    async def _attempt(self, held: Held, workflow: Workflow) -> Outcome:
        """How one attempt went; whatever goes wrong harms this step only."""
        started = self._clock.monotonic()
        try:
            outcome = await self._run(held, workflow)
        except Exception as err:
            log.exception("a workflow failed", extra=fields(delivery=held.id, workflow=str(workflow)))
            outcome = Retry(f"{type(err).__name__}: {err}")
        self._counters.handled(workflow, outcome, self._clock.monotonic() - started)
        _log_outcome(held, workflow, outcome)
        return outcome

    async def _run(self, held: Held, workflow: Workflow) -> Outcome:
        subject = await self._subject(held)
        if subject is None:
            return Dropped("the delivery is owed no longer")
        turn = self._turn(self._lanes.of((held.namespace, workflow.handler)))
        attempt = Attempt(held.namespace, workflow, subject, f"{held.id}:{workflow}", turn)
        return await self._workflows.run(attempt, self._clock.monotonic, self._counters.stage)

    @asynccontextmanager
    async def _turn(self, lane: Lane) -> AsyncIterator[None]:
        """A turn of a handler; nobody gets one any more when pipelined is about to stop."""
        async with lane.turns:
            if self.stopping:
                await asyncio.get_running_loop().create_future()
            self._running += 1
            self._counters.busy(1)
            try:
                yield
            finally:
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
        self._counters.concluded(held.event_type, len(held.workflows), not held.failed, seconds)
        if held.failed and held.event is not None:
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


def _log_problems(held: Held) -> None:
    namespace, entity, check = held.key
    for problem in held.problems:
        log.error("event not handled", extra=fields(namespace=namespace, entity=entity, check=check, error=problem))


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
        attempt = held.tries[str(workflow)] + 1
        log.warning("event not handled yet", extra=fields(error=outcome.why, attempt=attempt, **context))
