"""kill -9 of a backend that agents and clients send to: what it confirmed is there, and what it owed is handled."""

import asyncio
import base64
import random
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import pytest

from sensu.resources.check import Check
from sensu.resources.entity import AGENT_CLASS, PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import encode
from sensu.testing.backend_process import PASSWORD, USER, BackendProcess
from sensu.testing.fake_agent import FakeAgent, NotConnected
from sensu.transport import frames

AGENTS = 20
CHECKS = ("cpu", "disk", "http")
BURST = 6
KILLS = 4
HISTORY_MAX = 21
FAILS_EVERY = 8
HANDLER_TAKES_S = 0.2
"""So long that at each kill many deliveries have not begun."""
PATIENCE_S = 30.0
STARTED = int(time.time()) - 1_000_000


def status_of(number: int) -> int:
    return number % 2 + 1 if number % FAILS_EVERY == 3 else 0


def numbered_event(entity: Entity, check: str, number: int) -> Event:
    """The result `number` of a check: its time, status and output follow from the number; failures are handled."""
    status, at = status_of(number), STARTED + number
    result = Check(
        metadata=ObjectMeta(name=check, namespace="default"),
        interval=60,
        status=status,
        output=f"{entity.metadata.name} {check} {number}\n",
        executed=at,
        issued=at,
        handlers=("log",) if status else (),
    )
    metadata = ObjectMeta(namespace="default")
    return Event(check=result, entity=entity, id=str(uuid.uuid4()), timestamp=at, metadata=metadata)


class Sender:
    """One agent: sends results, remembers what is confirmed, and after a loss of connection sends the rest again."""

    def __init__(self, url: str, number: int) -> None:
        self.name = f"agent-{number}"
        self.sent = dict.fromkeys(CHECKS, 0)
        self.unconfirmed: list[Event] = []
        self._url, self._protobuf = url, number % 2 == 1
        metadata = ObjectMeta(name=self.name, namespace="default")
        self._entity = Entity(entity_class=AGENT_CLASS, metadata=metadata, subscriptions=(f"entity:{self.name}",))
        self._over = asyncio.Event()

    def finish(self) -> None:
        """Send nothing new any more."""
        self._over.set()

    async def run(self) -> None:
        """Send until `finish`, and then until all is confirmed."""
        while not (self._over.is_set() and not self.unconfirmed):
            try:
                options: dict[str, Any] = {"protobuf": self._protobuf, "acknowledged": True}
                async with FakeAgent.session(self._url, self.name, **options) as agent:
                    await self._send_to(agent)
            except (NotConnected, ConnectionError, OSError, TimeoutError):
                await asyncio.sleep(0.05)

    async def _send_to(self, agent: FakeAgent) -> None:
        while True:
            if not self.unconfirmed:
                if self._over.is_set():
                    return
                self.unconfirmed = [self._next(i) for i in range(BURST)]
            numbers = [agent.send(frames.EVENT, event) for event in self.unconfirmed]
            heard = asyncio.create_task(agent.until(lambda a, n=numbers: a.stored.issuperset(n), PATIENCE_S))
            ended = asyncio.create_task(agent.closed(PATIENCE_S))
            await asyncio.wait({heard, ended}, return_when=asyncio.FIRST_COMPLETED)
            heard.cancel()
            ended.cancel()
            assert not agent.refused
            confirmed = {event.id for event, n in zip(self.unconfirmed, numbers, strict=True) if n in agent.stored}
            self.unconfirmed = [event for event in self.unconfirmed if event.id not in confirmed]
            if self.unconfirmed:
                raise ConnectionError("the backend went away")

    def _next(self, index: int) -> Event:
        check = CHECKS[index % len(CHECKS)]
        self.sent[check] += 1
        return numbered_event(self._entity, check, self.sent[check])


class Client:
    """A client of the API that posts results of a proxy entity, one after the other, until each is confirmed.

    What it posts again because its answer was lost may count twice: each post is a report.
    """

    def __init__(self, api: "Api", name: str = "proxy") -> None:
        self.name = name
        self.sent = {"api": 0}
        self._api = api
        self._over = False
        self._entity = Entity(entity_class=PROXY_CLASS, metadata=ObjectMeta(name=self.name, namespace="default"))

    def finish(self) -> None:
        self._over = True

    async def run(self) -> None:
        while not self._over:
            number = self.sent["api"] + 1
            event = numbered_event(self._entity, "api", number)
            while await self._api.post_event(event) != 201:  # noqa: ASYNC110 - another process has no asyncio.Event
                await asyncio.sleep(0.05)
            self.sent["api"] = number


class Api:
    """The API of the backend, logged in as its admin."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url
        self._root = f"{url}/api/core/v2/namespaces/default"
        self._headers = {"Content-Type": "application/json"}

    async def log_in(self, url: str) -> None:
        basic = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
        async with self._session.get(f"{url}/auth", headers=basic) as answer:
            token = (await answer.json(content_type=None))["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"

    async def put(self, path: str, body: dict[str, Any]) -> None:
        """Put a resource of the namespace, or one at a whole URL."""
        url = path if path.startswith(self.url) else f"{self._root}/{path}"
        async with self._session.put(url, json=body, headers=self._headers) as answer:
            assert answer.status == 201, await answer.text()

    async def disable_user(self, name: str) -> None:
        url = f"{self._root.partition('/namespaces/')[0]}/users/{name}"
        async with self._session.delete(url, headers=self._headers) as answer:
            assert answer.status == 204, await answer.text()

    async def post_event(self, event: Event) -> int:
        """The status of the answer, 0 where there is none."""
        try:
            async with self._session.post(f"{self._root}/events", data=encode(event), headers=self._headers) as answer:
                return answer.status
        except (aiohttp.ClientError, OSError):
            return 0

    async def event(self, entity: str, check: str) -> dict[str, Any]:
        async with self._session.get(f"{self._root}/events/{entity}/{check}", headers=self._headers) as answer:
            assert answer.status == 200, (answer.status, entity, check, await answer.text())
            found: dict[str, Any] = await answer.json(content_type=None)
            return found

    async def events(self) -> list[dict[str, Any]]:
        return await self._list("events")

    async def checks(self) -> list[dict[str, Any]]:
        return await self._list("checks")

    async def deliveries(self) -> list[dict[str, Any]]:
        url = self._root.replace("/core/v2/", "/sensu/v1/") + "/deliveries"
        async with self._session.get(url, headers=self._headers) as answer:
            assert answer.status == 200, await answer.text()
            found: list[dict[str, Any]] = await answer.json(content_type=None)
            return found

    async def _list(self, segment: str) -> list[dict[str, Any]]:
        async with self._session.get(f"{self._root}/{segment}", headers=self._headers) as answer:
            found: list[dict[str, Any]] = await answer.json(content_type=None)
            return found


@asynccontextmanager
async def running_backend(folder: Path, *flags: str) -> AsyncIterator[tuple[BackendProcess, Api]]:
    backend = BackendProcess(folder)
    await backend.initialise()
    await backend.start(["--log-level", "error", *flags])
    try:
        async with aiohttp.ClientSession() as session:
            api = Api(session, backend.api_url)
            await api.log_in(backend.api_url)
            yield backend, api
    finally:
        await backend.kill()


class Reporter(Protocol):
    """Who sent results: so many of each check, numbered from 1 on."""

    name: str
    sent: dict[str, int]


def lines_of(log: Path) -> set[str]:
    return set(log.read_text().splitlines()) if log.exists() else set()


async def handled(log: Path, wanted: set[str]) -> set[str]:
    """The lines that the handler wrote, once the wanted ones are among them or time is up."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        lines = lines_of(log)
        if wanted <= lines or time.monotonic() > deadline:
            return lines
        await asyncio.sleep(0.05)


def failures(senders: Sequence[Reporter]) -> set[str]:
    return {
        f"{sender.name} {check} {number}"
        for sender in senders
        for check, last in sender.sent.items()
        for number in range(1, last + 1)
        if status_of(number)
    }


async def check_histories(api: Api, senders: Sequence[Reporter]) -> None:
    """Every history is in order and ends with what was sent last; an agent's holds each result once."""
    for sender in senders:
        for check, last in sender.sent.items():
            if not last:
                continue
            event = await api.event(sender.name, check)
            expected = range(max(1, last - HISTORY_MAX + 1), last + 1)
            history = [(entry["executed"] - STARTED, entry["status"]) for entry in event["check"]["history"]]
            wanted = [(number, status_of(number)) for number in expected]
            if isinstance(sender, Client):
                history = [entry for entry, _ in groupby(history)]
                wanted = wanted[-len(history) :]
            assert history == wanted, (sender.name, check)
            assert event["check"]["output"] == f"{sender.name} {check} {last}\n"


@pytest.mark.slow
async def test_nothing_confirmed_is_lost_and_no_handler_is_skipped(tmp_path: Path) -> None:
    """After each kill -9 agents and a client go on; in the end every history is whole and every failure was handled."""
    chance = random.Random(7)
    log = tmp_path / "handled.log"
    async with running_backend(tmp_path) as (backend, api):
        command = {
            "type": "pipe",
            "command": f"sleep {HANDLER_TAKES_S}; exec cat >> {log}",
            "mutator": "only_check_output",
            "timeout": 10,
        }
        await api.put("handlers/log", {"metadata": {"name": "log", "namespace": "default"}, **command})
        senders: list[Sender | Client] = [Sender(backend.agent_url, i) for i in range(AGENTS)]
        senders.append(Client(api))
        async with asyncio.TaskGroup() as group:
            for sender in senders:
                group.create_task(sender.run())
            for _ in range(KILLS):
                before = sum(sum(sender.sent.values()) for sender in senders)
                await asyncio.sleep(chance.uniform(0.2, 0.9))
                await backend.kill()
                assert sum(sum(sender.sent.values()) for sender in senders) > before
                await backend.start(["--log-level", "error"])
            for sender in senders:
                sender.finish()
        await check_histories(api, senders)
        wanted = failures(senders)
        assert wanted - await handled(log, wanted) == set()
