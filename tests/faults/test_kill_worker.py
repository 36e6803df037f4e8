"""kill -9 of one worker of several while agents and clients send: the others go on, and nothing confirmed is lost."""

import asyncio
import json
import os
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from sensu.rules.share import Share, slot_of
from sensu.testing.backend_process import BackendProcess
from tests.faults.test_kill_backend import (
    AGENTS,
    HANDLER_TAKES_S,
    HISTORY_MAX,
    Client,
    Sender,
    check_histories,
    failures,
    handled,
    running_backend,
)
from tests.workers.world import NAMESPACE, clients, event_of, until, workers_of
from tests.workers.world import Client as WorkerClient

WORKERS = 3
KILLS = 6
PATIENCE_S = 60.0


async def all_workers(backend: BackendProcess) -> list[psutil.Process]:
    """The workers, once all run."""
    async with asyncio.timeout(PATIENCE_S):
        while len(found := workers_of(backend)) < WORKERS:  # noqa: ASYNC110 - another process has no asyncio.Event
            await asyncio.sleep(0.02)
    return found


@pytest.mark.slow
async def test_nothing_confirmed_is_lost_with_a_worker(tmp_path: Path) -> None:
    """Whichever worker is killed: in the end every history is whole and in order, and every failure was handled."""
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


@pytest.mark.slow
async def test_no_event_is_counted_twice_when_its_worker_dies(tmp_path: Path) -> None:
    """Clients of other workers report one check while the worker of its entity is killed: occurrences are exact."""
    entity = next(f"router{i}" for i in range(100) if Share(0, WORKERS).owner_of(slot_of("default", f"router{i}")) == 1)
    backend = BackendProcess(tmp_path)
    await backend.initialise()
    await backend.start(["--workers", str(WORKERS), "--log-level", "info"])
    until(lambda: "ready to accept" in backend.log.read_text(), "the workers do not serve")
    victim = pids_by_member(backend)[1]
    over = threading.Event()

    def post(client: WorkerClient) -> int:
        """How many posts were confirmed, which are all that were made."""
        made = 0
        while not over.is_set():
            status, answer = client.ask("POST", f"{NAMESPACE}/events", event_of(entity, "ping", 2))
            assert status == 201, answer
            made += 1
        return made

    with clients(backend) as each, ThreadPoolExecutor(WORKERS) as pool:
        posting = [pool.submit(post, client) for client in each if client.worker != victim]
        for _ in range(4):
            await asyncio.sleep(0.7)
            os.kill(pids_by_member(backend)[1], signal.SIGKILL)
            until(lambda: len(workers_of(backend)) == WORKERS, "it is not started again")
        await asyncio.sleep(0.7)
        over.set()
        made = sum(one.result() for one in posting)
        reader = next(client for client in each if client.worker != victim)
        stored = reader.ask("GET", f"{NAMESPACE}/events/{entity}/ping")[1]["check"]
    assert (stored["occurrences"], len(stored["history"])) == (made, HISTORY_MAX)
    await backend.stop()


def pids_by_member(backend: BackendProcess) -> dict[int, int]:
    """The process of each worker that was started last, as the log tells."""
    lines = [json.loads(line) for line in backend.log.read_text().splitlines() if '"worker started"' in line]
    return {line["worker"]: line["pid"] for line in lines}
