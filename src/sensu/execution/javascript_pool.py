"""A pool of processes that evaluate users' JavaScript; they start at first use and end when idle.

Waiting jobs go to the next free process, several at a time. A job that exceeds its time limit is ended by killing its
process; a new process continues with the other jobs.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sensu.errors import ExecutionError
from sensu.execution.javascript_process import Broken, ChildProcess, ScriptJob
from sensu.log import fields
from sensu.rules.filters import ExpressionError
from sensu.rules.other_events import wanted

log = logging.getLogger("sensu.javascript")

TIME_LIMIT_REACHED = "the time limit was reached"
"""Part of the error of an evaluation that took too long, or was not started because the limit had passed."""
LATE = f"InternalError: {TIME_LIMIT_REACHED}"
NOT_EVALUATED = f"not evaluated: {TIME_LIMIT_REACHED} by an expression before"
TOO_COMPLEX = "the scripts are too complex to be checked"
PROCESSES_MAX = 2
IDLE_S = 60.0
"""How long a process may be idle before it is ended to free its memory."""
BATCH_JOBS_MAX, BATCH_BYTES_MAX = 32, 1024 * 1024
"""The maximum size of a batch; other jobs wait for the next free process."""
WAITING_MAX = 1_000
"""How many jobs may wait for a process; callers with more wait for room."""
TRIES_MAX = 2
"""How often a job is tried if its process ends unexpectedly, for example for lack of memory."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The values of a job's expressions, and the seconds of processor time that they took."""

    values: list[bool | ExpressionError]
    seconds: float


@dataclass(frozen=True, slots=True)
class Mutated:
    """The result of a JavaScript mutator: the string it returned, or None, and the changed event."""

    text: str | None
    event: Mapping[str, Any]


class JavaScriptPool:
    """Evaluates JavaScript in separate processes."""

    def __init__(self, processes_max: int = PROCESSES_MAX, *, niceness: int = 0, idle_s: float = IDLE_S) -> None:
        """`niceness` lowers the scheduling priority of the processes."""
        self._processes_max, self._niceness, self._idle_s = processes_max, niceness, idle_s
        self._waiting: deque[ScriptJob] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._room = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """End the processes and cancel waiting jobs."""
        for task in self._tasks:
            task.cancel()
        while self._waiting:
            self._waiting.popleft().done.cancel()

    async def evaluate(
        self,
        cases: Sequence[tuple[str, str]],
        *,
        now: float,
        limit_s: float,
        variable: str = "event",
        sources: Sequence[str] = (),
        others: str = "",
    ) -> Evaluated:
        """Whether each expression is true for its scope (JSON) under the name `variable`; they share the time limit.

        `sources` are scripts of assets, `now` is the time for `seconds_since`, and `others` are the known other events
        (see `Sandbox.evaluate`). Raises ExecutionError if no process can be started.
        """
        places = {scope: place for place, scope in enumerate(dict.fromkeys(scope for _, scope in cases))}
        size = sum(len(expression) for expression, _ in cases) + sum(map(len, places)) + sum(map(len, sources))
        size += len(others)
        placed = [(expression, places[scope]) for expression, scope in cases]
        request = ("evaluate", limit_s, now, variable, tuple(sources), tuple(places), placed, others)
        answer = await self._done(request, limit_s, len(cases), size)
        if isinstance(answer, _Lost):
            return Evaluated(_values_before(answer, len(cases)), limit_s)
        values, seconds = answer
        return Evaluated([_value(value) for value in values], seconds)

    async def mutate(
        self,
        body: str,
        event_json: bytes,
        *,
        now: float,
        limit_s: float,
        env_vars: Mapping[str, str],
        sources: Sequence[str] = (),
    ) -> Mutated | ExpressionError:
        """The result of a mutator's `eval` for an event (in the form of the API)."""
        size = len(body) + len(event_json) + sum(map(len, sources))
        request = ("mutate", limit_s, now, body, event_json.decode(), dict(env_vars), tuple(sources))
        answer = await self._done(request, limit_s, 1, size)
        if isinstance(answer, _Lost):
            return ExpressionError(answer.why)
        made, _ = answer
        return ExpressionError(_text(made)) if isinstance(made, str) else Mutated(*made)

    async def judge(
        self, body: str, events: Sequence[str], event: str, arguments: str, *, now: float, limit_s: float
    ) -> Mapping[str, Any] | ExpressionError:
        """The event that the script of a rule template returns for events, all in JSON; see `Sandbox.judge`.

        Raises ExecutionError if no process can be started.
        """
        size = len(body) + len(event) + len(arguments) + sum(map(len, events))
        answer = await self._done(("judge", limit_s, now, body, tuple(events), event, arguments), limit_s, 1, size)
        if isinstance(answer, _Lost):
            return ExpressionError(answer.why)
        made, _ = answer
        return ExpressionError(_text(made)) if isinstance(made, str) else made

    async def check(
        self,
        expressions: Sequence[str],
        body: str = "",
        functions: Sequence[str] | None = None,
        *,
        alone: bool = True,
        limit_s: float,
    ) -> str | None:
        """The syntax errors of expressions and of a mutator's body, or None."""
        size = sum(map(len, expressions)) + len(body)
        request = ("check", limit_s, tuple(expressions), body, functions, alone)
        answer = await self._done(request, limit_s, 1, size)
        if isinstance(answer, _Lost):
            return TOO_COMPLEX
        problem, _ = answer
        return None if problem is None else _text(problem)

    async def _done(self, request: Sequence[Any], limit_s: float, parts: int, size: int) -> Any:
        while len(self._waiting) >= WAITING_MAX:
            self._room.clear()
            await self._room.wait()
        loop = asyncio.get_running_loop()
        job = ScriptJob(request, limit_s, parts, size, loop.create_future())
        self._waiting.append(job)
        self._call_worker()
        return await job.done

    def _call_worker(self) -> None:
        while self._idle:
            idle = self._idle.popleft()
            if not idle.done():
                idle.set_result(None)
                return
        if len(self._tasks) < self._processes_max:
            task = asyncio.create_task(self._work(), name="javascript")
            self._tasks.add(task)
            task.add_done_callback(self._worker_ended)

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("JavaScript failed", exc_info=task.exception())
        if self._waiting and not task.cancelled():
            self._call_worker()

    async def _work(self) -> None:
        """Run one process until it has been idle for a while."""
        child: ChildProcess | None = None
        try:
            while batch := await self._next_batch():
                try:
                    if child is None or not child.alive:
                        child = await ChildProcess.start(self._niceness)
                    outcome = await child.run(batch)
                except BaseException as err:
                    self._fail(batch, err)
                    raise
                if isinstance(outcome, Broken):
                    self._recover(batch, outcome)
                else:
                    for job, answer in zip(batch, outcome, strict=True):
                        _settle(job, answer)
        except ExecutionError as err:
            log.error("JavaScript cannot be evaluated", extra=fields(error=str(err)))
        finally:
            if child is not None:
                child.close()

    def _fail(self, batch: Sequence[ScriptJob], err: BaseException) -> None:
        for job in batch:
            if job.done.done():
                continue
            if isinstance(err, ExecutionError):
                job.done.set_exception(err)
            else:
                job.done.cancel()

    def _recover(self, batch: Sequence[ScriptJob], broken: Broken) -> None:
        """Answer the job that was lost with a process, and queue the rest of its batch again."""
        done, rest = batch[: broken.finished], list(batch[broken.finished :])
        again = [job for job in done if not job.done.done()]  # finished, but the answers are lost
        if rest:
            job = rest.pop(0)
            job.tries += 1
            if broken.late:
                _settle(job, _Lost(broken.values, LATE, late=True))
            elif job.tries >= TRIES_MAX:
                _settle(job, _Lost(broken.values, f"InternalError: {broken.why}", late=False))
            else:
                rest.insert(0, job)
        self._waiting.extendleft(reversed(again + rest))

    async def _next_batch(self) -> list[ScriptJob]:
        """The next batch of waiting jobs; empty if the process has been idle for too long."""
        while True:
            batch, size = list[ScriptJob](), 0
            while self._waiting and len(batch) < BATCH_JOBS_MAX and (not batch or size < BATCH_BYTES_MAX):
                job = self._waiting.popleft()
                if not job.done.done():
                    batch.append(job)
                    size += job.size
            self._room.set()
            if batch:
                return batch
            if not await self._called():
                return []

    async def _called(self) -> bool:
        """Wait for a job, at most as long as an idle process is kept; returns whether there is one."""
        idle = asyncio.get_running_loop().create_future()
        self._idle.append(idle)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._idle_s):
                await idle
                return True
        with contextlib.suppress(ValueError):
            self._idle.remove(idle)
        return bool(self._waiting)


@dataclass(frozen=True, slots=True)
class _Lost:
    """A job whose process ended: the values of the evaluations that had finished, and the reason."""

    values: bytes
    why: str
    late: bool


def _settle(job: ScriptJob, answer: Any) -> None:
    if not job.done.done():
        job.done.set_result(answer)


def _values_before(lost: _Lost, count: int) -> list[bool | ExpressionError]:
    known = {ord("0"): False, ord("1"): True}
    values: list[bool | ExpressionError] = [
        known[value] if value in known else ExpressionError("the expression failed") for value in lost.values[:count]
    ]
    values += [ExpressionError(lost.why)][: count - len(values)]
    rest = NOT_EVALUATED if lost.late else lost.why
    return values + [ExpressionError(rest)] * (count - len(values))


def _value(value: Any) -> bool | ExpressionError:
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return wanted(tuple(value))
    return ExpressionError(NOT_EVALUATED if value is None else _text(value))


def _text(message: Any) -> str:
    """A message without lone surrogates, which cannot be encoded."""
    return str(message).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
