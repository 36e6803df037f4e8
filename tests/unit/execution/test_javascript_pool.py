import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from sensu.execution.javascript_pool import NOT_EVALUATED, JavaScriptPool, Mutated
from sensu.rules.filters import ExpressionError

LIMIT_S = 0.2
LONG = "(function (n) { var s = 'a'; for (var i = 0; i < n; i++) s += s; return s })"
HANG = f"{LONG}(21).indexOf({LONG}(20) + 'b') >= 0"
LATE = ExpressionError("InternalError: the time limit was reached")


@asynccontextmanager
async def javascript_pool(processes_max: int = 2) -> AsyncIterator[JavaScriptPool]:
    pool = JavaScriptPool(processes_max)
    try:
        yield pool
    finally:
        pool.close()


async def values(pool: JavaScriptPool, *cases: tuple[str, str]) -> list[bool | ExpressionError]:
    return (await pool.evaluate(cases, now=0.0, limit_s=LIMIT_S)).values


def children() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [each for each in found if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


async def test_expressions_are_evaluated_elsewhere() -> None:
    """Values and errors of several expressions come back in order, from a process that starts at the first need."""
    async with javascript_pool() as pool:
        before = len(children())
        one, other = '{"a": 1}', '{"a": 2}'
        found = await values(pool, ("event.a == 1", one), ("event.a == 1", other), ("event.b.c", one), ("1 +", one))
        assert found[:3] == [True, False, ExpressionError("TypeError: cannot read property 'c' of undefined")]
        assert isinstance(found[3], ExpressionError)
        assert len(children()) == before + 1


async def test_what_the_engine_cannot_end_is_killed() -> None:
    """An expression that never ends takes its process along; those before it keep their values, other jobs theirs."""
    async with javascript_pool(1) as pool:
        hung = values(pool, ("1 == 1", "{}"), ("false", "{}"), (HANG, "{}"), ("true", "{}"))
        sound = [values(pool, (f"event.a == {number}", '{"a": 7}')) for number in range(20)]
        found, *others = await asyncio.gather(hung, *sound)
        assert found == [True, False, LATE, ExpressionError(NOT_EVALUATED)]
        assert others == [[number == 7] for number in range(20)]


async def test_all_expressions_of_a_job_share_its_time() -> None:
    """Many slow expressions take no longer than one that never ends."""
    async with javascript_pool() as pool:
        slow = "(function () { for (var i = 0; i < 3e6; i++); })()"
        evaluated = await pool.evaluate([(slow, "{}")] * 200, now=0.0, limit_s=LIMIT_S)
        assert len(evaluated.values) == 200
        assert evaluated.values[-1] == ExpressionError(NOT_EVALUATED)


@pytest.mark.parametrize(
    "greedy",
    [
        "(function () { var a = []; for (;;) a.push(new Array(1000).join('x')) })()",
        "(function () { var s = 'x'; for (;;) s += s })()",
        "(function f() { return [f(), f()] })()",
    ],
)
async def test_memory_is_bounded(greedy: str) -> None:
    """An expression that takes all the memory it can get fails, and the next one is evaluated."""
    async with javascript_pool(1) as pool:
        [found] = await values(pool, (greedy, "{}"))
        assert isinstance(found, ExpressionError)
        assert await values(pool, ("true", "{}")) == [True]


async def test_a_process_has_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that evaluates has no file, no socket and no variable of the program, and may open no file."""
    monkeypatch.setenv("SENSU_SECRET", "hunter2")

    with open("/dev/null"), open("/dev/zero"):  # noqa: PTH123
        async with javascript_pool() as pool:
            before = {each.pid for each in children()}
            assert await values(pool, ("true", "{}")) == [True]
            [child] = [each for each in children() if each.pid not in before]
            assert "hunter2" not in str(child.environ())
            assert sorted(os.listdir(f"/proc/{child.pid}/fd")) == ["0", "1", "2"]  # noqa: PTH208
            assert child.rlimit(psutil.RLIMIT_NOFILE) == (3, 3)
            assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
            assert child.memory_info().rss < 40 * 1024 * 1024


async def test_a_process_that_dies_is_replaced() -> None:
    """What is evaluated when a process dies is evaluated by the next one."""
    async with javascript_pool(1) as pool:
        before = {each.pid for each in children()}
        assert await values(pool, ("true", "{}")) == [True]
        [child] = [each for each in children() if each.pid not in before]
        child.kill()
        assert await values(pool, ("true", "{}")) == [True]


async def test_an_idle_process_ends() -> None:
    """A process that nobody needs gives its memory back, and another one starts when there is need again."""
    pool, before = JavaScriptPool(1, idle_s=0.05), len(children())
    assert await values(pool, ("true", "{}")) == [True]
    async with asyncio.timeout(10):
        while len(children()) > before:  # noqa: ASYNC110 - another process has no asyncio.Event
            await asyncio.sleep(0.02)
    assert await values(pool, ("true", "{}")) == [True]
    pool.close()


async def test_mutators_have_their_own_time() -> None:
    """A mutator gives a text and an event; one that never ends fails after its time-out."""
    async with javascript_pool() as pool:
        made = await pool.mutate(
            "event.check.output = 'x'; return K", b'{"check":{}}', now=0.0, limit_s=1.0, env_vars={"K": "v"}
        )
        assert made == Mutated("v", {"check": {"output": "x"}})
        started = time.monotonic()
        assert await pool.mutate(f"return '' + {HANG}", b"{}", now=0.0, limit_s=0.3, env_vars={}) == LATE
        assert time.monotonic() - started < 10


async def test_many_expressions_share_round_trips() -> None:
    """A thousand events are evaluated in the time of a few round trips, each with its own result."""
    async with javascript_pool() as pool:
        await values(pool, ("true", "{}"))
        started = time.process_time()
        found = await asyncio.gather(*(values(pool, ("event.a % 3 == 0", f'{{"a": {n}}}')) for n in range(1000)))
        assert found == [[n % 3 == 0] for n in range(1000)]
        assert time.process_time() - started < 1.0
