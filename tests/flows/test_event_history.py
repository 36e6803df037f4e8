"""The history of events over the API, and what namespaces ask of it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.services.history_bounds import HistoryBounds
from sensu.store.values import EventKey
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import RunningApi, running_api

START = 1_700_000_000
HTTP = "/api/sensu/v1/namespaces/default/events/web1/http/history"
KEY = EventKey("default", "web1", "http")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(float(START))


@pytest.fixture
async def api(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[RunningApi]:
    async with running_api(tmp_path, clock=clock) as api:
        yield api


async def report(api: RunningApi, clock: VirtualClock, *statuses: int, output: str = "") -> None:
    """One result each ten seconds."""
    for status in statuses:
        check = {"metadata": {"name": "http", "namespace": "default"}, "interval": 10, "status": status}
        check |= {"output": output, "executed": int(clock.now()), "duration": 0.5}
        entity = {"metadata": {"name": "web1", "namespace": "default"}, "entity_class": "proxy"}
        body = {"check": check, "entity": entity}
        answer = await api.call("POST", "/api/core/v2/namespaces/default/events", body, Authorization=await api.token())
        assert answer.status == 201
        await clock.jump(10)


async def history(api: RunningApi, query: str = "") -> list[tuple[int, int]]:
    """Seconds and statuses, newest first."""
    answer = await api.call("GET", HTTP + query, Authorization=await api.token())
    assert answer.status == 200
    return [(item["executed"] - START, item["status"]) for item in json.loads(answer.body)]


async def bound(api: RunningApi, **bounds: int) -> int:
    body: dict[str, Any] = {"name": "default", **bounds}
    answer = await api.call("PUT", "/api/core/v2/namespaces/default", body, Authorization=await api.token())
    return answer.status


async def test_a_history_is_read_by_time_and_in_pages(api: RunningApi, clock: VirtualClock) -> None:
    """Every result comes with status, output and duration; `from`, `to` and `limit` choose, a token goes on."""
    await report(api, clock, 0, 0, 2, 2, 0, output="fine")
    assert await history(api) == [(40, 0), (30, 2), (20, 2), (10, 0), (0, 0)]
    assert await history(api, f"?from={START + 10}&to={START + 30}") == [(30, 2), (20, 2), (10, 0)]
    assert await history(api, "?from=2023-11-14T22:13:50Z&limit=1") == [(40, 0)]
    first = await api.call("GET", f"{HTTP}?limit=2", Authorization=await api.token())
    token = first.headers["Sensu-Continue"]
    assert await history(api, f"?limit=2&continue={token}") == [(20, 2), (10, 0)]
    newest = json.loads(first.body)[0]
    assert (newest["output"], newest["duration"], newest["changed"]) == ("fine", 0.5, True)
    assert (await api.call("GET", f"{HTTP}?from=x", Authorization=await api.token())).status == 400


async def test_a_result_without_a_time_is_found_by_when_it_came(api: RunningApi, clock: VirtualClock) -> None:
    """`from` and `to` find a result that does not say when it was executed by the time at which it was taken in."""
    for status in (0, 1, 2):
        check = {"metadata": {"name": "http", "namespace": "default"}, "interval": 10, "status": status}
        body = {"check": check, "entity": {"metadata": {"name": "web1", "namespace": "default"}}}
        path = "/api/core/v2/namespaces/default/events"
        assert (await api.call("POST", path, body, Authorization=await api.token())).status == 201
        await clock.jump(10)
    answer = await api.call("GET", f"{HTTP}?from={START + 5}&to={START + 15}", Authorization=await api.token())
    assert [(item["executed"], item["status"]) for item in json.loads(answer.body)] == [(0, 1)]


async def test_a_namespace_bounds_the_age_of_its_results(api: RunningApi, clock: VirtualClock) -> None:
    """Results older than the namespace asks for are shown no more and then are gone; state changes stay."""
    await report(api, clock, 0, 0, 2, 2, 0, 0)
    assert await bound(api, history_retention=25) == 201
    assert await history(api) == [(50, 0), (40, 0), (20, 2), (0, 0)]
    await HistoryBounds(api.store, clock).cut()
    page = await api.store.history(KEY, 100)
    assert page is not None
    assert [item.at - START for item in page.items] == [50, 40, 20, 0]
    assert await bound(api) == 201
    assert await history(api) == [(50, 0), (40, 0), (20, 2), (0, 0)]


async def test_a_namespace_bounds_the_size_of_its_results(api: RunningApi, clock: VirtualClock) -> None:
    """The oldest results go until the rest fits, whichever event they are of."""
    await report(api, clock, *[0] * 20, output="x" * 50)
    assert await bound(api, history_bytes_max=500) == 201
    await HistoryBounds(api.store, clock).cut()
    kept = await history(api)
    assert kept[-1] == (0, 0)
    assert 3 <= len(kept) <= 7
    assert kept[0] == (190, 0)
    assert await bound(api, history_bytes_max=-1) == 400
    shown = await api.call("GET", "/api/core/v2/namespaces", Authorization=await api.token())
    assert {"name": "default", "history_bytes_max": 500} in json.loads(shown.body)
