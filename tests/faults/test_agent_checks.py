"""Checks that misbehave: the agent lives on, with bounded memory, and tells what it saw."""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.contract.fake_backend import FakeBackend
from tests.faults.agent_process import AgentProcess, running_agent, until
from tests.flows.agent_world import NOT_FOUND
from tests.unit.execution.test_assets import HELLO, AssetServer

GROWTH_KIB_MAX = 40 * 1024
CHECKS_A_ROUND, ROUNDS = 400, 8


class World:
    """A real agent and a backend that asks it to run checks."""

    def __init__(self, backend: FakeBackend, agent: AgentProcess) -> None:
        self.backend, self.agent = backend, agent
        self._issued = 0

    async def request(self, command: str, *, name: str = "", assets: Any = None, **config: Any) -> None:
        self._issued += 1
        metadata = {"name": name or f"check{self._issued}", "namespace": "default"}
        check = {"command": command, "interval": 60, "metadata": metadata, **config}
        request = {"config": check, "issued": self._issued, "assets": assets}
        assert self.backend.open is not None
        await self.backend.open.send("check_request\n" + json.dumps(request))

    async def result_of(self, command: str, **config: Any) -> dict[str, Any]:
        seen = len(self.backend.events())
        await self.request(command, **config)
        await until(lambda: len(self.backend.events()) > seen, 60)
        check: dict[str, Any] = self.backend.events()[seen]["check"]
        return check

    def results(self) -> int:
        """How many have come."""
        assert self.backend.open is not None
        return sum(frame.type == "event" for frame in self.backend.open.frames)

    def usage(self) -> tuple[int, int, int]:
        """The agent's open files, its children, and its memory in KiB."""
        assert self.agent.process is not None
        process = psutil.Process(self.agent.process.pid)
        return process.num_fds(), len(process.children()), process.memory_info().rss // 1024

    def peak_kib(self) -> int:
        """The most memory that the agent has had."""
        assert self.agent.process is not None
        status = Path(f"/proc/{self.agent.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with FakeBackend(NOT_FOUND) as backend, running_agent(tmp_path, backend.url) as agent:
        await until(lambda: backend.open is not None and bool(backend.open.frames))
        yield World(backend, agent)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def pid_in(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


async def test_a_check_that_prints_a_gigabyte(world: World) -> None:
    """The output is taken to its end and kept up to its bound; the agent's memory hardly grows."""
    before_kib = world.peak_kib()
    check = await world.result_of("yes | head -c 1000000000; exit 1", timeout=50)
    assert check["status"] == 1
    assert check["output"] == "y\n" * (512 * 1024)
    assert world.peak_kib() - before_kib < GROWTH_KIB_MAX


@pytest.mark.slow
async def test_many_checks_leave_nothing_behind(world: World) -> None:
    """Thousands of checks that end in every way leave no zombies, no open files and hardly any memory."""
    commands = ("echo hi", "exit 2", "kill -9 $$", "(sleep 0.2 &); echo bg", "cat", "nosuchcommand")

    async def run_all(rounds: int) -> tuple[int, int, int]:
        for _ in range(rounds):
            awaited = world.results() + CHECKS_A_ROUND
            for number in range(CHECKS_A_ROUND):
                await world.request(commands[number % len(commands)], name=f"c{number}", stdin=number % 3 == 0)
            await until(lambda awaited=awaited: world.results() >= awaited, 60)
        await until(lambda: world.usage()[1] == 0)
        return world.usage()

    files_before, _, kib_before = await run_all(1)
    files_after, _, kib_after = await run_all(ROUNDS)
    assert files_after <= files_before
    assert kib_after - kib_before < GROWTH_KIB_MAX // 4


async def test_a_check_that_leaves_a_child_behind(world: World, tmp_path: Path) -> None:
    """A check whose child holds its output open ends soon after its shell did."""
    began = time.monotonic()
    check = await world.result_of(f"sleep 60 & echo $! > {tmp_path}/pid; echo early")
    assert (check["status"], check["output"]) == (0, "early\n")
    assert time.monotonic() - began < 10
    os.kill(pid_in(tmp_path / "pid"), 9)


@pytest.mark.parametrize("way", ["", "setsid "])
async def test_a_check_that_forks_and_ignores_signals(world: World, tmp_path: Path, way: str) -> None:
    """At its time-out a check is killed with all it started, also what left its session and heeds no signal."""
    inner = f'trap "" TERM INT HUP; echo $$ > {tmp_path}/inner; while :; do sleep 1; done'
    outer = f"trap \"\" TERM INT HUP; {way}sh -c '{inner}' & echo $$ > {tmp_path}/outer; echo on; wait; sleep 99"
    check = await world.result_of(outer, timeout=1)
    assert (check["status"], check["output"]) == (2, "Execution timed out\non\n")
    for file in ("inner", "outer"):
        pid = pid_in(tmp_path / file)
        assert pid
        await until(lambda pid=pid: not is_alive(pid), 5)


async def test_an_agent_that_stops_leaves_no_check_behind(world: World, tmp_path: Path) -> None:
    """What does not end in time when the agent stops is killed, whatever signals it ignores."""
    await world.request(f"trap '' TERM INT HUP; echo $$ > {tmp_path}/pid; while :; do sleep 1; done")
    pid = await until(lambda: pid_in(tmp_path / "pid"))
    assert await world.agent.stop() == 0
    await until(lambda: not is_alive(pid), 5)


@pytest.mark.parametrize(
    ("behaviours", "content", "output"),
    [
        (["half", "503"], HELLO, "hello\n"),
        ([], HELLO + b"lie", "error getting assets for check: could not validate downloaded asset"),
    ],
)
async def test_asset_servers_that_misbehave(world: World, behaviours: list[str], content: bytes, output: str) -> None:
    """A check waits for an asset that comes in pieces, and says so where the server sends another one."""
    server = AssetServer(content)
    server.behaviours = behaviours
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/a.tgz"
        metadata = {"name": "hello", "namespace": "default"}
        asset = {"url": url, "sha512": hashlib.sha512(HELLO).hexdigest(), "metadata": metadata}
        check = await world.result_of("hello", assets=[asset])
    assert check["output"].startswith(output)
    assert check["status"] == (0 if output == "hello\n" else 3)
