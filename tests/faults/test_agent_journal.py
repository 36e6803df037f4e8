"""What befalls an agent while its backend is away: nothing that it accepted is lost, and nothing is told twice."""

import asyncio
import contextlib
import json
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sensu.agent.journal import RETRY_S
from tests.contract.fake_backend import FakeBackend
from tests.faults.agent_process import AgentProcess, running_agent, until
from tests.faults.cable import cable_to
from tests.faults.disk import NoDisk, fill, small_disk
from tests.faults.network import NoNamespaces, far_host
from tests.faults.test_kill_backend import Api, running_backend
from tests.flows.agent_world import NOT_FOUND

HISTORY_MAX = 21
DISK_KIB = 512
QUICK = ("--backend-heartbeat-interval", "1", "--backend-heartbeat-timeout", "2", "--keepalive-interval", "1")


def outputs(backend: FakeBackend) -> list[str]:
    return [event["check"]["output"] for event in backend.events()]


async def post_all(agent: AgentProcess, check: str, numbers: Sequence[int], **more: Any) -> None:
    for number in numbers:
        assert await agent.post(check, number, **more) == 202


async def test_a_killed_agent_sends_what_it_accepted(tmp_path: Path) -> None:
    """Events that the local API answered with 202 reach the backend after kill -9 of the agent, in order, once."""
    async with FakeBackend(NOT_FOUND) as backend:
        await backend.go_away()
        async with running_agent(tmp_path, backend.url) as agent:
            await post_all(agent, "posted", range(1, 101))
            await agent.kill()
            await agent.start()
            await post_all(agent, "posted", range(101, 121))
            await agent.kill()
            await backend.listen()
            await agent.start()
            await until(lambda: len(backend.events()) >= 120)
            await post_all(agent, "posted", [121])
            await until(lambda: len(backend.events()) >= 121)
    assert outputs(backend) == [str(number) for number in range(1, 122)]
    assert [event["timestamp"] for event in backend.events()] == list(range(1, 122))


async def test_a_stopped_agent_forgets_what_was_sent(tmp_path: Path) -> None:
    """After a clean end and a new start nothing that arrived is sent again."""
    async with FakeBackend(NOT_FOUND) as backend, running_agent(tmp_path, backend.url) as agent:
        await post_all(agent, "posted", range(1, 11))
        await until(lambda: len(backend.events()) >= 10)
        assert await agent.stop() == 0
        assert list(agent.cache.glob("journal/*/*.journal")) == []
        await agent.start()
        await post_all(agent, "posted", [11])
        await until(lambda: len(backend.events()) >= 11)
        assert outputs(backend) == [str(number) for number in range(1, 12)]


async def histories(api: Api, checks: Sequence[str]) -> dict[str, list[int]]:
    events = {check: await api.event("ag1", check) for check in checks}
    return {c: [one["executed"] for one in e.get("check", {}).get("history", ())] for c, e in events.items()}


async def cable_story(folder: Path, away_s: float, rounds: int) -> None:
    """Events flow all the time, the cable is pulled and plugged in; each check has its whole history in the end."""
    checks = [f"check{number}" for number in range(12)]
    done = dict.fromkeys(checks, 0)

    async def flow(agent: AgentProcess, over: asyncio.Event) -> None:
        while not over.is_set():
            for check in checks:
                if done[check] < HISTORY_MAX:
                    done[check] += 1
                    await post_all(agent, check, [done[check]], interval=60)
            await asyncio.sleep(away_s * rounds * 1.5 / HISTORY_MAX)

    async with running_backend(folder / "backend") as (backend, api):
        port = int(backend.agent_url.rpartition(":")[2])
        async with cable_to(port) as cable:
            url = f"ws://127.0.0.1:{cable.port}"
            async with running_agent(folder / "agent", url, *QUICK) as agent, asyncio.TaskGroup() as group:
                over = asyncio.Event()
                await until(lambda: agent.value("sensu_go_agent_new_connections"))
                flowing = group.create_task(flow(agent, over))
                for _ in range(rounds):
                    await asyncio.sleep(away_s / 2)
                    cable.pull()
                    await asyncio.sleep(away_s)
                    cable.plug_in()
                over.set()
                await flowing
                wanted = {check: list(range(1, last + 1)) for check, last in done.items()}
                assert min(done.values()) > 5

                async def arrived() -> bool:
                    return await histories(api, checks) == wanted

                try:
                    await until(arrived, 30)
                except TimeoutError:
                    assert await histories(api, checks) == wanted
                assert await agent.value("sensu_agent_events_lost") == 0
                assert await agent.value("sensu_go_agent_new_connections") > rounds


async def test_a_pulled_cable(tmp_path: Path) -> None:
    """Whatever came while the cable was pulled is delivered when it is back: all, in order, once."""
    await cable_story(tmp_path, away_s=4, rounds=1)


@pytest.mark.slow
async def test_a_cable_that_is_pulled_for_long_and_often(tmp_path: Path) -> None:
    """The same through several long cuts."""
    await cable_story(tmp_path, away_s=15, rounds=3)


TEN_MINUTES = 600 / 20
"""Ten minutes, twenty times as fast; the settings of the agent are compressed likewise."""
COMPRESSED = (
    *("--keepalive-interval", "1", "--keepalive-warning-timeout", "6"),
    *("--backend-heartbeat-interval", "1", "--backend-heartbeat-timeout", "2", "--retry-max", "6s"),
)


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_ten_minutes_without_a_network(tmp_path: Path) -> None:
    """An agent on a host of its own, whose cable is pulled for ten minutes while events flow: all, in order, once."""
    checks = [f"check{number}" for number in range(30)]

    async def flow(agent: AgentProcess) -> None:
        for number in range(1, HISTORY_MAX + 1):
            for check in checks:
                await post_all(agent, check, [number], interval=60)
            await asyncio.sleep(TEN_MINUTES * 1.4 / HISTORY_MAX)

    with contextlib.ExitStack() as stack:
        try:
            far = stack.enter_context(far_host())
        except NoNamespaces as why:
            pytest.skip(f"a network namespace cannot be made here (it needs root and iproute2): {why}")
        async with running_backend(tmp_path / "backend", "--agent-host", far.address) as (backend, api):
            url = backend.agent_url.replace("127.0.0.1", far.address)
            surroundings = {"within": far.within, "host": far.console}
            async with running_agent(tmp_path / "agent", url, *COMPRESSED, surroundings=surroundings) as agent:
                await until(lambda: agent.value("sensu_go_agent_new_connections"))
                flowing = asyncio.create_task(flow(agent))
                await asyncio.sleep(TEN_MINUTES * 0.2)
                far.pull()
                await asyncio.sleep(TEN_MINUTES)
                assert await agent.get("/healthz") == "sensu backend unavailable"
                assert await agent.value("sensu_agent_events_waiting") > len(checks) * HISTORY_MAX / 2
                far.plug_in()
                await flowing
                wanted = {check: list(range(1, HISTORY_MAX + 1)) for check in checks}
                await until(lambda: _are(api, wanted), 30)
                assert await agent.value("sensu_agent_events_lost") == 0


async def _are(api: Api, wanted: dict[str, list[int]]) -> bool:
    return await histories(api, list(wanted)) == wanted


async def test_a_killed_backend_and_a_killed_agent(tmp_path: Path) -> None:
    """With kill -9 of both at any moment nothing that was accepted is missing from the history, or in it twice."""
    async with running_backend(tmp_path / "backend") as (backend, api):
        async with running_agent(tmp_path / "agent", backend.agent_url, *QUICK) as agent:
            number = 0
            for _ in range(3):
                for victim in (agent, backend):
                    for _ in range(3):
                        number += 1
                        await post_all(agent, "http", [number], interval=60)
                    await victim.kill()
                    await victim.start()
            await until(lambda: _last_is(api, number))
            assert (await histories(api, ["http"]))["http"] == list(range(1, number + 1))


async def _last_is(api: Api, number: int) -> bool:
    try:
        event = await api.event("ag1", "http")
    except (aiohttp.ClientError, AssertionError):  # the backend starts, or has no event yet
        return False
    return bool(event.get("check", {}).get("output") == str(number))


async def test_a_full_disk(tmp_path: Path) -> None:
    """Where files cannot grow the agent says so once, goes on in memory, and delivers in order."""
    async with FakeBackend(NOT_FOUND) as backend:
        await backend.go_away()
        async with running_agent(tmp_path, backend.url, file_bytes_max=20_000) as agent:
            await post_all(agent, "posted", range(1, 201))
            await backend.listen()
            await until(lambda: len(backend.events()) >= 200)
            await post_all(agent, "posted", [201])
            await until(lambda: len(backend.events()) >= 201)
            said = [line for line in agent.log.read_text().splitlines() if "journal cannot be written" in line]
    assert outputs(backend) == [str(number) for number in range(1, 202)]
    assert len(said) == 1


async def test_a_full_file_system(tmp_path: Path) -> None:
    """On a disk that others have filled the agent goes on in memory, and moves to the disk once there is room."""
    with contextlib.ExitStack() as stack:
        try:
            disk = stack.enter_context(small_disk(tmp_path / "disk", DISK_KIB))
        except NoDisk as why:
            pytest.skip(f"a file system cannot be mounted here (it needs root): {why}")
        (disk / "agent").mkdir()
        (disk / "agent" / "agent.log").symlink_to(tmp_path / "agent.log")
        async with FakeBackend(NOT_FOUND) as backend:
            await backend.go_away()
            async with running_agent(disk / "agent", backend.url) as agent:
                await post_all(agent, "posted", range(1, 51))
                fill(disk / "others")
                await post_all(agent, "posted", range(51, 201))
                await until(lambda: "journal cannot be written" in agent.log.read_text())
                (disk / "others").unlink()
                await until(lambda: _writes_again(agent), RETRY_S * 2)
                await agent.kill()
                await backend.listen()
                await agent.start()
                await until(lambda: len(backend.events()) >= 201)
        assert outputs(backend)[:200] == [str(number) for number in range(1, 201)]


async def _writes_again(agent: AgentProcess) -> bool:
    """Whether the journal takes what comes, which it tries every `RETRY_S`."""
    assert await agent.post("posted", 201) == 202
    await asyncio.sleep(0.5)
    return "journal can be written again" in agent.log.read_text()


async def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    """Without a place for a journal the agent still delivers."""
    (tmp_path / "cache").touch()
    async with FakeBackend(NOT_FOUND) as backend, running_agent(tmp_path, backend.url) as agent:
        await post_all(agent, "posted", [1])
        await until(lambda: len(backend.events()) >= 1)


async def test_the_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manager hears that the agent is ready when its API answers, and that it stops when it is asked to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        async with FakeBackend(NOT_FOUND) as backend, running_agent(tmp_path, backend.url) as agent:
            assert await until(lambda: heard(manager)) == b"READY=1"
            assert await agent.stop() == 0
            assert heard(manager) == b"STOPPING=1"


async def test_a_signal_changes_what_is_logged(tmp_path: Path) -> None:
    """Each SIGUSR1 makes the agent log more than before, and after the most only errors again."""
    async with FakeBackend(NOT_FOUND) as backend, running_agent(tmp_path, backend.url) as agent:
        assert agent.process is not None
        for level in ("debug", "trace", "error", "warn", "info"):
            agent.process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(0.05)
            await post_all(agent, level, [1])
            await until(lambda wanted=level: wanted in [e["check"]["metadata"]["name"] for e in backend.events()])
    lines = [json.loads(line) for line in agent.log.read_text().splitlines()]
    logged = [line["check"] for line in lines if line["msg"] == "sending event to backend" and "check" in line]
    assert [check for check in logged if check != "keepalive"] == ["debug", "trace", "info"]


def heard(manager: socket.socket) -> bytes:
    try:
        return manager.recv(100)
    except BlockingIOError:
        return b""
