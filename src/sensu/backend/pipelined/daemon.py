"""pipelined: takes committed events through their workflows, at least once, in order for each entity and check.

What is owed lies in the store until it is settled. A bounded number of deliveries is in memory; the rest stays in the
store until there is room. Deliveries of the same entity and check wait for each other, all others run side by side. A
step that failed is tried again later, then the delivery rests among the dead letters.
"""

import asyncio
import heapq
import logging
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from sensu.backend.pipelined.filters import Subject
from sensu.backend.pipelined.outcome import Delivered, Dropped, Filtered, Outcome, Retry
from sensu.backend.pipelined.workflows import Workflows
from sensu.clock import Clock
from sensu.errors import InvalidResource, StoreError
from sensu.log import fields
from sensu.resources.event import Event
from sensu.resources.wire import decode, encode
from sensu.rules.workflow import Workflow
from sensu.store.contract import OweDelivery, SettleDelivery, Store, Write

log = logging.getLogger("sensu.pipelined")

IN_MEMORY_MAX = 2000
"""Deliveries that are held in memory; further ones wait in the store."""
PAGE = 200
RETRY_DELAYS_S = (5.0,)
"""How long to wait before each further attempt; after the last the delivery is a dead letter."""
STORE_PAUSE_S = 1.0
"""How long to wait when the store does not answer."""


class Counters(Protocol):
    """What pipelined counts."""

    def handled(self, workflow: Workflow, outcome: Outcome) -> None:
        """One workflow has ended for one event."""
        ...


class Pipelined:
    """Handles what is owed in `store`; `wake` tells it that there is more."""

    def __init__(self, store: Store, workflows: Workflows, counters: Counters, clock: Clock) -> None:
        self._store = store
        self._workflows = workflows
        self._counters = counters
        self._clock = clock
        self._woken = asyncio.Event()
        self._last_id = 0
        self._chains: dict[tuple[str, str, str], deque[tuple[OweDelivery, Event]]] = {}
        self._in_memory = 0
        self._retries: list[tuple[float, int]] = []
        self._settled: list[Write] = []
        self._settle = asyncio.Event()

    def wake(self) -> None:
        """New deliveries are owed in the store."""
        self._woken.set()

    async def run(self) -> None:
        """Handle what is owed until cancelled; what is not settled by then is owed still."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._settle_forever())
            group.create_task(self._retry_forever())
            self._woken.set()
            while True:
                await self._woken.wait()
                self._woken.clear()
                await self._admit_waiting(group)

    async def _admit_waiting(self, group: asyncio.TaskGroup) -> None:
        """Take what is owed from the store, as much as there is room for."""
        while self._in_memory < IN_MEMORY_MAX:
            page = await self._owed(PAGE, self._last_id)
            for delivery in page:
                self._last_id = delivery.id
                if delivery.due_at > self._clock.now():
                    self._retry_at(delivery.due_at, delivery.id)
                else:
                    self._admit(delivery, group)
            if len(page) < PAGE:
                return

    async def _owed(self, limit: int, after: int) -> Sequence[OweDelivery]:
        while True:
            try:
                return await self._store.deliveries_owed(limit, after)
            except StoreError as err:
                log.error("owed deliveries cannot be read", extra=fields(error=str(err)))
                await self._clock.sleep(STORE_PAUSE_S)

    def _admit(self, delivery: OweDelivery, group: asyncio.TaskGroup) -> None:
        """Put a delivery behind those of its entity and check."""
        try:
            event = decode(Event, delivery.event)
        except InvalidResource as err:
            self._finish(SettleDelivery(delivery.id, dead=f"the event cannot be read: {err}"))
            return
        self._in_memory += 1
        key = _key(delivery.namespace, event)
        chain = self._chains.get(key)
        if chain is not None:
            chain.append((delivery, event))
            return
        self._chains[key] = deque([(delivery, event)])
        group.create_task(self._run_chain(key))

    async def _run_chain(self, key: tuple[str, str, str]) -> None:
        """Handle the deliveries of one entity and check, one after the other."""
        chain = self._chains[key]
        while chain:
            delivery, event = chain[0]
            try:
                await self._handle(delivery, event)
            except Exception as err:  # one delivery must not stop the others
                log.exception("a delivery failed", extra=fields(delivery=delivery.id))
                self._retry_or_bury(delivery, (), f"{type(err).__name__}: {err}")
            chain.popleft()
            self._in_memory -= 1
            if self._in_memory == IN_MEMORY_MAX - PAGE:
                self._woken.set()
        del self._chains[key]

    async def _handle(self, delivery: OweDelivery, event: Event) -> None:
        """Run the workflows that are still to do, one after the other; one that fails does not stop the others."""
        subject = Subject(delivery.event)
        failed: list[str] = []
        whys: list[str] = []
        for workflow in self._workflows.of(delivery.namespace, event, _rest_of(delivery)):
            outcome = await self._workflows.run(delivery.namespace, workflow, subject, str(delivery.id))
            self._counters.handled(workflow, outcome)
            _log_outcome(delivery, event, workflow, outcome)
            if isinstance(outcome, Retry):
                failed.append(str(workflow))
                whys.append(f"{workflow}: {outcome.why}")
        if failed:
            self._retry_or_bury(delivery, failed, "; ".join(whys))
        else:
            self._finish(SettleDelivery(delivery.id))

    def _retry_or_bury(self, delivery: OweDelivery, failed: Sequence[str], why: str) -> None:
        if delivery.attempts >= len(RETRY_DELAYS_S):
            self._finish(SettleDelivery(delivery.id, dead=why))
            log.error("a delivery is given up", extra=fields(delivery=delivery.id, error=why))
            return
        due_at = self._clock.now() + RETRY_DELAYS_S[delivery.attempts]
        rest = encode(list(failed)) if failed else delivery.rest
        self._finish(OweDelivery(delivery.id, delivery.namespace, delivery.event, due_at, delivery.attempts + 1, rest))
        self._retry_at(due_at, delivery.id)

    def _finish(self, write: Write) -> None:
        self._settled.append(write)
        self._settle.set()

    async def _settle_forever(self) -> None:
        """Tell the store what is done, many at a time."""
        while True:
            await self._settle.wait()
            self._settle.clear()
            writes, self._settled = self._settled, []
            while True:
                try:
                    await self._store.commit(writes)
                    break
                except StoreError as err:
                    log.error("deliveries cannot be settled", extra=fields(error=str(err)))
                    await self._clock.sleep(STORE_PAUSE_S)

    def _retry_at(self, due_at: float, delivery_id: int) -> None:
        heapq.heappush(self._retries, (due_at, delivery_id))

    def _take_due(self) -> list[tuple[float, int]]:
        now, due = self._clock.now(), []
        while self._retries and self._retries[0][0] <= now:
            due.append(heapq.heappop(self._retries))
        return due

    async def _retry_forever(self) -> None:
        """Read deliveries again when their next attempt is due."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._clock.sleep(0.5)
                if self._in_memory >= IN_MEMORY_MAX:
                    continue
                for _, delivery_id in self._take_due():
                    for delivery in await self._owed(1, delivery_id - 1):
                        if delivery.id == delivery_id:
                            self._admit(delivery, group)


def _key(namespace: str, event: Event) -> tuple[str, str, str]:
    entity = event.entity.metadata.name if event.entity is not None else ""
    check = event.check.metadata.name if event.check is not None else ""
    return namespace, entity, check


def _rest_of(delivery: OweDelivery) -> frozenset[str] | None:
    """The workflows that are still to do, None for all of them."""
    return frozenset(decode(list[str], delivery.rest)) if delivery.rest else None


def _log_outcome(delivery: OweDelivery, event: Event, workflow: Workflow, outcome: Outcome) -> None:
    if isinstance(outcome, Delivered):
        return
    _, entity, check = _key(delivery.namespace, event)
    context = {"entity": entity, "check": check, "namespace": delivery.namespace, "workflow": str(workflow)}
    if isinstance(outcome, Filtered):
        log.debug("event filtered", extra=fields(filter=outcome.by, **context))
    elif isinstance(outcome, Dropped):
        log.error("event not handled", extra=fields(error=outcome.why, **context))
    else:
        log.warning("event not handled yet", extra=fields(error=outcome.why, attempt=delivery.attempts + 1, **context))
