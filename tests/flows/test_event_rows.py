"""Rows of events: what a list of any length shows, without the events themselves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from sensu.backend.services import event_groups, event_rows
from sensu.backend.services.row_requests import SEARCHES_MAX
from sensu.backend.stored_form import put
from sensu.resources.kinds import SILENCED
from sensu.store.values import EventKey, EventState, PutEvent
from sensu.testing.factories import make_silence
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import RunningApi, running_api

START = 1_700_000_000
ROWS = "/api/sensu/v1/namespaces/default/events/rows"
GROUPS = "/api/sensu/v1/namespaces/default/events/groups"
EVENTS = "/api/core/v2/namespaces/default/events"


class TickingClock(VirtualClock):
    """A clock on which every look takes a while, once `step_s` is set."""

    step_s = 0.0

    def monotonic(self) -> float:
        self._now += self.step_s
        return super().monotonic()


class Lists:
    """An administrator who looks at rows."""

    def __init__(self, api: RunningApi, clock: TickingClock, authorization: str) -> None:
        self.api, self.clock, self.authorization = api, clock, authorization

    async def report(self, entity: str, check: str, status: int = 0, **more: Any) -> None:
        labels = more.pop("labels", {})
        host = {"entity_class": "proxy", "metadata": {"name": entity, "namespace": "default", "labels": labels}}
        host["subscriptions"] = more.pop("entity_subscriptions", [])
        made = {"metadata": {"name": check, "namespace": "default"}, "status": status, "interval": 60, **more}
        made.setdefault("executed", int(self.clock.now()))
        answer = await self.api.call("POST", EVENTS, {"entity": host, "check": made}, Authorization=self.authorization)
        assert answer.status == 201, answer.body

    async def rows(self, answered: int = 200, **query: object) -> Any:
        asked = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
        answer = await self.api.call("GET", f"{ROWS}?{asked}", Authorization=self.authorization)
        assert answer.status == answered, answer.body
        return msgspec.json.decode(answer.body)

    async def groups(self, answered: int = 200, **query: object) -> Any:
        asked = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
        answer = await self.api.call("GET", f"{GROUPS}?{asked}", Authorization=self.authorization)
        assert answer.status == answered, answer.body
        return msgspec.json.decode(answer.body)

    async def names(self, **query: object) -> list[str]:
        return [f"{row['entity']}/{row['check']}" for row in (await self.rows(**query))["rows"]]


@pytest.fixture
async def lists(tmp_path: Path) -> AsyncIterator[Lists]:
    """An administrator of an API that listens."""
    clock = TickingClock(START)
    async with running_api(tmp_path, clock=clock) as api:
        yield Lists(api, clock, await api.token())


async def test_a_row_shows_what_people_look_at_first(lists: Lists) -> None:
    """A row has names, status, since when, the first line of output, the last statuses, silences and handling."""
    for status in (0, 0, 1, 127):
        await lists.report("web1", "http", status, output="\n  refused: \u2028 <b>\r\nmore\n", labels={"region": "eu"})
        await lists.clock.advance(60)
    await lists.api.store.commit([put(SILENCED, make_silence("entity:web1"))])
    answer = await lists.rows(columns="labels.region,entity.entity_class,labels.absent")
    assert answer["rows"] == [
        {
            "entity": "web1",
            "check": "http",
            "class": "proxy",
            "status": 127,
            "state": "failing",
            "since": START + 180,
            "executed": START + 180,
            "due": START + 240,
            "occurrences": 1,
            "silenced": ["entity:web1:*"],
            "line": "refused: \u2028 <b>",
            "history": "0013",
            "handled": "none",
            "columns": {"labels.region": "eu", "entity.entity_class": "proxy"},
        }
    ]
    assert answer["revision"] > 0
    assert (answer["total"], answer["searched"], answer["complete"], answer["next"]) == (1, 1, True, "")


async def test_lists_are_sorted_filtered_and_counted(lists: Lists) -> None:
    """Severity, the latest change or the name sort a list; the filters change its total, and never the counts."""
    for name, status in (("b", 1), ("d", 0), ("a", 2), ("c", 2), ("e", 5)):
        await lists.report(name, "http", status)
        await lists.clock.advance(10)
    assert await lists.names() == ["c/http", "a/http", "b/http", "e/http", "d/http"]
    assert await lists.names(order="changed") == ["e/http", "c/http", "a/http", "d/http", "b/http"]
    assert await lists.names(order="name") == [f"{name}/http" for name in "abcde"]
    assert await lists.names(offset=1, limit=2) == ["a/http", "b/http"]
    assert await lists.names(status="warning,passing") == ["b/http", "d/http"]
    assert await lists.names(status="incident", order="name") == ["a/http", "b/http", "c/http", "e/http"]
    await lists.api.store.commit([put(SILENCED, make_silence("entity:c"))])
    await lists.clock.advance(1)
    assert await lists.names(silenced="true") == ["c/http"]
    answer = await lists.rows(silenced="false", status="critical")
    assert (answer["total"], answer["searched"]) == (1, 5)
    assert answer["counts"] == {"critical": 2, "warning": 1, "unknown": 1, "passing": 1, "silenced": 1}


async def test_the_silences_of_a_row_are_those_of_now(lists: Lists) -> None:
    """A silence shows in the rows of its events when it begins and not after it ends, without a new result."""
    await lists.report("web1", "http", 2)
    silence = make_silence("", "http", begin=START + 100, expire_at=START + 200)
    await lists.api.store.commit([put(SILENCED, silence)])
    seen = []
    for at in (99, 100, 199, 200):
        await lists.clock.advance(START + at - lists.clock.now())
        answer = await lists.rows()
        seen.append((answer["rows"][0]["silenced"], answer["counts"]["silenced"]))
    assert seen == [([], 0), (["*:http"], 1), (["*:http"], 1), ([], 0)]


async def test_words_and_selectors_search(lists: Lists) -> None:
    """A word searches names, selectors search fields and labels; together with filters and offsets they all hold."""
    for number in range(30):
        region = "eu" if number % 2 else "us"
        await lists.report(f"web{number:02}", "http", number % 3, labels={"region": region})
        await lists.report(f"web{number:02}", "disk")
    europe = "region == eu"
    answer = await lists.rows(word="WEB1", order="name")
    assert [row["entity"] for row in answer["rows"]] == [f"web1{n}" for n in range(10) for _ in range(2)]
    assert (answer["total"], answer["searched"], answer["complete"]) == (20, 60, True)
    assert await lists.names(word="b05/h") == ["web05/http"]
    assert await lists.names(word="HTTP 05") == ["web05/http"]
    assert (await lists.rows(labelSelector=europe))["total"] == 15 + 15
    answer = await lists.rows(labelSelector=europe, status="critical", order="name", offset=2, limit=2)
    assert [row["entity"] for row in answer["rows"]] == ["web17", "web23"]
    assert answer["total"] == 5
    by_name = await lists.names(fieldSelector='event.entity.name == "web07"', order="name")
    assert by_name == ["web07/disk", "web07/http"]
    answer = await lists.rows(labelSelector=europe, fieldSelector="event.check.name == disk", word="web2")
    assert (answer["total"], len(answer["rows"])) == (5, 5)


@pytest.mark.parametrize("order", ["severity", "changed", "name"])
@pytest.mark.parametrize("narrow", [{}, {"word": "e"}])
async def test_a_long_search_goes_on_where_it_stopped(lists: Lists, order: str, narrow: dict[str, str]) -> None:
    """A search that took its time answers what it found; following `next` finds every match once, in order."""
    event_rows.SEARCHED_AT_ONCE, before = 7, event_rows.SEARCHED_AT_ONCE
    try:
        await lists.report("template", "http")
        body = (await lists.api.call("GET", f"{EVENTS}/template/http", Authorization=lists.authorization)).body
        made = [_copy(body, number) for number in range(100)]
        await lists.api.store.commit(made)
        asked = {"order": order, "labelSelector": "wanted == yes", **narrow}
        whole = await lists.names(**asked, limit=500)
        assert len(whole) == 50
        lists.clock.step_s = 0.1
        found, searched, token, answers = list[str](), 0, "", 0
        while True:
            answer = await lists.rows(**asked, offset=10, limit=30, next=token)
            found += [f"{row['entity']}/{row['check']}" for row in answer["rows"]]
            assert answer["searched"] > searched
            searched, token, answers = answer["searched"], answer["next"], answers + 1
            assert answer["complete"] is (token == "")
            if not token:
                break
        assert found == whole[10:40]
        assert (answer["total"], answers > 5) == (50, True)
    finally:
        event_rows.SEARCHED_AT_ONCE = before


def _copy(body: bytes, number: int) -> PutEvent:
    event = msgspec.json.decode(body)
    event["entity"]["metadata"] |= {
        "name": f"e{number * 37 % 100:02}",
        "labels": {"wanted": "yes" if number % 2 else "no"},
    }
    state = EventState(number % 4, START + number % 5)
    return PutEvent(
        EventKey("default", event["entity"]["metadata"]["name"], "http"), msgspec.json.encode(event), state=state
    )


async def test_what_cannot_be_asked_for(lists: Lists) -> None:
    """Orders, numbers, severities, tokens and selectors that mean nothing are refused with the reason."""
    for query, word in (
        ({"order": "size"}, "order"),
        ({"offset": "-1"}, "offset"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "red"}, "status"),
        ({"silenced": "maybe"}, "silenced"),
        ({"columns": ",".join(map(str, range(21)))}, "columns"),
        ({"word": "x" * 1001}, "word"),
        ({"word": "x " * 21}, "word"),
        ({"fieldSelector": "event.check.status =="}, "fieldSelector"),
        ({"word": "x", "next": "nonsense"}, "next"),
    ):
        assert word in (await lists.rows(400, **query))["message"]


async def test_rows_need_the_right_to_list_events(lists: Lists) -> None:
    """Who may not list the events of a namespace gets none of its rows and counts."""
    answer = await lists.api.call("GET", ROWS)
    assert answer.status == 401
    user = {"username": "eve", "password": "P@ssw0rd!", "groups": ["guests"]}
    answer = await lists.api.call("POST", "/api/core/v2/users", user, Authorization=lists.authorization)
    assert answer.status == 201
    answer = await lists.api.call("GET", ROWS, Authorization=await lists.api.token("eve"))
    assert answer.status == 403


async def test_one_caller_searches_no_more_than_a_few_times_at_once(lists: Lists) -> None:
    """Of many searches of one caller at the same time, those beyond the bound are refused, and later ones are not."""
    event_rows.SEARCHED_AT_ONCE, before = 1, event_rows.SEARCHED_AT_ONCE
    try:
        for number in range(50):
            await lists.report(f"web{number}", "http")
        path = f"{ROWS}?labelSelector=a%3D%3Db"
        asked = [lists.api.call("GET", path, Authorization=lists.authorization) for _ in range(12)]
        statuses = [answer.status for answer in await asyncio.gather(*asked)]
        assert set(statuses) == {200, 429}
        assert statuses.count(200) >= SEARCHES_MAX
        assert (await lists.rows(labelSelector="a==b"))["total"] == 0
    finally:
        event_rows.SEARCHED_AT_ONCE = before


async def test_events_are_grouped_by_check_and_entity(lists: Lists) -> None:
    """Twenty hosts with one failing check are one group; the worst group is first, and filters and words count."""
    for number in range(20):
        await lists.report(f"web{number}", "http", 2)
    await lists.report("db1", "disk", 1)
    await lists.report("db1", "http", 0)
    answer = await lists.groups(by="check")
    assert [(one["name"], one["critical"], one["warning"], one["passing"]) for one in answer["groups"]] == [
        ("http", 20, 0, 1),
        ("disk", 0, 1, 0),
    ]
    assert (answer["total"], answer["events"], answer["complete"]) == (2, 22, True)
    assert answer["counts"]["critical"] == 20
    assert (await lists.groups(by="check", status="incident", limit=1))["groups"][0]["passing"] == 0
    assert [one["name"] for one in (await lists.groups(by="entity", word="db"))["groups"]] == ["db1"]
    assert (await lists.groups(by="entity", offset=1, limit=2))["total"] == 21
    assert await lists.names(by="check", group="disk") == ["db1/disk"]
    assert (await lists.rows(by="entity", group="db1", status="passing"))["total"] == 1


async def test_silenced_events_of_a_group_are_counted(lists: Lists) -> None:
    """A group says how many of its events are silenced, also where the bodies of events are read."""
    for name in ("a", "b"):
        await lists.report(name, "http", 2, labels={"region": "eu"})
    await lists.api.store.commit([put(SILENCED, make_silence("entity:a"))])
    await lists.clock.advance(1)
    for by in ("check", "labels.region"):
        (group,) = (await lists.groups(by=by))["groups"]
        assert (group["critical"], group["silenced"]) == (2, 1)
    assert (await lists.groups(by="check", silenced="false"))["groups"][0]["critical"] == 1


async def test_events_are_grouped_by_a_label(lists: Lists) -> None:
    """Events without the label are a group without a name; any value names a group, and its rows are found by it."""
    awkward = 'it\'s "eu", or, not'
    for name, status, labels in (("a", 1, {"region": awkward}), ("b", 2, {"region": "us"}), ("c", 2, {})):
        await lists.report(name, "http", status, labels=labels)
    groups = (await lists.groups(by="labels.region"))["groups"]
    assert [(one["name"], one["critical"], one["warning"]) for one in groups] == [
        ("", 1, 0),
        ("us", 1, 0),
        (awkward, 0, 1),
    ]
    assert await lists.names(by="labels.region", group=awkward) == ["a/http"]
    assert await lists.names(by="labels.region", group="") == ["c/http"]
    assert await lists.names(by="labels.region", group="us", fieldSelector="event.entity.name == 'a'") == []
    selected = await lists.groups(by="check", labelSelector="region == 'us'")
    assert [(one["name"], one["critical"]) for one in selected["groups"]] == [("http", 1)]


async def test_grouping_reads_a_bounded_number_of_events(lists: Lists, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more events match than are read for one answer, the answer says that it is not complete."""
    monkeypatch.setattr(event_groups, "GROUPED_MAX", 256)
    for number in range(300):
        await lists.report(f"host{number}", "http", 0 if number else 2)
    answer = await lists.groups(by="labels.region")
    assert (answer["events"], answer["complete"]) == (256, False)
    assert answer["groups"][0]["critical"] == 1
    assert (await lists.groups(by="check"))["complete"] is True


async def test_groups_need_a_name_to_group_by_and_the_right_to_list(lists: Lists) -> None:
    """Without `by` the answer is 400 and says what it can be."""
    answer = await lists.groups(answered=400)
    assert answer["message"] == "by is required: check, entity, or a field such as labels.region"
