"""A fresh `sensu-backend` for a scenario: initialised with the user admin and nothing else."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from sensu.testing.ports import free_ports
from tests import postgres_server
from tests.contract.http_client import Answer, ApiClient, NoAnswer
from tests.contract.processes import Program, environment, run_to_end
from tests.contract.scenario import ScenarioFailed
from tests.stores import ON_POSTGRES

MODULE = "sensu.backend.main"
USER, PASSWORD = "admin", "P@ssw0rd!"
INIT_TIMEOUT_S = 30.0
READY_TIMEOUT_S = 30.0


@dataclass
class Backend:
    """A running backend and an API client that is logged in as admin."""

    program: Program
    api_url: str
    agent_port: int
    api: ApiClient

    @property
    def agent_url(self) -> str:
        return f"ws://127.0.0.1:{self.agent_port}"


class BackendFactory:
    """Starts fresh backends, each of so many workers.

    `init` runs once; every backend gets a copy of the state it left.
    """

    def __init__(self, work: Path, workers: int = 1) -> None:
        self._workers = ["--workers", str(workers)]
        self._template = work / "initialised"
        self._database = postgres_server.shared().new_database() if ON_POSTGRES else ""
        self._once = asyncio.Lock()
        self._failure: ScenarioFailed | None = None

    @contextlib.asynccontextmanager
    async def fresh(self, folder: Path) -> AsyncIterator[Backend]:
        """A backend whose files are below `folder`; ended on leaving.

        Raises ScenarioFailed if it does not get ready.
        """
        template = await self._initialised()
        home = folder / "backend"
        home.mkdir(parents=True)
        shutil.copytree(template, home / "state")
        program, api_port, agent_port = await self._start(home)
        try:
            url = f"http://127.0.0.1:{api_port}"
            await _ready(program, url)
            async with ApiClient(url, USER, PASSWORD) as api:
                yield Backend(program, url, agent_port, api)
        finally:
            await program.stop()

    async def _initialised(self) -> Path:
        async with self._once:
            if self._failure is not None:
                raise self._failure
            if not self._template.exists():
                try:
                    await self._initialise()
                except ScenarioFailed as failure:
                    self._failure = failure
                    raise
        return self._template

    async def _initialise(self) -> None:
        folder = self._template.with_suffix(".init")
        folder.mkdir(parents=True, exist_ok=True)
        credentials = ["--cluster-admin-username", USER, "--cluster-admin-password", PASSWORD]
        arguments = ["init", *credentials, "--state-dir", str(folder / "state")]
        env = _environment(folder, self._database)
        await run_to_end("sensu-backend-init", MODULE, arguments, folder, INIT_TIMEOUT_S, env)
        try:
            (folder / "state").rename(self._template)
        except OSError as error:
            raise ScenarioFailed(f"sensu-backend init made no --state-dir: {error}") from error

    async def _start(self, home: Path) -> tuple[Program, int, int]:
        api_port, agent_port = free_ports(2)
        places = ["--state-dir", str(home / "state"), "--cache-dir", str(home / "cache")]
        api = ["--api-listen-address", f"127.0.0.1:{api_port}", "--api-url", f"http://127.0.0.1:{api_port}"]
        agents = ["--agent-host", "127.0.0.1", "--agent-port", str(agent_port)]
        dashboard = ["--dashboard-host", "127.0.0.1", "--dashboard-port", "0"]
        arguments = ["start", *places, *api, *agents, *dashboard, *self._workers, "--log-level", "warn"]
        database = await asyncio.to_thread(_copy_of, self._database) if self._database else ""
        program = await Program.start("sensu-backend", MODULE, arguments, home, _environment(home, database))
        return program, api_port, agent_port


def _copy_of(database: str) -> str:
    return postgres_server.shared().new_database(database)


def _environment(home: Path, database: str) -> dict[str, str]:
    """The environment of a backend; `database` is empty unless it uses a PostgreSQL database."""
    if not database:
        return environment(home, {})
    url = postgres_server.shared().url(database=database)
    return environment(home, {"SENSU_BACKEND_STORE": url, "SENSU_BACKEND_DURABILITY": "normal"})


async def _ready(program: Program, url: str) -> None:
    """Returns as soon as /health answers 200."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    async with ApiClient(url, USER, PASSWORD) as api:
        while time.monotonic() < deadline:
            if program.exit_status is not None:
                raise ScenarioFailed(f"sensu-backend start ended with {program.exit_status}: {program.last_words()}")
            with contextlib.suppress(NoAnswer):
                answer: Answer = await api.anonymous("GET", "/health")
                if answer.status == 200:
                    return
            await asyncio.sleep(0.05)
    raise ScenarioFailed(f"sensu-backend was not ready after {READY_TIMEOUT_S:g} s: {program.last_words()}")
