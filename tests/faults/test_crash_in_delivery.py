"""The end of the process at every step of a delivery: each delivery happens, once for handlers that honour its id."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop

from sensu.backend.stored_form import put
from sensu.errors import StoreError
from sensu.resources.handler import Handler
from sensu.resources.kinds import NAMESPACE, PIPELINE
from sensu.resources.namespace import Namespace
from sensu.rules.share import ALL_SLOTS, Slots
from sensu.store.sqlite.store import SQLiteStore
from sensu.store.values import OweDelivery, Write
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.pipelined_world import START, PipelinedWorld, pipe, pipeline, result, workflow

STEPS_MAX = 200
"""More steps than a delivery of this test has; the loop ends after the last one."""
REAL_S_MAX = 20.0
TICK_S = 0.005
ENTITIES = ("web1", "web2")
EVENTS = ("1", "2")


class DyingStore:
    """A store whose process ends at its step `dies_at`, before or after the step is done; nothing is done from then on.

    Steps are what pipelined asks of the store, and so lie between any two things that it does.
    """

    def __init__(self, store: SQLiteStore, dies_at: int, *, done: bool) -> None:
        self._store, self._dies_at, self._done = store, dies_at, done
        self.steps = 0
        self.dead = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Write]) -> Any:
        return await self._step(lambda: self._store.commit(writes))

    async def deliveries_owed(self, limit: int, after: int = 0, slots: Slots = ALL_SLOTS) -> Sequence[OweDelivery]:
        found: Sequence[OweDelivery] = await self._step(lambda: self._store.deliveries_owed(limit, after, slots))
        return found

    async def _step(self, work: Any) -> Any:
        if self.dead.is_set():
            raise StoreError("the process has ended")
        self.steps += 1
        dies = self.steps == self._dies_at
        result = None if dies and not self._done else await work()
        if dies:
            self.dead.set()
            await asyncio.get_running_loop().create_future()
        return result


def recording(folder: Path, name: str, then: str = "") -> str:
    """A command that adds the output of its event to one file, and to another only under a delivery id that is new."""
    seen = f'"{folder}/seen-{name}-$(printf %s "$SENSU_DELIVERY_ID" | cksum | tr " " -)"'
    output = '$(sed \'s/.*"output":"\\([^"]*\\)".*/\\1/\')'
    once = f'mkdir {seen} 2>/dev/null && echo "$o" >> {folder}/{name}.once'
    return f'o="{output}"; echo "$o" >> {folder}/{name}.all; {once}; {then or "true"}'


def handlers(folder: Path) -> Sequence[Handler]:
    first = f"test -e {folder}/up || {{ touch {folder}/up; exit 1; }}"
    return (
        pipe("good", recording(folder, "good")),
        pipe("slow-to-come", f"{first}; {recording(folder, 'slow-to-come')}"),
        pipe("broken", "exit 1", retry_attempts=1, fallback_handler="mail"),
        pipe("mail", recording(folder, "mail")),
    )


async def owe(folder: Path) -> None:
    """The events are committed, and the process has not begun with them."""
    store = SQLiteStore(folder / "state")
    await store.open()
    await store.commit([put(NAMESPACE, Namespace(name="default"))])
    world = PipelinedWorld(store, VirtualClock(START), folder, None)
    await world.handlers(*handlers(folder))
    await world.configure(
        PIPELINE, pipeline("p", *(workflow(each.metadata.name, each.metadata.name) for each in handlers(folder)[:3]))
    )
    for number in EVENTS:
        events = [result(f"{entity} {number}", entity=entity, pipelines=["p"]) for entity in ENTITIES]
        await world.owe(*events, wake=False)
    await store.close()


async def live(folder: Path, now: float, dies_at: int, *, done: bool) -> tuple[bool, float, int]:
    """One life of the process: whether it died, at what time, after how many steps."""
    store = SQLiteStore(folder / "state")
    await store.open()
    dying = DyingStore(store, dies_at, done=done)
    world = PipelinedWorld(cast(SQLiteStore, dying), VirtualClock(now), folder, None)
    await world.start()
    try:
        async with asyncio.timeout(REAL_S_MAX):
            while not dying.dead.is_set() and await store.deliveries_owed(1):
                await world.clock.advance(0.5)
                await asyncio.sleep(TICK_S)
    finally:
        await world.stop()
        assert not await store.dead_letters(1)
        await store.close()
    return dying.dead.is_set(), world.clock.now(), dying.steps


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


async def check_each_step(folder: Path, *, done: bool) -> tuple[int, int]:
    """The steps of a life without an accident, after accidents at each; and how often something was repeated."""
    repeated = 0
    wanted = Counter(f"{entity} {number}" for entity in ENTITIES for number in EVENTS)
    for dies_at in range(1, STEPS_MAX):
        within = folder / str(dies_at)
        within.mkdir()
        await owe(within)
        died, now, steps = await live(within, START, dies_at, done=done)
        if died:
            died_again, _, _ = await live(within, now, 0, done=done)
            assert not died_again
        for name in ("good", "slow-to-come", "mail"):
            assert Counter(lines(within / f"{name}.once")) == wanted, (dies_at, name)
            tried = Counter(lines(within / f"{name}.all"))
            assert tried >= wanted, (dies_at, name)
            repeated += (tried - wanted).total()
            for entity in ENTITIES:
                mine = [line for line in lines(within / f"{name}.once") if line.startswith(entity)]
                assert mine == sorted(mine), (dies_at, name)
        if not died:
            return steps, repeated
    raise AssertionError("the deliveries never end")


@pytest.fixture
def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    return uvloop.new_event_loop


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_a_process_that_ends_at_any_step_loses_and_doubles_nothing(tmp_path: Path, done: bool) -> None:
    """Whatever step the process ends at, the next one delivers each event, in order, and once by its delivery id."""
    steps, repeated = await check_each_step(tmp_path, done=done)
    assert steps >= 5
    assert repeated > 0
