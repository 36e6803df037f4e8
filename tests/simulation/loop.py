"""An event loop whose time is virtual and whose order is drawn by a seeded generator.

Each callback belongs to a process, which a context variable names; callbacks of one process run in the order in which
they were scheduled, as asyncio promises, and which process goes on is drawn. A process can be frozen, slowed down and
killed. The same seed gives the same run: tasks and futures are hashed by their number, not by their address.
"""

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from typing import Any

PROCESS: ContextVar[str] = ContextVar("process", default="")
"""The process that a callback belongs to; empty for the world around: the network, the database, agents and clients."""
FOREVER = float("inf")
STEP_S = 1e-6
"""How long a callback takes. Without it, a deadline that is nearer than a float can tell would be awaited forever."""
STEPS_MAX = 5_000_000
"""A run that takes more steps does nothing useful any more."""


class _Numbered:
    """Hashed by a number, so that sets of these have the same order in each run."""

    _number = 0

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class SimFuture(_Numbered, asyncio.Future):  # type: ignore[type-arg]
    """A future of a `SimLoop`."""

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self._number = number
        super().__init__(loop=loop)


class SimTask(_Numbered, asyncio.Task):  # type: ignore[type-arg]
    """A task of a `SimLoop`, which has its number before it is registered."""

    def __init__(self, work: Coroutine[Any, Any, Any], number: int, **options: Any) -> None:
        self._number = number
        super().__init__(work, **options)


class NothingHappens(Exception):
    """Nothing is scheduled any more, so that the run would wait forever."""


class SimLoop(asyncio.BaseEventLoop):
    """Runs until what it runs is complete; no thread, socket or process of the host takes part."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.steps = 0
        self.net: Any = None
        """The network (`net.py`), if there is one."""
        self._time = 0.0
        self._number = 0
        self._queues: dict[str, deque[asyncio.Handle]] = {}
        self._stopped_until: dict[str, float] = {}
        self._slow: dict[str, float] = {}
        self.failed: list[str] = []
        """Callbacks that raised; errors of tasks are dealt with where the tasks were made."""
        self.set_task_factory(self._new_task)
        self.set_exception_handler(self._note_failure)

    def _note_failure(self, loop: Any, context: dict[str, Any]) -> None:
        if "handle" in context:
            self.failed.append(f"{context['handle']!r}: {context.get('exception')!r}")

    def time(self) -> float:
        """Seconds since the begin of the run."""
        return self._time

    def process(self, name: str) -> Context:
        """A context whose callbacks belong to a process."""
        context = Context()
        context.run(PROCESS.set, name)
        return context

    def stop_process(self, name: str, until: float = FOREVER) -> None:
        """Freeze a process until a time; forever is a kill. What arrives meanwhile waits."""
        self._stopped_until[name] = max(until, self._stopped_until.get(name, 0.0))

    def stopped_until(self, name: str) -> float:
        """Until when a process is stopped, 0 if it is not."""
        return self._stopped_until.get(name, 0.0)

    def is_killed(self, name: str) -> bool:
        """Whether a process was stopped forever."""
        return self._stopped_until.get(name) == FOREVER

    def slow_down(self, name: str, pause_s: float) -> None:
        """From now on, each callback of a process is followed by a pause (0: none)."""
        self._slow[name] = pause_s

    def release_all(self) -> None:
        """Let all processes go on, also killed ones: at the end of a run their tasks must be able to end."""
        self._stopped_until.clear()
        self._slow.clear()

    def create_future(self) -> asyncio.Future[Any]:
        """Part of asyncio's interface."""
        return SimFuture(self._next_number(), self)

    def _new_task(self, loop: Any, work: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:
        return SimTask(work, self._next_number(), loop=loop, **options)

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> asyncio.Handle:
        """Part of asyncio's interface."""
        handle = asyncio.Handle(callback, args, self, context)
        self._enqueue(handle)
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Part of asyncio's interface; there are no other threads."""
        return self.call_soon(callback, *args, context=context)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **more: Any) -> Any:
        """Part of asyncio's interface: a connection to the process that the host is named after."""
        return await self.net.connect(protocol_factory, host, more.get("ssl"))

    async def create_server(self, protocol_factory: Any, *_: Any, **more: Any) -> Any:
        """Part of asyncio's interface: accept connections to the process that calls."""
        return self.net.listen(protocol_factory, more.get("ssl"))

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """Refused, because a thread would make the run another one each time."""
        raise AssertionError(f"{func} would run in a thread")

    def _enqueue(self, handle: asyncio.Handle) -> None:
        name = handle._context.get(PROCESS, "")  # type: ignore[attr-defined]
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = deque()
        queue.append(handle)

    def _run_once(self) -> None:
        """Run one callback, of a process that is drawn; time passes only if none can run."""
        name = self._draw()
        while name is None:
            self._pass_time()
            name = self._draw()
        handle = self._queues[name].popleft()
        if handle.cancelled():
            return
        self.steps += 1
        self._time += STEP_S
        handle._run()
        if self.steps > STEPS_MAX:
            raise NothingHappens(f"too many steps at {self._time}")
        pause_s = self._slow.get(name)
        if pause_s:
            self.stop_process(name, self._time + pause_s)

    def _draw(self) -> str | None:
        now, stopped = self._time, self._stopped_until
        ready = [name for name, queue in self._queues.items() if queue and stopped.get(name, 0.0) <= now]
        if len(ready) > 1:
            return ready[int(self.chance.random() * len(ready))]
        return ready[0] if ready else None

    def _pass_time(self) -> None:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._cancelled:  # type: ignore[attr-defined]
            heapq.heappop(scheduled)._scheduled = False  # type: ignore[attr-defined]
        ahead = [until for name, until in self._stopped_until.items() if self._queues.get(name) and until > self._time]
        at = min([*ahead, scheduled[0].when() if scheduled else FOREVER])
        if at == FOREVER:
            raise NothingHappens
        self._time = max(self._time, at)
        while scheduled and scheduled[0].when() <= self._time:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]
            if not handle._cancelled:  # type: ignore[attr-defined]
                self._enqueue(handle)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Part of asyncio's interface: cancelled timers leave the heap when their time comes."""

    def _process_events(self, event_list: Any) -> None:
        """Part of asyncio's interface; there are none."""

    def _write_to_self(self) -> None:
        """Part of asyncio's interface; the loop never sleeps."""
