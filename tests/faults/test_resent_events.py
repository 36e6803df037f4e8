"""Agents that hear no acknowledgement send their events again: each counts once and is handled once."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from sensu.resources.check import Check
from sensu.resources.entity import AGENT_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.testing.fake_agent import FakeAgent
from sensu.transport import frames
from tests.faults.test_kill_backend import running_backend

EVENTS = 10_000
AGENTS = 10
PROXIES = 4
BURST = 500
"""How many events an agent sends before it waits for them to be stored."""
HANDLED_WITHIN_S = 60.0
STARTED = int(time.time()) - 100_000


class CountingHandler:
    """A tcp handler that remembers how often it got each event."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["CountingHandler"]:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ids[msgspec.json.decode(await reader.read(-1))["id"]] += 1
        writer.close()

    async def has(self, count: int) -> None:
        """Return when so many events were handled, each as often as it was."""
        async with asyncio.timeout(HANDLED_WITHIN_S):
            while self.ids.total() < count:  # noqa: ASYNC110 - another process has no asyncio.Event
                await asyncio.sleep(0.05)


def entity_of(agent: str) -> Entity:
    metadata = ObjectMeta(name=agent, namespace="default")
    return Entity(entity_class=AGENT_CLASS, metadata=metadata, subscriptions=(f"entity:{agent}",))


def results(agent: str, count: int, apart_s: float) -> list[Event]:
    """Failing results of an agent, some of them for proxy entities, so many a second."""
    metadata, entity = ObjectMeta(name="disk", namespace="default"), entity_of(agent)
    events = []
    for number in range(1, count + 1):
        at = STARTED + int(number * apart_s)
        proxy = "" if number % 2 else f"router-{agent}-{number % PROXIES}"
        result = Check(
            metadata=metadata,
            interval=1,
            status=2,
            executed=at,
            issued=at,
            proxy_entity_name=proxy,
            handlers=("count",),
        )
        place = ObjectMeta(namespace="default")
        events.append(Event(result, entity, str(uuid.uuid4()), place, sequence=number, timestamp=at))
    return events


async def send(url: str, name: str, events: Sequence[Event]) -> None:
    """Send events in one session, and hear that all are stored."""
    async with FakeAgent.session(url, name, acknowledged=True) as agent:
        for start in range(0, len(events), BURST):
            numbers = [agent.send(frames.EVENT, event) for event in events[start : start + BURST]]
            await agent.until(lambda heard, wanted=numbers: heard.stored.issuperset(wanted), HANDLED_WITHIN_S)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2], ids=["a process", "workers_of_2"])
@pytest.mark.parametrize("apart_s", [0.01, 1.0], ids=["same second", "seconds apart"])
async def test_ten_thousand_events_that_come_again_count_once(tmp_path: Path, workers: int, apart_s: float) -> None:
    """All events sent again in any order, after a kill -9 and to any worker, count once and are handled once."""
    async with CountingHandler().listening() as handler:
        flags = ["--workers", str(workers)]
        async with running_backend(tmp_path, *flags) as (backend, api):
            handling = {"type": "tcp", "socket": {"host": "127.0.0.1", "port": handler.port}}
            await api.put("handlers/count", {"metadata": {"name": "count", "namespace": "default"}, **handling})
            sent = {f"agent-{i}": results(f"agent-{i}", EVENTS // AGENTS, apart_s) for i in range(AGENTS)}
            await asyncio.gather(*(send(backend.agent_url, name, events) for name, events in sent.items()))
            await handler.has(EVENTS)
            async with asyncio.timeout(HANDLED_WITHIN_S):  # what was handled has to be settled, too
                while await api.deliveries():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            await backend.kill()
            await backend.start(["--log-level", "error", *flags])
            chance = random.Random(3)
            for _ in range(2):
                again = {name: chance.sample(events, len(events)) for name, events in sent.items()}
                await asyncio.gather(*(send(backend.agent_url, name, events) for name, events in again.items()))
            marker = results("marker", 1, 0)
            await send(backend.agent_url, "marker", marker)
            await handler.has(EVENTS + 1)
            counted = {event["entity"]["metadata"]["name"]: event["check"] for event in await api.events()}
        del counted["marker"]
        assert sum(check["occurrences"] for check in counted.values()) == EVENTS
        assert {check["occurrences"] for check in counted.values()} == {EVENTS // AGENTS // 2, EVENTS // AGENTS // 4}
        assert handler.ids == Counter(event.id for events in (*sent.values(), marker) for event in events)
