"""Runs the daemons of the duties that this member holds, as long as it holds them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable

from sensu.backend.membership import Duty, Ownership
from sensu.clock import Clock
from sensu.rules.share import Slots

LOOK_EVERY_S = 0.5

Run = Callable[[], Coroutine[None, None, None]]


class DutyRuns:
    """Starts daemons when this member gets their duty, and stops them before another one does."""

    def __init__(self, ownership: Ownership, daemons: Iterable[tuple[Duty, str, Run]], clock: Clock) -> None:
        self._ownership, self._daemons, self._clock = ownership, tuple(daemons), clock
        self._running: dict[str, asyncio.Task[None]] = {}
        ownership.on_loss(self._lose)

    async def run(self) -> None:
        """Run them until cancelled; an error of one ends all."""
        async with asyncio.TaskGroup() as group:
            while True:
                for duty, name, run in self._daemons:
                    if self._ownership.holds(duty) and name not in self._running:
                        self._running[name] = group.create_task(run(), name=name)
                await self._clock.sleep(LOOK_EVERY_S)

    async def _lose(self, slots: Slots) -> None:
        """Stop the daemons of duties that go with the slots."""
        ended = [
            self._running.pop(name)
            for duty, name, _ in self._daemons
            if name in self._running and not self._ownership.holds(duty)
        ]
        for task in ended:
            task.cancel()
        if ended:
            await asyncio.wait(ended)
