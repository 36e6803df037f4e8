"""A backend restarts, and all its agents return at once."""

import asyncio
import contextlib
import os
import random
import time
from pathlib import Path

import psutil
import pytest

from sensu.testing.backend_process import BackendProcess
from sensu.testing.fake_agent import FakeAgent, NotConnected
from sensu.transport.session import Backoff, Retries
from tests.faults.test_kill_backend import Api, running_backend

AGENTS = int(os.environ.get("SENSU_STORM_AGENTS", "1000"))
RETURN_S = 30.0
START_CPU_S, CPU_S_PER_AGENT = 4.0, 0.01
KEEPALIVE_S, WARNING_S = 5, 15
CONNECTING_MAX = 100
"""How many log in at once in the beginning, before the storm."""


class Returning:
    """An agent that connects, and connects again, with the waits of a real one, and sends keepalives."""

    def __init__(self, url: str, number: int) -> None:
        self.name = f"storm{number}"
        self.sessions = 0
        self.is_up = asyncio.Event()
        self._url = url

    async def run(self) -> None:
        backoff = Backoff(Retries())
        while True:
            try:
                async with FakeAgent.session(self._url, self.name, acknowledged=True) as agent:
                    backoff.reset()
                    self.sessions += 1
                    await self._live(agent)
            except (NotConnected, ConnectionError, TimeoutError):
                await asyncio.sleep(backoff.next_wait_s(random.random()))

    async def _live(self, agent: FakeAgent) -> None:
        try:
            while True:
                number = agent.keepalive(interval=KEEPALIVE_S, timeout=WARNING_S)
                await agent.until(lambda heard, n=number: n in heard.stored or heard.socket.closed)
                self.is_up.set()
                with contextlib.suppress(TimeoutError):
                    await agent.closed(KEEPALIVE_S)
                    return
        finally:
            self.is_up.clear()


def backend_cpu_s(backend: BackendProcess) -> float:
    """What the backend process has used."""
    used = psutil.Process(backend.pid).cpu_times()
    return used.user + used.system


async def all_are_up(agents: list[Returning], patience_s: float) -> None:
    async with asyncio.timeout(patience_s):
        for agent in agents:
            await agent.is_up.wait()


async def alarms(api: Api) -> list[str]:
    events = await api.events()
    return [f"{e['entity']['metadata']['name']}: {e['check']['output']}" for e in events if e["check"]["status"]]


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_all_agents_return_after_a_restart(tmp_path: Path) -> None:
    """After a restart of the backend all agents are back soon, at a bounded cost, and none is called missing."""
    async with running_backend(tmp_path) as (backend, api):
        agents = [Returning(backend.agent_url, number) for number in range(AGENTS)]
        async with asyncio.TaskGroup() as group:
            tasks = []
            for at in range(0, AGENTS, CONNECTING_MAX):
                some = agents[at : at + CONNECTING_MAX]
                tasks += [group.create_task(agent.run()) for agent in some]
                await all_are_up(some, 60)
            await backend.stop()
            await backend.start(["--log-level", "error"])
            began = time.monotonic()
            await all_are_up(agents, RETURN_S)
            took_s, cpu_s = time.monotonic() - began, backend_cpu_s(backend)
            print(f"{AGENTS} agents are back after {took_s:.1f} s, {cpu_s:.1f} s of CPU since the start")
            await api.log_in(backend.api_url)
            await asyncio.sleep(WARNING_S)
            assert await alarms(api) == []
            assert [agent.name for agent in agents if agent.sessions != 2] == []
            assert cpu_s < START_CPU_S + AGENTS * CPU_S_PER_AGENT
            for task in tasks:
                task.cancel()
