"""Chains: what one handler gets of one entity and check, in order.

The workflows for a handler run one after the other, those of a delivery in their order, then those of the next. One
that failed waits for its next attempt aside, and only the same workflow of later deliveries waits behind it.
"""

import asyncio
from collections import deque
from typing import Protocol

from sensu.backend.pipelined.held import Held, Key
from sensu.clock import Clock
from sensu.rules.workflow import Workflow


class Runner(Protocol):
    """Who runs workflows."""

    stopping: bool
    """Whether nothing may begin any more."""

    async def attempt(self, held: Held, workflow: Workflow) -> bool:
        """Try a workflow; whether it is to be tried again when the delivery is due."""
        ...

    def done(self, held: Held, workflow: Workflow) -> None:
        """A workflow is done, well or not."""
        ...


class _Chain:
    """The deliveries that wait for their first attempt, and by workflow those that wait behind a failed one."""

    __slots__ = ("first", "hurry", "late", "running")

    def __init__(self) -> None:
        self.first: deque[Held] = deque()
        self.late: dict[str, deque[tuple[Held, Workflow]]] = {}
        self.hurry: dict[str, asyncio.Event] = {}
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
        chain.running = False
        self._tidy(place, chain)

    async def _begin(
        self, group: asyncio.TaskGroup, place: tuple[Key, str], chain: _Chain, held: Held, workflow: Workflow
    ) -> None:
        """Try a workflow for the first time; one that was tried before a restart is late already."""
        name = str(workflow)
        late = chain.late.get(name)
        if late is not None:
            late.append((held, workflow))
            if len(late) > self._patient_up_to:
                chain.hurry[name].set()
        elif held.tries[name] or await self._runner.attempt(held, workflow):
            chain.late[name], chain.hurry[name] = deque([(held, workflow)]), asyncio.Event()
            group.create_task(self._run_late(place, chain, name))
        else:
            self._runner.done(held, workflow)

    async def _run_late(self, place: tuple[Key, str], chain: _Chain, name: str) -> None:
        """Try again what failed, then what waits behind it."""
        late, hurry = chain.late[name], chain.hurry[name]
        while late:
            held, workflow = late[0]
            while True:
                if held.tries[name]:
                    await self._pause(hurry, held)
                if self._runner.stopping:
                    return
                if not await self._runner.attempt(held, workflow):
                    break
            late.popleft()
            if len(late) <= self._patient_up_to:
                hurry.clear()
            self._runner.done(held, workflow)
        del chain.late[name], chain.hurry[name]
        self._tidy(place, chain)

    def _tidy(self, place: tuple[Key, str], chain: _Chain) -> None:
        if not (chain.running or chain.late):
            del self._chains[place]

    async def _pause(self, hurry: asyncio.Event, held: Held) -> None:
        """Wait until the delivery is due, or until too many wait behind it."""
        seconds = held.due_at - self._clock.now()
        if seconds <= 0 or hurry.is_set():
            return
        waits = {asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(hurry.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
