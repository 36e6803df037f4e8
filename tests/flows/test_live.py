"""The live stream: what changed of everything that a page shows, a tick a second."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sensu.backend.services import live_stream, live_streams
from sensu.backend.services.live_sources import ROWS_MAX
from sensu.backend.stored_form import delete, put
from sensu.resources.kinds import CHECK, CLUSTER_ROLE, NAMESPACE, ROLE_BINDING, SILENCED, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.role import ClusterRole, Rule
from sensu.resources.role_binding import RoleBinding, RoleRef, Subject
from sensu.resources.user import User
from sensu.store.values import Committed, DeleteEvent, EventKey, EventState, OweDelivery, PutEvent
from sensu.testing.factories import make_check_config, make_silence
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import PASSWORD, RunningApi, running_api

START = 1_700_000_000
LIVE = "/api/sensu/v1/live"
TIMEOUT_S = 10


class Stream:
    """A stream that is followed."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.last = ""

    async def next(self) -> tuple[str, Any]:
        """The next event and its data; an empty event for a sign of life."""
        found: dict[str, str] = {}
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                line = (await self.response.content.readline()).decode()
                if not line:
                    return "closed", None
                if line == "\n":
                    if "id" in found or "event" in found:
                        break
                    continue
                name, _, value = line.rstrip("\n").partition(": ")
                found[name] = value
        self.last = found.get("id", self.last)
        return found.get("event", ""), json.loads(found.get("data", "null"))

    async def tick(self) -> Any:
        """The data of the next tick."""
        event, data = await self.next()
        while not event:
            event, data = await self.next()
        assert event == "tick", (event, data)
        return data


class Backend:
    """An API whose clock moves only here, and an administrator."""

    def __init__(self, api: RunningApi, clock: VirtualClock, authorization: str) -> None:
        self.api, self.clock, self.authorization = api, clock, authorization
        self.store = api.store

    @contextlib.asynccontextmanager
    async def follow(self, *topics: str, last: str = "", authorization: str = "") -> AsyncIterator[Stream]:
        headers = {"Authorization": authorization or self.authorization} | ({"Last-Event-ID": last} if last else {})
        url = f"{self.api.url}{LIVE}?topics={','.join(topics)}"
        async with self.api.http.get(url, headers=headers) as response:
            assert response.status == 200, await response.read()
            yield Stream(response)

    async def report(self, entity: str, status: int) -> None:
        host = {"entity_class": "proxy", "metadata": {"name": entity, "namespace": "default"}}
        check = {"metadata": {"name": "http", "namespace": "default"}, "status": status, "interval": 60}
        check["executed"] = int(self.clock.now())
        path = "/api/core/v2/namespaces/default/events"
        answer = await self.api.call("POST", path, {"entity": host, "check": check}, Authorization=self.authorization)
        assert answer.status == 201, answer.body

    async def second(self, seconds: float = 1.0) -> None:
        await self.clock.advance(seconds)

    async def user(self, name: str, *resources: str) -> str:
        """An Authorization header of somebody who may read these in default."""
        body = {"username": name, "password": PASSWORD, "groups": []}
        answer = await self.api.call("POST", "/api/core/v2/users", body, Authorization=self.authorization)
        assert answer.status == 201
        role = ClusterRole(metadata=ObjectMeta(name=name), rules=(Rule(verbs=("get", "list"), resources=resources),))
        binding = RoleBinding(
            metadata=ObjectMeta(name=name, namespace="default"),
            subjects=(Subject(type="User", name=name),),
            role_ref=RoleRef(type="ClusterRole", name=name),
        )
        await self.store.commit([put(CLUSTER_ROLE, role), put(ROLE_BINDING, binding)])
        return await self.api.token(name)


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[Backend]:
    """A backend whose clock stands still."""
    clock = VirtualClock(START)
    async with running_api(tmp_path, clock=clock) as api:
        yield Backend(api, clock, await api.token())


def changed(tick: Any, namespace: str = "default") -> list[tuple[str, int]]:
    return [(row["entity"], row["status"]) for row in tick["events"][namespace]["changed"]]


async def test_counts_come_at_once_and_when_they_change(backend: Backend) -> None:
    """A stream begins with the counts of its namespaces; later ticks have them only if they changed."""
    await backend.report("web1", 2)
    async with backend.follow("counts:default", "events:default") as stream:
        first = await stream.tick()
        assert first["counts"]["default"] == {"critical": 1, "warning": 0, "unknown": 0, "passing": 0, "silenced": 0}
        assert "events" not in first
        await backend.report("web1", 1)
        await backend.report("web2", 0)
        await backend.second()
        tick = await stream.tick()
        assert tick["counts"]["default"]["warning"] == tick["counts"]["default"]["passing"] == 1
        assert sorted(changed(tick)) == [("web1", 1), ("web2", 0)]
        await backend.store.commit([put(SILENCED, make_silence("entity:web1"))])
        await backend.second()
        tick = await stream.tick()
        assert tick["events"]["default"]["changed"][0]["silenced"] == ["entity:web1:*"]
        assert tick["counts"]["default"]["silenced"] == 1


async def test_repetitions_are_not_told(backend: Backend) -> None:
    """A result that repeats the state of its event makes no tick; an event that is deleted is told as gone."""
    await backend.report("web1", 2)
    async with backend.follow("events:default") as stream:
        await stream.tick()
        for _ in range(3):
            await backend.report("web1", 2)
            await backend.second()
        assert await backend.api.ports.intake.remove(EventKey("default", "web1", "http"))
        await backend.second()
        tick = await stream.tick()
        assert tick["events"]["default"] == {"changed": [], "gone": [["web1", "http"]], "more": False}


async def test_a_single_event_is_told_within_a_quarter_of_a_second(backend: Backend) -> None:
    """Each result of an event that is followed by itself is told, also one that changes nothing else."""
    await backend.report("web1", 0)
    async with backend.follow("event:default/web1/http", "event:default/none/http") as stream:
        first = await stream.tick()
        assert first["event"]["default/web1/http"]["status"] == 0
        assert first["event"]["default/none/http"] is None
        await backend.report("web1", 0)
        await backend.second(0.25)
        tick = await stream.tick()
        assert tick["event"]["default/web1/http"]["occurrences"] == 2
        assert "default/none/http" not in tick["event"]


async def test_resources_deliveries_and_entities(backend: Backend) -> None:
    """Names of changed resources, numbers of deliveries and changed entities are told."""
    topics = ("resources:checks:default", "resources:users:", "deliveries:default", "entities:default")
    async with backend.follow(*topics) as stream:
        first = await stream.tick()
        assert first == {"deliveries": {"default": {"owed": 0, "dead": 0}}}
        owed = OweDelivery(backend.store.next_delivery_id(), "default", b"{}", 5.0)
        changes = [put(CHECK, make_check_config(name)) for name in ("b", "a")]
        other = [put(NAMESPACE, Namespace(name="other")), put(CHECK, make_check_config("c", namespace="other"))]
        assert isinstance(await backend.store.commit([*changes, *other, owed]), Committed)
        await backend.report("web1", 1)
        await backend.second()
        tick = await stream.tick()
        assert tick["resources"] == {"checks:default": ["a", "b"]}
        assert tick["deliveries"]["default"] == {"owed": 1, "dead": 0}
        assert tick["entities"]["default"]["changed"] == [{"name": "web1"}]
        await backend.store.commit([delete(CHECK, "default", "a")])
        await backend.second()
        tick = await stream.tick()
        assert tick == {"resources": {"checks:default": ["a"]}}


async def test_who_comes_back_misses_nothing(backend: Backend) -> None:
    """With the last id a new stream begins with everything that changed since, and with nothing twice."""
    async with backend.follow("events:default", "resources:checks:default") as stream:
        await stream.tick()
        await backend.report("web1", 1)
        await backend.second()
        await stream.tick()
        await backend.second()
        await backend.report("web0", 1)
        await backend.second()
        await stream.tick()
        last = stream.last
    await backend.report("web2", 2)
    await backend.store.commit([put(CHECK, make_check_config("made"))])
    async with backend.follow("events:default", "resources:checks:default", last=last) as stream:
        tick = await stream.tick()
        assert ("web2", 2) in changed(tick)
        assert ("web1", 1) not in changed(tick)
        assert tick["resources"] == {"checks:default": ["made"]}
        await backend.second()
        await backend.report("web3", 2)
        await backend.second()
        assert changed(await stream.tick()) == [("web3", 2)]


async def test_an_id_that_cannot_be_gone_on_from(backend: Backend) -> None:
    """An id of the future, or of before what is remembered of resources, is answered with `expired`."""
    async with backend.follow("events:default", last="999999999") as stream:
        assert (await stream.next())[0] == "expired"
        await stream.tick()
    async with backend.follow("resources:checks:default", last="0") as stream:
        assert (await stream.next())[0] == "expired"
    async with backend.follow("events:default", last="0") as stream:
        await stream.tick()


async def test_too_many_changes_are_not_listed(backend: Backend) -> None:
    """More changes than a tick holds say only that the list must be read again."""
    async with backend.follow("events:default", "counts:default") as stream:
        await stream.tick()
        events = [
            PutEvent(EventKey("default", f"e{number}", "c"), b"{}", state=EventState(0, START))
            for number in range(ROWS_MAX + 1)
        ]
        await backend.store.commit(events)
        await backend.second()
        tick = await stream.tick()
        assert tick["events"]["default"] == {"changed": [], "gone": [], "more": True}
        assert tick["counts"]["default"]["critical"] == ROWS_MAX + 1
        await backend.store.commit([DeleteEvent(events[0].key)])
        await backend.second()
        assert (await stream.tick())["events"]["default"]["gone"] == [["e0", "c"]]


async def test_rights_hold_for_each_topic_and_each_tick(backend: Backend) -> None:
    """Topics that the caller may not follow are named as hidden; a right that is taken away ends what it gave."""
    ann = await backend.user("ann", "events")
    topics = ("counts:default", "events:other", "resources:checks:default", "session")
    async with backend.follow(*topics, authorization=ann) as stream:
        first = await stream.tick()
        assert first["hidden"] == ["events:other", "resources:checks:default"]
        await backend.store.commit([delete(ROLE_BINDING, "default", "ann")])
        await backend.report("web1", 2)
        await backend.second()
        assert list(await stream.tick()) == ["session"]
    answer = await backend.api.call("GET", f"{LIVE}?topics=counts:default", Authorization=ann)
    assert answer.status == 403


async def test_a_stream_ends_with_the_credentials(backend: Backend) -> None:
    """Within a second after a user is disabled its streams end with the reason."""
    ann = await backend.user("ann", "events")
    async with backend.follow("counts:default", authorization=ann) as stream:
        await stream.tick()
        await backend.store.commit([put(USER, User(username="ann", disabled=True))])
        await backend.second()
        event, data = await stream.next()
        assert (event, "credentials" in data["message"]) == ("ended", True)
        assert (await stream.next())[0] == "closed"


async def test_a_quiet_stream_shows_that_it_lives(backend: Backend) -> None:
    """Without changes there is a sign of life every 15 seconds, with the id to go on behind."""
    async with backend.follow("events:default") as stream:
        await stream.tick()
        await backend.second(15)
        assert await stream.next() == ("", None)
        assert int(stream.last) > 0


async def test_all_who_follow_the_same_hear_the_same(backend: Backend) -> None:
    """However many follow a list, each gets every change once, under the same id."""
    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(backend.follow("events:default")) for _ in range(5)]
        for stream in streams:
            await stream.tick()
        await backend.report("web1", 2)
        await backend.second()
        assert [changed(await stream.tick()) for stream in streams] == [[("web1", 2)]] * 5
        assert len({stream.last for stream in streams}) == 1


async def test_the_number_of_streams_and_topics_is_bounded(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its bounds the stream is refused: 503 for another client, 400 for too many topics or unknown ones."""
    monkeypatch.setattr(live_streams, "STREAMS_MAX", 1)
    async with backend.follow("counts:default") as stream:
        await stream.tick()
        answer = await backend.api.call("GET", f"{LIVE}?topics=counts:default", Authorization=backend.authorization)
        assert (answer.status, "Retry-After" in answer.headers) == (503, True)
    many = ",".join(f"counts:n{number}" for number in range(51))
    for topics in ("", many, "nothing:default", "counts:", "event:default/web1", "resources:checks:", "session:x"):
        answer = await backend.api.call("GET", f"{LIVE}?topics={topics}", Authorization=backend.authorization)
        assert answer.status == 400, topics


async def test_a_client_that_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that lets more wait than the bound hears the reason, and nothing after it."""
    monkeypatch.setattr(live_stream, "WAITING_BYTES_MAX", 3000)
    stream = live_stream.LiveStream(lambda: None, ())
    for data in (b"x" * 2000, b"y" * 2000, b"z"):
        stream.put(data)
    heard = [data async for data in stream.data()]
    assert len(heard) == 1
    assert heard[0].startswith(b"event: ended")


async def test_a_client_that_goes_away_makes_room(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place of a client that has gone is free for another; asking for the head alone takes none."""
    monkeypatch.setattr(live_streams, "STREAMS_MAX", 1)
    path = f"{LIVE}?topics=counts:default"
    head = await backend.api.call("HEAD", path, Authorization=backend.authorization)
    assert head.status == 200
    async with backend.follow("counts:default") as stream:
        await stream.tick()
    statuses = [await _status(backend, path) for _ in range(50)]
    assert 200 in statuses


async def _status(backend: Backend, path: str) -> int:
    headers = {"Authorization": backend.authorization}
    async with backend.api.http.get(backend.api.url + path, headers=headers) as response:
        return response.status
