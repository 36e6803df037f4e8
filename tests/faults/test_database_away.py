"""PostgreSQL is away for a minute: nothing accepted is lost or counted twice, and everybody is answered in time."""

import asyncio
import contextlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sensu.resources.event import Event
from sensu.testing.backend_process import BackendProcess
from sensu.testing.fake_agent import FakeAgent
from sensu.transport import codec, frames
from tests import postgres_server
from tests.faults.test_kill_backend import (
    Api,
    Client,
    Sender,
    check_histories,
    failures,
    handled,
    numbered_event,
    running_backend,
)

AWAY_S = 60.0
RESENDING = MUTE = 6
MUTE_SENDS_EVERY_S = 0.25
"""So often that more events arrive in a minute than the backend keeps in memory."""
ANSWERED_WITHIN_S = 15.0
KNOWN_WITHIN_S = 10.0
"""The time after which every request is refused."""
BACK_WITHIN_S = 60.0

NUMBERS = """
WITH RECURSIVE chain AS (
    SELECT e.entity, e.check_name, l.id, l.previous FROM events AS e JOIN {log} AS l ON l.id = e.last_{one}
    UNION ALL
    SELECT c.entity, c.check_name, l.id, l.previous FROM chain AS c JOIN {log} AS l ON l.id = c.previous
)
SELECT rtrim(entity, '/'), check_name, count(*) FROM chain GROUP BY entity, check_name
"""


class MuteAgent:
    """An agent that sends each result once and hears no acknowledgements, as agents of Sensu Go do."""

    def __init__(self, url: str, number: int) -> None:
        self.name = f"mute-{number}"
        self.sent = {"http": 0}
        self._url = url
        self._over = asyncio.Event()

    def finish(self) -> None:
        self._over.set()

    async def run(self) -> None:
        """Send until `finish`, in one session."""
        async with FakeAgent.session(self._url, self.name) as agent:
            while not self._over.is_set():
                event = numbered_event(agent.entity(), "http", self.sent["http"] + 1)
                while not agent.socket.send(self._message(agent, event)):
                    assert agent.socket.closed is None, f"the session of {self.name} ended: {agent.socket.closed}"
                    await asyncio.sleep(MUTE_SENDS_EVERY_S)
                self.sent["http"] += 1
                await asyncio.sleep(MUTE_SENDS_EVERY_S)
            async with asyncio.timeout(BACK_WITHIN_S):
                while agent.socket.backlog_bytes:  # noqa: ASYNC110 - the backend reads meanwhile
                    await asyncio.sleep(0.05)

    def _message(self, agent: FakeAgent, event: Event) -> bytes:
        spoken = codec.for_content_type(agent.socket.speaks.content_type)
        return frames.build(frames.EVENT, spoken.encode(frames.EVENT, event))


class TimedApi(Api):
    """Remembers the longest time in which a result was answered, and the statuses."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        super().__init__(session, url)
        self.longest_s, self.statuses = 0.0, Counter[int]()

    async def post_event(self, event: Event) -> int:
        began = time.monotonic()
        status = await super().post_event(event)
        self.longest_s = max(self.longest_s, time.monotonic() - began)
        self.statuses[status] += 1
        return status

    async def answer(self, url: str) -> tuple[int, str, str]:
        """The status, Retry-After and body of an answer."""
        async with self._session.get(url, headers=self._headers) as answer:
            return answer.status, answer.headers.get("Retry-After", ""), await answer.text()


@asynccontextmanager
async def running_server() -> AsyncIterator[postgres_server.Server]:
    """A server of its own, which loses nothing when it crashes."""
    postgres_server.require()
    server = postgres_server.Server(Path(tempfile.mkdtemp(prefix="sensu-pg-")), ("listen_addresses=",))
    server.create()
    postgres_server.guard(server)
    server.start()
    yield server
    server.stop()


def stored(server: postgres_server.Server) -> Counter[tuple[str, str]]:
    """How many results the database has of each entity and check."""
    found: Counter[tuple[str, str]] = Counter()
    for log, one in (("results", "result"), ("changes", "change")):
        for line in server.execute(NUMBERS.format(log=log, one=one)).splitlines():
            entity, check, number = line.split("|")
            found[entity, check] += int(number)
    return found


async def check_answers_while_away(api: TimedApi, backend: BackendProcess) -> None:
    """What clients, load balancers and people are answered while the database is away."""
    for url in (f"{backend.api_url}/ready", f"http://127.0.0.1:{backend.agent_port}/ready"):
        status, retry_after, _ = await api.answer(url)
        assert (status, bool(retry_after)) == (503, True), url
    for path in ("handlers", "events"):
        status, retry_after, body = await api.answer(f"{backend.api_url}/api/core/v2/namespaces/default/{path}")
        assert (status, retry_after) == (503, "1"), (path, body)
    status, _, body = await api.answer(f"{backend.api_url}/health")
    assert status == 200
    assert "has not answered" in json.loads(body)["ClusterHealth"][0]["Err"]
    assert (await api.answer(f"{backend.api_url}/metrics"))[0] == 200


async def until_ready(api: TimedApi, backend: BackendProcess) -> None:
    async with asyncio.timeout(BACK_WITHIN_S):
        while (await api.answer(f"{backend.api_url}/ready"))[0] != 200:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


async def until_stored(server: postgres_server.Server, senders: Sequence[Sender | MuteAgent]) -> None:
    """Return when everything that was sent is stored, as often as it was sent."""
    sent = {(sender.name, check): number for sender in senders for check, number in sender.sent.items() if number}
    deadline = time.monotonic() + BACK_WITHIN_S
    while (found := {pair: number for pair, number in stored(server).items() if pair in sent}) != sent:
        assert time.monotonic() < deadline, {pair: (number, found.get(pair)) for pair, number in sent.items()}
        await asyncio.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_database_that_is_away_for_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents lose nothing, whether they resend or not; the API answers 503 in time; then all goes on by itself."""
    log = tmp_path / "handled.log"
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(running_server())
        monkeypatch.setenv("SENSU_BACKEND_STORE", server.url())
        backend, plain = await stack.enter_async_context(running_backend(tmp_path))
        api = TimedApi(await stack.enter_async_context(aiohttp.ClientSession()), backend.api_url)
        await api.log_in(backend.api_url)
        handler = {"type": "pipe", "command": f"exec cat >> {log}", "mutator": "only_check_output", "timeout": 10}
        await plain.put("handlers/log", {"metadata": {"name": "log", "namespace": "default"}, **handler})
        resending = [Sender(backend.agent_url, number) for number in range(RESENDING)]
        mute = [MuteAgent(backend.agent_url, number) for number in range(MUTE)]
        client = Client(api)
        async with asyncio.TaskGroup() as group:
            for sender in (*resending, *mute, client):
                group.create_task(sender.run())
            await asyncio.sleep(2)
            await asyncio.to_thread(server.stop, "immediate")
            since = time.monotonic()
            await asyncio.sleep(KNOWN_WITHIN_S)
            while time.monotonic() < since + AWAY_S:
                await check_answers_while_away(api, backend)
                await asyncio.sleep(2)
            await asyncio.to_thread(server.start)
            await until_ready(api, backend)
            await asyncio.sleep(2)
            for each in (*resending, *mute, client):
                each.finish()
        assert set(api.statuses) == {201, 503}
        assert api.longest_s < ANSWERED_WITHIN_S
        await until_stored(server, (*resending, *mute))
        await check_histories(api, (*resending, *mute, client))
        wanted = failures((*resending, *mute, client))
        assert wanted - await handled(log, wanted) == set()
