"""Chains: what one handler gets of one entity and check, in order.

The workflows for a handler run one after the other, those of a delivery in their order, then those of the next. One
that failed waits for its next attempt aside, and only the same workflow of later deliveries waits behind it.
"""

import asyncio
from collections import deque
from typing import Protocol

import msgspec

from sensu.backend.pipelined.queue.delivery import Held, Key
from sensu.clock import Clock
from sensu.rules.workflow import Workflow


class Runner(Protocol):
    """Who runs workflows."""

    stopping: bool
    """Whether nothing may begin any more."""

    async def attempt(self, held: Held, workflow: Workflow) -> bool:
        """Try a workflow; whether it is to be tried again when the delivery is due."""
        ...

    def longest_pause_s(self, held: Held, workflow: Workflow) -> float:
        """How long a workflow that failed rests at most before it is tried again."""
        ...

    def done(self, held: Held, workflow: Workflow) -> None:
        """A workflow is done, well or not."""
        ...


class _Line:
    """A delivery that waits for its next attempt, and those that wait behind it; `woken` ends its pause early."""

    __slots__ = ("waiting", "woken")

    def __init__(self, held: Held, workflow: Workflow) -> None:
        self.waiting = deque([(held, workflow)])
        self.woken = asyncio.Event()


class _Chain:
    """The deliveries that wait for their first attempt, and by workflow those that wait behind a failed one."""

    __slots__ = ("first", "late", "running")

    def __init__(self) -> None:
        self.first: deque[Held] = deque()
        self.late: dict[str, _Line] = {}
        self.running = False


class Chains:
    """All chains that are in use.

    Where more than `patient_up_to` deliveries wait behind a failed one, it is tried again at once, so that news does
    not grow old.
    """

    def __init__(self, runner: Runner, clock: Clock, patient_up_to: int) -> None:
        self._runner, self._clock, self._patient_up_to = runner, clock, patient_up_to
        self._chains: dict[tuple[Key, str], _Chain] = {}

    def busy(self, key: Key, handler: str) -> bool:
        """Whether a delivery of `key` for `handler` would wait for others."""
        return (key, handler) in self._chains

    def enqueue(self, group: asyncio.TaskGroup, held: Held, handler: str) -> None:
        """Put a delivery behind those of its entity and check for a handler."""
        place = (held.key, handler)
        chain = self._chains.get(place)
        if chain is None:
            chain = self._chains[place] = _Chain()
        chain.first.append(held)
        if not chain.running:
            chain.running = True
            group.create_task(self._run(group, place, chain))

    async def _run(self, group: asyncio.TaskGroup, place: tuple[Key, str], chain: _Chain) -> None:
        while chain.first:
            held = chain.first.popleft()
            for workflow in held.workflows:
                if workflow.handler == place[1]:
                    await self._begin(group, place, chain, held, workflow)
                if self._runner.stopping:
                    return
            if chain.first:  # a handler that takes an event at once gives others on the loop no turn
                await asyncio.sleep(0)
        chain.running = False
        self._tidy(place, chain)

    async def _begin(
        self, group: asyncio.TaskGroup, place: tuple[Key, str], chain: _Chain, held: Held, workflow: Workflow
    ) -> None:
        """Try a workflow for the first time; one that was tried before a restart is late already."""
        name = str(workflow)
        line = chain.late.get(name)
        if line is not None:
            line.waiting.append((held, workflow))
            if self._is_hurried(line):
                line.woken.set()
        elif held.steps[name].tries or await self._runner.attempt(held, workflow):
            line = chain.late[name] = _Line(held, workflow)
            group.create_task(self._run_late(place, chain, name, line))
        else:
            self._runner.done(held, workflow)

    async def _run_late(self, place: tuple[Key, str], chain: _Chain, name: str, line: _Line) -> None:
        """Try again what failed, then what waits behind it."""
        while line.waiting:
            held, workflow = line.waiting[0]
            while True:
                if held.steps[name].tries:
                    await self._pause(line, held, name)
                if self._runner.stopping:
                    return
                if not await self._runner.attempt(held, workflow):
                    break
            line.waiting.popleft()
            self._runner.done(held, workflow)
        del chain.late[name]
        self._tidy(place, chain)

    def hurry(self, held: Held) -> None:
        """Have what a delivery waits for tried again at once: itself, or the one that it waits behind."""
        for workflow in held.workflows:
            name, chain = str(workflow), self._chains.get((held.key, workflow.handler))
            line = chain.late.get(name) if chain is not None else None
            if line is not None:
                first = line.waiting[0][0]
                first.steps[name] = msgspec.structs.replace(first.steps[name], due_at=0.0)
                line.woken.set()

    def _tidy(self, place: tuple[Key, str], chain: _Chain) -> None:
        if not (chain.running or chain.late):
            del self._chains[place]

    def _is_hurried(self, line: _Line) -> bool:
        return len(line.waiting) > self._patient_up_to

    async def _pause(self, line: _Line, held: Held, name: str) -> None:
        """Wait until the delivery is due or discarded, or until too many wait behind it.

        It waits no longer than its handler's longest pause, however the clock is set.
        """
        workflow = line.waiting[0][1]
        pause_s = min(held.steps[name].due_at - self._clock.now(), self._runner.longest_pause_s(held, workflow))
        until = self._clock.monotonic() + pause_s
        while not (held.discarded or self._is_hurried(line)):
            seconds = until - self._clock.monotonic()
            if seconds <= 0 or not held.steps[name].due_at:
                return
            line.woken.clear()
            waits = {asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(line.woken.wait())}
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
