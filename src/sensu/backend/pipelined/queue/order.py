"""Keeps deliveries for one handler, entity and check in order.

The workflows for a handler run one after the other: those of one delivery in their order, then those of the next. A
workflow that failed waits for its retry in a queue of its own, and only the same workflow of later deliveries waits
behind it.
"""

import asyncio
from collections import deque
from typing import Protocol

import msgspec

from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.clock import Clock
from sensu.rules.workflow import HandlerRef, Workflow
from sensu.store.values import EventKey


class WorkflowRunner(Protocol):
    """Runs workflows."""

    stopping: bool
    """Whether no further attempt may begin."""

    async def attempt(self, pending: PendingDelivery, workflow: Workflow) -> bool:
        """Try a workflow; true if it must be retried when the delivery is due."""
        ...

    def longest_pause_s(self, pending: PendingDelivery, workflow: Workflow) -> float:
        """The longest pause before the retry of a workflow."""
        ...

    def done(self, pending: PendingDelivery, workflow: Workflow) -> None:
        """Called when a workflow has ended, with success or not."""
        ...


class _RetryQueue:
    """A delivery that waits for the retry of a workflow, and those behind it; `woken` ends the pause early."""

    __slots__ = ("waiting", "woken")

    def __init__(self, pending: PendingDelivery, workflow: Workflow) -> None:
        self.waiting = deque([(pending, workflow)])
        self.woken = asyncio.Event()


class _OrderedRun:
    """The deliveries that wait for their first attempt, and the retry queues by workflow."""

    __slots__ = ("first", "retries", "running")

    def __init__(self) -> None:
        self.first: deque[PendingDelivery] = deque()
        self.retries: dict[str, _RetryQueue] = {}
        self.running = False


_RunKey = tuple[EventKey, HandlerRef]


class OrderedRuns:
    """The runs of all handlers, entities and checks that have deliveries.

    If more than `retry_early_above` deliveries wait behind a failed one, it is retried at once, so that new events do
    not age.
    """

    def __init__(self, runner: WorkflowRunner, clock: Clock, retry_early_above: int) -> None:
        self._runner, self._clock, self._retry_early_above = runner, clock, retry_early_above
        self._runs: dict[_RunKey, _OrderedRun] = {}

    def busy(self, key: EventKey, handler: HandlerRef) -> bool:
        """Whether a delivery of `key` for `handler` would wait for others."""
        return (key, handler) in self._runs

    def enqueue(self, group: asyncio.TaskGroup, pending: PendingDelivery, handler: HandlerRef) -> None:
        """Append a delivery to those of its entity and check for a handler."""
        key = (pending.key, handler)
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = _OrderedRun()
        run.first.append(pending)
        if not run.running:
            run.running = True
            group.create_task(self._run(group, key, run))

    async def _run(self, group: asyncio.TaskGroup, key: _RunKey, run: _OrderedRun) -> None:
        while run.first:
            pending = run.first.popleft()
            for workflow in pending.workflows:
                if workflow.handler == key[1]:
                    await self._begin(group, key, run, pending, workflow)
                if self._runner.stopping:
                    return
            if run.first:  # a handler that never waits would keep others from running
                await asyncio.sleep(0)
        run.running = False
        self._tidy(key, run)

    async def _begin(
        self, group: asyncio.TaskGroup, key: _RunKey, run: _OrderedRun, pending: PendingDelivery, workflow: Workflow
    ) -> None:
        """Try a workflow for the first time; one that was tried before a restart goes to a retry queue."""
        name = str(workflow)
        queue = run.retries.get(name)
        if queue is not None:
            queue.waiting.append((pending, workflow))
            if self._is_hurried(queue):
                queue.woken.set()
        elif pending.steps[name].tries or await self._runner.attempt(pending, workflow):
            queue = run.retries[name] = _RetryQueue(pending, workflow)
            group.create_task(self._retry(key, run, name, queue))
        else:
            self._runner.done(pending, workflow)

    async def _retry(self, key: _RunKey, run: _OrderedRun, name: str, queue: _RetryQueue) -> None:
        """Retry a failed workflow, then run those that wait behind it."""
        while queue.waiting:
            pending, workflow = queue.waiting[0]
            while True:
                if pending.steps[name].tries:
                    await self._pause(queue, pending, name)
                if self._runner.stopping:
                    return
                if not await self._runner.attempt(pending, workflow):
                    break
            queue.waiting.popleft()
            self._runner.done(pending, workflow)
        del run.retries[name]
        self._tidy(key, run)

    def retry_now(self, pending: PendingDelivery) -> None:
        """End the pause of a delivery, or of the one that it waits behind."""
        for workflow in pending.workflows:
            name, run = str(workflow), self._runs.get((pending.key, workflow.handler))
            queue = run.retries.get(name) if run is not None else None
            if queue is not None:
                first = queue.waiting[0][0]
                first.steps[name] = msgspec.structs.replace(first.steps[name], due_at=0.0)
                queue.woken.set()

    def _tidy(self, key: _RunKey, run: _OrderedRun) -> None:
        if not (run.running or run.retries):
            del self._runs[key]

    def _is_hurried(self, queue: _RetryQueue) -> bool:
        return len(queue.waiting) > self._retry_early_above

    async def _pause(self, queue: _RetryQueue, pending: PendingDelivery, name: str) -> None:
        """Wait until the delivery is due or discarded, or until too many wait behind it.

        The pause never exceeds the longest one of the handler, even if the clock is set.
        """
        workflow = queue.waiting[0][1]
        pause_s = min(pending.steps[name].due_at - self._clock.now(), self._runner.longest_pause_s(pending, workflow))
        until = self._clock.monotonic() + pause_s
        while not (pending.is_stopped or self._is_hurried(queue)):
            seconds = until - self._clock.monotonic()
            if seconds <= 0 or not pending.steps[name].due_at:
                return
            queue.woken.clear()
            waits = {asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(queue.woken.wait())}
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
