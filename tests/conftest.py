"""Runs tests and fixtures that are coroutines: each test has an event loop of its own, which its fixtures share.

`async def` tests and fixtures need no marker. A fixture may be a coroutine or an asynchronous generator; what follows
its `yield` runs on the same loop when the test is over. A module that overrides `loop_factory` chooses the loop.
Such a fixture has the scope of a function; hypothesis examples run on a new loop each.

Where several processes run tests, one that is marked `alone` waits until no other test runs, and others wait for it.
Ctrl-C works in every program that a test starts, also where the tests themselves run in the background of a shell.
"""

import asyncio
import contextlib
import fcntl
import functools
import inspect
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Every program that a test starts would compile what it imports, and every process that runs tests all of them.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

TESTS = Path(__file__).parent
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


# Examples have no time-out of their own: how long one takes says how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure() -> None:
    """Heeds SIGINT, which a shell has its background jobs ignore: programs inherit that from whoever starts them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def loop_factory() -> LoopFactory | None:
    """Makes the loop of a test; None stands for the standard library's."""
    return None


@pytest.fixture
def loop_runner(loop_factory: LoopFactory | None) -> Iterator[asyncio.Runner]:
    """The event loop of one test and its fixtures; tasks that are left over are cancelled in the end."""
    with asyncio.Runner(loop_factory=loop_factory) as made:
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Runs an asynchronous fixture on the loop of its test."""
    function: Any = fixturedef.func
    if inspect.isasyncgenfunction(function):
        fixturedef.func = _generator_on(request.getfixturevalue("loop_runner"), function)  # type: ignore[misc]
    elif inspect.iscoroutinefunction(function):
        fixturedef.func = _function_on(request.getfixturevalue("loop_runner"), function)  # type: ignore[misc]
    try:
        return (yield)
    finally:
        fixturedef.func = function  # type: ignore[misc]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs an asynchronous test on its loop."""
    test = pyfuncitem.obj
    examples = getattr(test, "hypothesis", None)
    if examples is not None and inspect.iscoroutinefunction(examples.inner_test):
        examples.inner_test = _on_new_loops(examples.inner_test)
    if not inspect.iscoroutinefunction(test):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    pyfuncitem.funcargs["loop_runner"].run(test(**arguments))
    return True


ON_BOTH = ("tests/store/", "tests/flows/", "tests/faults/")
"""The folders of tests that can run over either store."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says how many tests passed over each store."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", ()) if report.nodeid.startswith(ON_BOTH)]
    everything = os.environ.get("TEST_STORE") == "postgres"
    postgres = sum(everything or "postgres" in nodeid or "pgbouncer" in nodeid for nodeid in passed)
    if passed:
        terminalreporter.write_line(f"passed over SQLite: {len(passed) - postgres}, over PostgreSQL: {postgres}")


LONGEST_FIRST = (
    "cluster",
    "docs",
    "faults",
    "real",
    "workers",
    "e2e",
    "web",
    "contract",
    "cli",
    "checks",
    "flows",
    "store",
    "unit",
)
"""The folders of tests, by how long one of their tests takes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives each asynchronous test its loop, before its other fixtures, and starts long tests first.

    Those that are marked `alone` come before all others, so that no process waits for them in between. A process that
    has nothing left to do takes over tests from the end of another's list; if those are short, all processes end at
    about the same time.
    """
    ranks = {name: rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: (not _is_alone(item), ranks.get(item.path.relative_to(TESTS).parts[0], 0)))
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.fixturenames.insert(0, "loop_runner")


_held: list[contextlib.ExitStack] = []
"""The lock that keeps other processes from running tests while tests that are marked `alone` follow each other."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    """Keeps tests that are marked `alone` apart from the tests of other processes; time-outs do not count the wait."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    folder = item.config._tmp_path_factory.getbasetemp().parent  # type: ignore[attr-defined]
    if not _is_alone(item):
        with _locked(folder, fcntl.LOCK_SH):
            return (yield)
    if not _held:
        _held.append(contextlib.ExitStack())
        _held[0].enter_context(_locked(folder, fcntl.LOCK_EX))
    try:
        return (yield)
    finally:
        if not _is_alone(nextitem):
            _held.pop().close()


def _is_alone(item: pytest.Item | None) -> bool:
    return item is not None and item.get_closest_marker("alone") is not None


@contextlib.contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / "running.lock").open("a") as running:
        with (folder / "next.lock").open("a") as turn:  # whoever waits here lets nobody pass
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(running, how)
        yield


def _generator_on(runner: asyncio.Runner, function: Callable[..., AsyncIterator[Any]]) -> Callable[..., Iterator[Any]]:
    def generator(**arguments: Any) -> Iterator[Any]:
        made = function(**arguments)
        yield runner.run(_awaited(anext(made)))
        rest = runner.run(_awaited(anext(made, generator)))
        assert rest is generator, f"{function.__name__} yields more than once"

    return generator


def _function_on(runner: asyncio.Runner, function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **arguments: runner.run(function(**arguments))


def _on_new_loops(test: Callable[..., Any]) -> Callable[..., None]:
    @functools.wraps(test)
    def example(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return example


async def _awaited(what: Awaitable[Any]) -> Any:
    return await what
