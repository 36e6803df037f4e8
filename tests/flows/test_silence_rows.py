"""Rows of silences: what each of them silences now, and when it begins and ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.services import silence_rows
from sensu.resources.event import Event
from sensu.testing.factories import make_check, make_entity, make_event
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import running_api
from tests.flows.operator_world import CORE, OWN, Operator, rule

NOW = 1_700_000_000


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
async def ann(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Operator]:
    """An administrator of a backend with a clock of its own."""
    async with running_api(tmp_path, clock=clock) as api:
        yield Operator(api, await api.token())


def result(entity: str, check: str, status: int) -> Event:
    made = make_check(check, status, subscriptions=("linux", "web"), executed=NOW)
    return make_event(make_entity(entity, subscriptions=["linux"]), made)


async def silence(ann: Operator, subscription: str = "", check: str = "", **fields: object) -> None:
    sent = {"metadata": {"namespace": "default"}, "subscription": subscription, "check": check, **fields}
    assert (await ann.ask("POST", f"{CORE}/silenced", sent))[0] == 201


async def rows(ann: Operator, query: str = "") -> list[Any]:
    found: list[Any] = (await ann.get(f"{OWN}/silenced/rows?{query}"))["rows"]
    return found


def counted(found: dict[str, Any]) -> dict[str, tuple[int, int, str]]:
    return {name: (row["events"], row["failing"], row["worst"]) for name, row in found.items()}


async def names(ann: Operator, query: str) -> list[str]:
    return [row["name"] for row in await rows(ann, query)]


async def test_each_silence_counts_what_it_silences(ann: Operator) -> None:
    """Silences of entities, checks, both, subscriptions and everything count what their previews count."""
    await ann.report(
        result("web1", "http", 2), result("web1", "disk", 1), result("web2", "http", 0), result("web3", "ping", 3)
    )
    await silence(ann, "entity:web1", "http")
    await silence(ann, "entity:web1")
    await silence(ann, "", "http")
    await silence(ann, "*", "")
    await silence(ann, "linux", "http")
    await silence(ann, "linux")
    await silence(ann, "web")
    await ann.report(
        result("web1", "http", 2), result("web1", "disk", 1), result("web2", "http", 0), result("web3", "ping", 3)
    )
    wanted = {
        "entity:web1:http": (1, 1, "critical"),
        "entity:web1:*": (2, 2, "critical"),
        "*:http": (2, 1, "critical"),
        "*:*": (4, 3, "critical"),
        "linux:http": (2, 1, "critical"),
        "linux:*": (4, 3, "critical"),
        "web:*": (0, 0, "none"),
    }
    async with asyncio.timeout(10):  # which events are silenced is noted soon after a silence is made
        while counted(found := {row["name"]: row for row in await rows(ann)}) != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    for name, row in found.items():
        hits = await ann.get(f"{OWN}/silenced/{name}/hits")
        assert (row["exact"], row["events"]) == (True, hits["events"])
    assert (await ann.get(f"{OWN}/silenced/rows"))["idle"] == 1
    assert await names(ann, "idle=true") == ["web:*"]


async def test_a_row_shows_a_silence(ann: Operator) -> None:
    """A row has the scope, the reason, who made it, and when it begins and ends."""
    await silence(ann, "entity:web1", "http", reason="new disk", expire=60)
    await silence(ann, "linux", "*", expire_on_resolve=True, begin=NOW + 3600)
    first, second = await rows(ann, "order=end")
    assert first == {
        "name": "entity:web1:http", "subscription": "entity:web1", "check": "http", "reason": "new disk",
        "creator": "admin", "begin": NOW, "expire_at": NOW + 60, "expire_on_resolve": False, "active": True,
        "events": 0, "failing": 0, "worst": "none", "exact": True,
    }  # fmt: skip
    assert (second["check"], second["begin"], second["expire_at"]) == ("", NOW + 3600, 0)
    assert (second["expire_on_resolve"], second["active"]) == (True, False)


async def test_silences_are_counted_sorted_and_filtered(ann: Operator, clock: VirtualClock) -> None:
    """The ones with the worst events come first; those that ended are neither listed nor counted."""
    await ann.report(result("web1", "http", 1), result("web2", "http", 2), result("web3", "http", 0))
    await silence(ann, "entity:web1", "http", expire=20)
    await silence(ann, "entity:web2", "http", expire=40, reason="The Move")
    await silence(ann, "entity:web3", "http", expire=30)
    await silence(ann, "entity:web4", "http", expire=30, begin=NOW + 3600)
    await silence(ann, "entity:web5", "http", expire=5)
    await clock.advance(6)
    page = await ann.get(f"{OWN}/silenced/rows?limit=1&offset=1")
    assert [page[key] for key in ("total", "silences", "active", "pending", "idle")] == [4, 4, 3, 1, 0]
    assert [row["name"] for row in page["rows"]] == ["entity:web1:http"]
    assert await names(ann, "") == [f"entity:web{number}:http" for number in (2, 1, 3, 4)]
    assert await names(ann, "order=end") == [f"entity:web{number}:http" for number in (1, 3, 2, 4)]
    assert await names(ann, "order=begin&limit=1") == ["entity:web4:http"]
    assert await names(ann, "order=name&limit=2") == ["entity:web1:http", "entity:web2:http"]
    assert await names(ann, "word=the+move") == ["entity:web2:http"]
    assert await names(ann, "active=false") == ["entity:web4:http"]
    assert await names(ann, "fieldSelector=silenced.subscription%3D%3D'entity:web3'") == ["entity:web3:http"]


async def test_counts_follow_events_and_silences(ann: Operator) -> None:
    """A result that arrives and a silence that is created or deleted count in the next answer."""
    await silence(ann, "linux")
    assert [row["events"] for row in await rows(ann)] == [0]
    await ann.report(result("web1", "http", 2))
    assert [row["events"] for row in await rows(ann)] == [1]
    await silence(ann, "entity:web1")
    assert [row["events"] for row in await rows(ann)] == [1, 1]
    assert (await ann.ask("DELETE", f"{CORE}/silenced/linux:*"))[0] == 204
    assert await names(ann, "") == ["entity:web1:*"]


async def test_counting_ends_after_a_while(ann: Operator, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many silenced events would have to be read, the numbers of subscriptions are lower bounds."""
    monkeypatch.setattr(silence_rows, "READ_AT_ONCE", 2)
    await silence(ann, "linux")
    await silence(ann, "entity:web1")
    await ann.report(*(result("web1", f"check{number}", 2) for number in range(5)))
    read = ann.api.store.silenced_events

    async def slowly(namespace: str, after: int, limit: int) -> Any:
        await clock.advance(0.2)
        return await read(namespace, after, limit)

    monkeypatch.setattr(ann.api.store, "silenced_events", slowly)
    found = {row["name"]: (row["events"], row["exact"]) for row in await rows(ann)}
    assert found == {"linux:*": (4, False), "entity:web1:*": (5, True)}


async def test_what_the_caller_may_not_list_is_hidden(ann: Operator) -> None:
    """Without the right to list events, silences are listed and what they silence is not counted."""
    await ann.report(result("web1", "http", 2))
    await silence(ann, "entity:web1")
    bob = await ann.with_rules(rule("silenced", "list"))
    answer = await bob.get(f"{OWN}/silenced/rows")
    assert (answer["hidden"], answer["idle"]) == (["events"], 0)
    assert [(row["events"], row["worst"]) for row in answer["rows"]] == [(0, "none")]
    assert (await (await ann.with_rules(rule("events", "list"))).ask("GET", f"{OWN}/silenced/rows"))[0] == 403


async def test_what_cannot_be_asked_of_silences(ann: Operator) -> None:
    """Wrong orders, numbers and flags are refused with the reason."""
    for query in (
        "order=size",
        "limit=501",
        "offset=-1",
        "active=maybe",
        "idle=2",
        f"word={'x' * 1001}",
        "labelSelector=a",
    ):
        status, answer = await ann.ask("GET", f"{OWN}/silenced/rows?{query}")
        assert (status, query.partition("=")[0] in json.dumps(answer)) == (400, True)
