"""The event log of a running backend."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import aiohttp

from sensu.resources.check import Check
from sensu.resources.entity import PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.metrics import MetricPoint, Metrics
from sensu.testing.backend_process import BackendProcess
from tests.faults.agent_process import until
from tests.faults.test_kill_backend import Api

ENTITY = Entity(
    entity_class=PROXY_CLASS, metadata=ObjectMeta(name="web1", namespace="default", labels={"password": "hunter2"})
)
POINTS = Metrics(points=(MetricPoint(name="load", value=1.5, timestamp=5),))


def result(number: int) -> Event:
    check = Check(metadata=ObjectMeta(name="http", namespace="default"), interval=10, output=str(number))
    return Event(check=check, entity=ENTITY, metrics=POINTS)


def events_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_events_are_logged_and_the_log_is_rotated(tmp_path: Path) -> None:
    """Each event is one line, metrics included and secrets hidden; after SIGHUP the lines go to a new file."""
    path, old = tmp_path / "events.log", tmp_path / "events.log.1"

    backend = BackendProcess(tmp_path / "backend")
    await backend.initialise()
    await backend.start(["--event-log-file", str(path)])
    try:
        async with aiohttp.ClientSession() as session:
            api = Api(session, backend.api_url)
            await api.log_in(backend.api_url)
            assert await api.post_event(result(1)) == 201
            assert await api.post_event(Event(entity=ENTITY, metrics=POINTS)) == 201
            await until(lambda: len(events_in(path)) == 2)
            path.rename(old)
            backend.send_signal(signal.SIGHUP)
            await until(path.exists)
            assert await api.post_event(result(2)) == 201
    finally:
        assert await backend.stop() == 0
    first, points, last = [*events_in(old), *events_in(path)]
    assert (first["check"]["output"], last["check"]["output"], last["check"]["occurrences"]) == ("1", "2", 2)
    assert "check" not in points
    assert {event["metrics"]["points"][0]["value"] for event in (first, points, last)} == {1.5}
    assert "hunter2" not in old.read_text() + path.read_text()


async def test_without_an_event_log(tmp_path: Path) -> None:
    """SIGHUP does a backend without an event log no harm."""
    backend = BackendProcess(tmp_path / "backend")
    await backend.initialise()
    await backend.start()
    backend.send_signal(signal.SIGHUP)
    await asyncio.sleep(0.2)
    assert await backend.stop() == 0
