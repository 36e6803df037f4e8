"""Three backends that share a database in PostgreSQL, as processes, and clients of each."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import Any

import aiohttp

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess
from tests import postgres_server

MEMBERS = 3
PATIENCE_S = 40.0
ANSWER_WITHIN_S = 4.0
"""How long clients wait before they ask somebody else."""
NAMESPACE = "/api/core/v2/namespaces/default"
FLAGS = ("--member-listen-address", "127.0.0.1:0", "--log-level", "info")


class Cluster:
    """The backends, and the database that they share."""

    def __init__(self, folder: Path) -> None:
        self.server = postgres_server.shared()
        self.url = self.server.new_schema()
        self.backends = [BackendProcess(folder / f"b{number}") for number in range(MEMBERS)]
        self.tokens: dict[str, str] = {}
        self._watching: set[int] = set()

    async def start(self) -> None:
        """Initialise the database, and start all backends at the same time."""
        first = self.backends[0]
        admin = ["--cluster-admin-username", USER, "--cluster-admin-password", PASSWORD]
        process = await first._spawn(["init", *admin, *first.state, "--store", self.url])
        assert await process.wait() == 0, first.last_words()
        await asyncio.gather(*(self.begin(backend) for backend in self.backends))
        await self.until_spread(MEMBERS)
        _, self.tokens = await self.log_in(first)

    async def begin(self, backend: BackendProcess) -> None:
        """Start a backend."""
        await backend.start(["--store", self.url, *FLAGS])

    async def stop(self) -> None:
        """Stop all backends."""
        await asyncio.gather(*(backend.stop() for backend in self.backends))

    def slots(self) -> list[int]:
        """How many slots each owner has, sorted; 0 stands for slots without an owner."""
        schema = self.url.partition("search_path=")[2]
        sql = f"SELECT CASE WHEN seat IS NULL THEN 0 ELSE count(*) END FROM {schema}.slots GROUP BY seat"
        return sorted(int(line) for line in self.server.execute(sql).splitlines())

    async def until_spread(self, members: int) -> None:
        """Return when as many members own about the same number of slots."""
        least = 64 // members
        await until(lambda: len(self.slots()) == members and min(self.slots()) >= least, "the slots are not spread")

    async def log_in(self, backend: BackendProcess, user: str = USER) -> tuple[int, Any]:
        """The status of a log-in at a backend, and the tokens of the new session."""
        headers = {"Authorization": aiohttp.encode_basic_auth(user, PASSWORD)}
        async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{backend.api_url}/auth") as answer:
            return answer.status, await answer.json()

    async def watched(self, backend: BackendProcess, path: str, wanted: Set[str]) -> Set[str]:
        """The entities of a change stream, once all that are wanted have been in it."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}", "Accept": "text/event-stream"}
        found = set[str]()
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{backend.api_url}{path}?watch=true") as answer,
        ):
            self._watching.add(backend.api_port)
            async for line in answer.content:
                found |= {name for name in wanted if f'"{name}"'.encode() in line}
                if found == wanted:
                    break
        return found

    async def until_watched(self, backend: BackendProcess) -> None:
        """Return when a change stream has begun."""
        await until(lambda: backend.api_port in self._watching, "the stream does not begin")

    async def ask(
        self, backend: BackendProcess, method: str, path: str, body: Any = None, token: str | None = None
    ) -> tuple[int, Any]:
        """Status and document of an answer; status 0 if there is none."""
        headers = {"Authorization": f"Bearer {token or self.tokens['access_token']}"}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_WITHIN_S)) as session,
                session.request(method, backend.api_url + path, json=body, headers=headers) as answer,
            ):
                is_json = "json" in answer.headers.get("Content-Type", "")
                return answer.status, await (answer.json() if is_json else answer.text())
        return 0, None


async def until(condition: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> float:
    """Return when the condition holds; how long that took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < within_s, what
        await asyncio.sleep(0.05)
    return time.monotonic() - started


def event_of(entity: str, output: str, status: int = 1, handlers: Sequence[str] = ()) -> dict[str, Any]:
    """A result of the check `http` of a proxy entity."""
    metadata = {"name": entity, "namespace": "default"}
    check = {"metadata": {"name": "http"}, "interval": 60, "status": status, "output": output}
    check["handlers"] = list(handlers)
    return {
        "metadata": {"namespace": "default"},
        "entity": {"metadata": metadata, "entity_class": "proxy"},
        "check": check,
    }


class Reporter:
    """Reports results of an entity to one backend after the other, each again until it is taken."""

    def __init__(self, cluster: Cluster, entity: str, handlers: Sequence[str] = (), pause_s: float = 0.0) -> None:
        self._cluster, self._entity, self._handlers, self._pause_s = cluster, entity, handlers, pause_s
        self.taken = self.maybe = 0
        self.failed_in_turn = self._failing = 0
        """The greatest number of requests in a row that failed."""
        self.longest_s = 0.0
        self._last_at = time.monotonic()

    async def run(self, backends: Callable[[], Sequence[BackendProcess]], stopping: asyncio.Event) -> None:
        """Report until stopped."""
        turn = 0
        while not stopping.is_set():
            living = backends()
            backend = living[turn % len(living)]
            turn += 1
            body = event_of(self._entity, str(self.taken + self.maybe), handlers=self._handlers)
            status, _ = await self._cluster.ask(backend, "POST", f"{NAMESPACE}/events", body)
            if status == 201:
                now = time.monotonic()
                self.longest_s = max(self.longest_s, now - self._last_at)
                self.taken, self._last_at = self.taken + 1, now
                self._failing = 0
                await asyncio.sleep(self._pause_s)
            else:
                self.maybe += 1
                self._failing += 1
                self.failed_in_turn = max(self.failed_in_turn, self._failing)
                await asyncio.sleep(0.2)

    async def occurrences(self, backend: BackendProcess) -> int:
        """How many results are stored, as a backend says."""
        status, event = await self._cluster.ask(backend, "GET", f"{NAMESPACE}/events/{self._entity}/http")
        assert status == 200, event
        return int(event["check"]["occurrences"])
