"""kill -9 of one worker of several while agents and clients send: the others go on, and nothing confirmed is lost."""

import asyncio
import os
import random
import signal
from pathlib import Path

import psutil
import pytest

from sensu.testing.backend_process import BackendProcess
from tests.faults.test_kill_backend import (
    AGENTS,
    HANDLER_TAKES_S,
    Client,
    Sender,
    check_histories,
    failures,
    handled,
    running_backend,
)

WORKERS = 3
KILLS = 6
PATIENCE_S = 10.0


def workers_of(backend: BackendProcess) -> list[psutil.Process]:
    return [child for child in psutil.Process(backend.pid).children() if child.status() != psutil.STATUS_ZOMBIE]


async def all_workers(backend: BackendProcess) -> list[psutil.Process]:
    """The workers, once all run."""
    async with asyncio.timeout(PATIENCE_S):
        while len(found := workers_of(backend)) < WORKERS:  # noqa: ASYNC110 - another process has no asyncio.Event
            await asyncio.sleep(0.02)
    return found


@pytest.mark.slow
def test_nothing_confirmed_is_lost_with_a_worker(tmp_path: Path) -> None:
    """Whichever worker is killed: in the end every history is whole and in order, and every failure was handled."""

    async def story() -> None:
        chance = random.Random(9)
        log = tmp_path / "handled.log"
        async with running_backend(tmp_path, "--workers", str(WORKERS)) as (backend, api):
            command = {
                "type": "pipe",
                "command": f"sleep {HANDLER_TAKES_S}; exec cat >> {log}",
                "mutator": "only_check_output",
                "timeout": 10,
            }
            await api.put("handlers/log", {"metadata": {"name": "log", "namespace": "default"}, **command})
            senders: list[Sender | Client] = [Sender(backend.agent_url, i) for i in range(AGENTS)]
            senders += [Client(api, f"proxy-{i}") for i in range(3)]
            async with asyncio.TaskGroup() as group:
                for sender in senders:
                    group.create_task(sender.run())
                for kill in range(KILLS):
                    await asyncio.sleep(chance.uniform(0.2, 0.9))
                    victims = sorted(await all_workers(backend), key=lambda worker: worker.pid)
                    os.kill(victims[kill % WORKERS].pid, signal.SIGKILL)
                await asyncio.sleep(0.5)
                for sender in senders:
                    sender.finish()
            await check_histories(api, senders)
            wanted = failures(senders)
            assert wanted - await handled(log, wanted) == set()

    asyncio.run(story())
