"""The bus between workers, over real sockets."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.members.bus import Bus, PeerGone, SendReply
from sensu.backend.members.lines import UnixLine
from sensu.backend.members.messages import AskHealth, ChangesAvailable, Health, MemberMessage, Publish
from sensu.backend.workers.context import Addresses
from sensu.clock import SystemClock
from sensu.resources.check_request import CheckRequest
from tests.jumping_loop import JUMPING, quiet

SOON_S = 5.0


class Worker:
    """One worker's bus; `heard` are the messages that it took, `open` whether it takes any."""

    def __init__(self, member: int, addresses: Addresses, listener: Any) -> None:
        self.bus = Bus(member, {1 - member: UnixLine(addresses.of(1 - member))}, listener, SystemClock())
        self.heard: list[MemberMessage] = []
        self.open = asyncio.Event()
        self.open.set()
        self.bus.when_room(self._wait_for_room)
        self.bus.on(ChangesAvailable, self._take)
        self.bus.on(Publish, self._take)
        self.bus.on(AskHealth, lambda _, ask, answer: answer(Health(ask.id, "well")))
        self._task: asyncio.Task[None] | None = None

    async def _wait_for_room(self) -> None:
        await self.open.wait()

    def _take(self, member: int, message: MemberMessage, answer: SendReply) -> bool:
        if self.open.is_set():
            self.heard.append(message)
        return self.open.is_set()

    async def start(self) -> None:
        await self.bus.open()
        self._task = asyncio.create_task(self.bus.run())

    async def stop(self) -> None:
        self.bus.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON_S):
        while not condition():  # noqa: ASYNC110 - other loops have no event to await
            await asyncio.sleep(0.005)


@asynccontextmanager
async def two_workers(folder: Path) -> AsyncIterator[tuple[Worker, Worker, Callable[[], Worker]]]:
    """Two workers that are connected, and what makes the second one again."""
    addresses = Addresses(folder)
    listeners = [addresses.listener(member) for member in range(2)]

    workers = [Worker(member, addresses, listeners[member].dup()) for member in range(2)]
    try:
        for worker in workers:
            await worker.start()
        await until(lambda: workers[0].bus.peers[1].present and workers[1].bus.peers[0].present)

        def again() -> Worker:
            workers.append(Worker(1, addresses, listeners[1].dup()))
            return workers[-1]

        yield workers[0], workers[1], again
    finally:
        for worker in workers:
            await worker.stop()
        addresses.close(2)
    assert list(folder.iterdir()) == []


def publish(number: int) -> Publish:
    return Publish("default", "x" * 1000, CheckRequest(issued=number))


async def test_messages_arrive_in_order(tmp_path: Path) -> None:
    """What a worker tells arrives whole, once and in order, however much it is."""
    async with two_workers(tmp_path) as (one, two, _):
        for number in range(3000):
            one.bus.peers[1].tell(publish(number))
        await until(lambda: len(two.heard) == 3000)
        assert two.heard == [publish(number) for number in range(3000)]


@JUMPING
async def test_a_worker_that_has_no_room_is_told_later(tmp_path: Path, loop_factory: object) -> None:
    """A message that is not taken waits with those behind it, and none is lost."""
    async with two_workers(tmp_path) as (one, two, _):
        two.open.clear()
        for number in range(500):
            one.bus.peers[1].tell(publish(number))
        await quiet()
        assert two.heard == []
        two.open.set()
        await until(lambda: len(two.heard) == 500)
        assert two.heard == [publish(number) for number in range(500)]


@JUMPING
async def test_questions_are_answered_or_fail(tmp_path: Path, loop_factory: object) -> None:
    """A question gets its answer; when the other worker ends, those that wait hear that it is gone."""
    async with two_workers(tmp_path) as (one, two, _):
        peer = one.bus.peers[1]
        assert await peer.ask(AskHealth) == Health(1, "well")
        two.bus.on(AskHealth, lambda *_: None)
        asking = asyncio.create_task(peer.ask(AskHealth))
        await quiet()
        await two.stop()
        with pytest.raises(PeerGone):
            await asking
        with pytest.raises(PeerGone):
            await peer.ask(AskHealth)


async def test_a_worker_that_is_started_again_is_found(tmp_path: Path) -> None:
    """Presence is told when a worker goes and when it is back, and then it hears what it is told."""
    async with two_workers(tmp_path) as (one, two, anew):
        seen: list[bool] = []
        one.bus.peers[1].tell_presence(seen.append)
        await two.stop()
        await until(lambda: seen == [True, False])
        again = anew()
        await again.start()
        await until(lambda: seen == [True, False, True])
        one.bus.tell_all(ChangesAvailable())
        await until(lambda: again.heard == [ChangesAvailable()])


async def test_long_paths_are_reached(tmp_path: Path) -> None:
    """A state folder may lie deeper than addresses of sockets are long."""
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    assert len(os.fsencode(folder)) > 108

    async with two_workers(folder) as (one, two, _):
        one.bus.tell_all(ChangesAvailable())
        await until(lambda: two.heard == [ChangesAvailable()])
