"""The connections of handlers that keep them open: a pool for each handler, until the handler changes."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sensu.backend.pipelined.steps.outcome import Outcome
from sensu.clock import Clock
from sensu.store.values import Key


@dataclass(slots=True, eq=False)
class WaitingEvent:
    """An event that waits for a connection, or for the answer of the other side."""

    payload: bytes
    since: float
    url: str = ""
    done: "asyncio.Future[Outcome]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, outcome: Outcome) -> None:
        """Set the outcome, unless nobody waits for it any more."""
        if not self.done.done():
            self.done.set_result(outcome)


@dataclass(frozen=True, slots=True)
class PoolTools:
    """What pools are made with. `tasks` has the tasks of all connections, for the end of the backend."""

    clock: Clock
    roll: Callable[[], float] = random.random
    trusted_ca_file: str = ""
    tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    def begin(self, work: Any) -> None:
        """Run a coroutine until it ends or the backend stops."""
        task: asyncio.Task[None] = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Pool(Protocol):
    """The connections of a handler."""

    def retire(self) -> None:
        """Close the connections when nothing waits for them any more."""
        ...

    async def close(self) -> None:
        """Close the connections now."""
        ...


P = TypeVar("P", bound=Pool)


class Pools:
    """The pools of all handlers."""

    def __init__(self, tools: PoolTools) -> None:
        self._tools = tools
        self._pools: dict[Key, Any] = {}

    def pool(self, handler: Key, make: Callable[[PoolTools], P]) -> P:
        """The pool of a handler, which is made when it is first needed."""
        found: P | None = self._pools.get(handler)
        if found is None:
            found = self._pools[handler] = make(self._tools)
        return found

    def forget(self, handler: Key) -> None:
        """Call when a handler has changed or was deleted; what waits for its connections is still sent there."""
        pool: Pool | None = self._pools.pop(handler, None)
        if pool is not None:
            pool.retire()

    async def close(self) -> None:
        """Close all connections."""
        tasks, pools = tuple(self._tools.tasks), tuple(self._pools.values())
        self._pools.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for pool in pools:
            await pool.close()
