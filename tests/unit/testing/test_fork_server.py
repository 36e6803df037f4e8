"""Programs that are started by forking a process that has loaded them."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu.testing.fork_server import ForkServer, Start
from sensu.testing.ports import free_port

BACKEND = "sensu.backend.main"
TIMEOUT_S = 60.0


@pytest.fixture
def server() -> Iterator[ForkServer]:
    made = ForkServer()
    yield made
    made.close()


async def test_a_program_runs_as_if_it_had_been_started_alone(server: ForkServer, tmp_path: Path) -> None:
    """It has arguments, environment, folder, output, exit status and a process group of its own."""
    output = tmp_path / "output"
    secret = {"SENSU_BACKEND_CLUSTER_ADMIN_USERNAME": "ann", "SENSU_BACKEND_CLUSTER_ADMIN_PASSWORD": "P@ssw0rd!"}
    init = Start(BACKEND, ["init", "--state-dir", "state"], str(tmp_path), secret, str(output))
    wrong = Start(BACKEND, ["nosuch"], str(tmp_path), {}, str(output))
    async with asyncio.timeout(TIMEOUT_S):
        first, second = await server.start(init), await server.start(wrong)
        assert os.getpgid(second.pid) == second.pid != first.pid
        assert [await first.wait(), await second.wait()] == [0, 1]
    assert (tmp_path / "state" / "sensu.db").exists()
    text = output.read_text()
    assert "administrator ann" in text
    assert 'sensu-backend: unknown command "nosuch"' in text
    with pytest.raises(ProcessLookupError):
        first.send_signal(signal.SIGTERM)


async def test_a_program_is_killed_without_the_others(server: ForkServer, tmp_path: Path) -> None:
    """A signal reaches the program it is sent to, which ends with it."""
    port = free_port()
    words = ["start", "--cache-dir", "cache", "--disable-sockets", "--statsd-disable", "--api-port", str(port)]
    agent = Start("sensu.agent.main", words, str(tmp_path), {}, str(tmp_path / "output"))
    async with asyncio.timeout(TIMEOUT_S):
        first = await server.start(agent)
        second = await server.start(Start(BACKEND, ["version"], str(tmp_path), {}, str(tmp_path / "version")))
        assert await second.wait() == 0
        assert first.returncode is None
        first.kill()
        assert await first.wait() == first.returncode == -signal.SIGKILL
    assert (tmp_path / "version").read_text().startswith("sensu-backend version")
