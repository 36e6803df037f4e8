"""`sensu-agent doctor` finds what keeps an agent from its work, with real agents' ports, TLS and journals."""

import asyncio
import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from sensu.agent.doctor import doctor
from sensu.agent.journal import open_journal
from sensu.clock import SystemClock
from sensu.resources.check import CheckConfig
from sensu.resources.check_request import CheckRequest
from sensu.resources.kinds import CHECK
from sensu.resources.metadata import ObjectMeta
from sensu.testing.fake_agent import FakeAgent
from sensu.testing.ports import free_ports
from sensu.tls import server_context
from tests.faults.agent_process import until
from tests.flows.agentd_world import running
from tests.flows.certificate_authority import Authority
from tests.flows.small_server import serving
from tests.flows.test_agent_extensions import agent_of
from tests.moved_clock import MovedClock

HOUR = datetime.timedelta(hours=1)
QUIET = ("--disable-api", "--disable-sockets", "--statsd-disable")


class Found:
    """What a run of doctor found."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.all: list[dict[str, str]] = json.loads(text)

    def of(self, subject: str) -> str:
        """The level, what was found and the remedy, of the subject that begins with a word."""
        return next(
            (
                f"{one['level']}: {one['found']}; {one['remedy']}"
                for one in self.all
                if one["subject"].startswith(subject)
            ),
            "",
        )


async def examine(folder: Path, url: str, *words: str, quiet: bool = True) -> Found:
    """A run of doctor for the agent a1."""
    out = io.StringIO()
    flags = ["--name", "a1", "--backend-url", url, "--cache-dir", str(folder), "--format", "json"]
    flags += [*(QUIET if quiet else ()), *words]
    environment = {"SENSU_CONFIG_FILE": str(folder / "agent.yml")}
    (folder / "agent.yml").touch()
    status = await asyncio.to_thread(doctor, flags, environment, out, SystemClock())
    return Found(status, out.getvalue())


def port_of_nobody() -> int:
    (port,) = free_ports(1)
    return port


async def test_a_backend_that_takes_the_agent(tmp_path: Path) -> None:
    """All is well but a subscription that no check has, and no session has begun."""
    async with running() as world:
        check = CheckConfig(metadata=ObjectMeta(name="c1", namespace="default"), subscriptions=("linux",))
        world.records.put(CHECK, "default", "c1", check)
        found = await examine(tmp_path, world.url, "--subscriptions", "linux,web")
        assert found.of("backend").startswith("good: answers within")
        assert found.of("log-in").startswith("good: the user agent is accepted in namespace default")
        assert found.of("clock").startswith("good")
        assert found.of("version").startswith("good")
        assert found.of("subscriptions").startswith("warning: no check has the subscription web")
        assert world.metric("sensu_go_agent_sessions", namespace="default") == 0
        world.records.put_entity("a1", "linux")
        stored = await examine(tmp_path, world.url, "--subscriptions", "linux,web")
        assert stored.of("subscriptions").startswith("warning: the settings name web, but the entity")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--password", "wrong"], "problem: the user agent is not accepted: bad credentials; check user and password"),
        (["--user", "noroles", "--password", "Noroles-1"], "problem: the user noroles may not create events"),
        (["--namespace", "nosuch"], "problem: namespace nosuch does not exist; create it: sensuctl namespace create"),
    ],
)
async def test_credentials_are_tried(tmp_path: Path, flags: list[str], says: str) -> None:
    """The line says whether the user, its rights or the namespace are wrong, and what to do."""
    async with running() as world:
        found = await examine(tmp_path, world.url, *flags)
    assert found.of("log-in").startswith(says)
    assert found.status == 2


async def test_another_agent_has_the_name(tmp_path: Path) -> None:
    """Two sessions with one name are a problem, and so is one while no agent runs here."""
    async with running() as world, FakeAgent.session(world.url, "a1"):
        port = str(port_of_nobody())
        away = ("--api-port", port, "--disable-sockets", "--statsd-disable")
        found = await examine(tmp_path, world.url, *away, quiet=False)
        assert found.of("name").startswith("problem: 1 agent with the name a1 is connected, but none runs here")
        assert found.of("service").startswith("warning: no agent answers")
        assert found.of("API port") == f"good: 127.0.0.1:{port} is free; "


async def test_clocks_are_compared(tmp_path: Path) -> None:
    """A backend whose clock is ten minutes ahead is a problem."""
    clock = MovedClock()
    clock.moved_s = 600
    async with running(clock=clock) as world:
        found = await examine(tmp_path, world.url)
    assert found.of("clock").startswith("problem: the backend's clock is 600 s ahead")


@pytest.mark.parametrize(
    ("issue", "says"),
    [
        ({"ends": -HOUR}, "certificate has expired"),
        ({"names": ["sensu.example.org"]}, "certificate is valid for sensu.example.org, not 127.0.0.1"),
        ({"ends": HOUR}, ""),
    ],
)
async def test_the_certificate_of_a_backend(tmp_path: Path, issue: dict[str, Any], says: str) -> None:
    """Its dates and names are said in words; one that ends soon is a warning."""
    authority = Authority(tmp_path)
    own = authority.issue("backend", **issue)
    context = server_context(str(own.cert_file), str(own.key_file))
    async with running(ssl_context=context) as world:
        url = world.url.replace("ws:", "wss:")
        found = await examine(tmp_path, url, "--trusted-ca-file", authority.file)
        if says:
            assert says in found.of("backend")
            assert found.status == 2
            return
        assert found.of("certificate").startswith("warning: is valid for 0 more days; renew it")
        assert "--trusted-ca-file" in (await examine(tmp_path, url)).of("backend")
        assert f"the server speaks TLS: use {url}" in (await examine(tmp_path, world.url)).of("backend")


async def test_tls_where_there_is_none(tmp_path: Path) -> None:
    """A wss URL of a port without TLS is answered with the URL to use."""
    async with running() as world:
        url = world.url
        found = await examine(tmp_path, url.replace("ws:", "wss:"))
    assert f"the server does not speak TLS: use {url}" in found.of("backend")


async def test_nobody_listens_or_somebody_else_does(tmp_path: Path) -> None:
    """A refused connection and an answer of another server are told apart, and a name that does not exist."""
    refused = await examine(tmp_path, f"ws://127.0.0.1:{port_of_nobody()}")
    assert refused.of("backend").startswith("problem: connection refused; is the backend running there")
    unknown = await examine(tmp_path, "ws://no-such-host.invalid:8081")
    assert "the host name is unknown" in unknown.of("backend")

    async def absent(_: web.Request) -> web.Response:
        return web.Response(status=404, text="404 page not found")

    async with serving("GET", "/", absent) as server:
        other = await examine(tmp_path, server.replace("http:", "ws:").rstrip("/"))
    assert other.of("log-in").startswith("problem: this does not take agents (status 404")


async def test_events_that_wait_are_counted(tmp_path: Path) -> None:
    """The journal is read while nobody uses it, and stays as it is."""
    clock = SystemClock()
    journal = open_journal(tmp_path / "journal" / "events", 1 << 20, 3600, lambda why, count: None, clock)
    assert journal is not None
    numbers = [journal.append(b"{}", clock.monotonic() - 400, clock.monotonic()) for _ in range(3)]
    journal.settle([number for number in numbers[:1] if number], clock.monotonic())
    found = await examine(tmp_path, f"ws://127.0.0.1:{port_of_nobody()}")
    assert found.of("journal").startswith("warning: 2 events wait, the oldest for 400 s")
    journal.close()


async def test_unknown_settings_are_named(tmp_path: Path) -> None:
    """Keys of the file that have no effect are a warning with a suggestion, a wrong value is the only finding."""
    file = tmp_path / "odd.yml"
    file.write_text("backend_url: [ws://a]\nsubscriptoins: [linux]\n")
    found = await examine(tmp_path, f"ws://127.0.0.1:{port_of_nobody()}", "--config-file", str(file))
    assert "subscriptoins (did you mean subscriptions?)" in found.of("settings")
    out = io.StringIO()
    assert doctor(["--backend-url", "http://a"], {}, out, SystemClock()) == 2
    assert "must have ws:// or wss:// scheme" in out.getvalue()


async def test_a_running_agent_is_asked(tmp_path: Path) -> None:
    """Its connection, and the checks that wanted privileges, come from its own API."""
    port = str(port_of_nobody())
    api = ("--disable-api=false", "--api-port", port)
    command = """echo 'sudo: The "no new privileges" flag is set' >&2; exit 1"""
    config = CheckConfig(metadata=ObjectMeta(name="raid", namespace="default"), command=command, interval=60)
    async with running() as world:
        world.records.put_entity("a1", "linux")
        async with agent_of(world.url, tmp_path, *api) as agent:
            await until(lambda: world.agentd.publish("default", "linux", CheckRequest(config=config, issued=1)))
            await until(lambda: agent.counters.value("sensu_agent_privileges_refused", "raid"))
            found = await examine(tmp_path, world.url, *api, "--subscriptions", "linux", quiet=False)
        assert found.of("service").startswith("good: the agent of this host runs and is connected")
        assert found.of("privileges").startswith("warning: the service refuses privileges to raid, for example to sudo")
        assert "relaxed.conf" in found.of("privileges")
        assert found.of("name") == ""
