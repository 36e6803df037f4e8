"""Lists that are followed live over HTTP."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from sensu.backend.api.watch import EventStream, block
from sensu.backend.auth.access import Access
from sensu.backend.auth.sealing import Sealing
from sensu.backend.services.live_changes import FOLLOWERS_MAX, WAITING_CHANGES_MAX, LiveChanges, Scope
from sensu.backend.services.pages import PageRequest
from sensu.backend.services.sealed_values import SealedValues
from sensu.backend.services.watches import Watches, WatchId, WatchMessage
from sensu.backend.stored_form import delete, put
from sensu.resources.kinds import CHECK, ENTITY, EVENT, NAMESPACE, Kind
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.store.values import Change, Committed, DeleteEvent, EventKey, Write
from sensu.testing.factories import make_check_config, make_entity
from tests.flows.api_harness import PASSWORD, REMEMBERED_CHANGES, RunningApi, running_api
from tests.flows.pipelined_world import ANYBODY
from tests.flows.test_api_lists import check, event

TIMEOUT_S = 20
CHECKS = "/api/core/v2/namespaces/dev/checks"
EVENTS = "/api/core/v2/namespaces/dev/events"


@dataclass
class Heard:
    """One block of a stream; `event` is empty for a sign of life."""

    event: str
    data: Any
    id: int | None


class Stream:
    """A followed list."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> Heard:
        """The next block."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(TIMEOUT_S):
            while line := (await self.response.content.readline()).decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                fields[name] = value
        return Heard(
            fields.get("event", ""),
            json.loads(fields.get("data", "null")),
            int(fields["id"]) if "id" in fields else None,
        )

    async def told(self) -> Heard:
        """The next block that is no sign of life."""
        while not (heard := await self.next()).event:
            pass
        return heard

    async def ends(self) -> bool:
        async with asyncio.timeout(TIMEOUT_S):
            return await self.response.content.read() == b""


class Client:
    """Follows lists of an API."""

    def __init__(self, api: RunningApi, authorization: str) -> None:
        self.api = api
        self.authorization = authorization

    async def commit(self, *writes: Write) -> int:
        """The revision of the store after some writes."""
        outcome = await self.api.store.commit(writes)
        assert isinstance(outcome, Committed)
        return outcome.revision

    @contextlib.asynccontextmanager
    async def following(
        self, path: str, after: int | str | None = None, authorization: str = "", **query: str
    ) -> AsyncIterator[Stream]:
        headers = {"Authorization": authorization or self.authorization}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        async with self.api.http.get(
            self.api.url + path, params={"watch": "true", **query}, headers=headers
        ) as response:
            yield Stream(response)


@pytest.fixture
async def client(api: RunningApi) -> Client:
    await api.store.commit([put(NAMESPACE, Namespace(name=name)) for name in ("dev", "prod")])
    return Client(api, await api.token())


async def test_changes_are_told_as_they_happen(client: Client) -> None:
    """A stream starts with where it is, and then tells each change of its list with the store's revision."""
    async with client.following(CHECKS) as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        started = await stream.next()
        assert (started.event, started.id is not None) == ("", True)
        put_at = await client.commit(check("a"))
        told = await stream.told()
        assert (told.event, told.data["metadata"]["name"], told.id) == ("updated", "a", put_at)
        await client.commit(check("a", "prod"), event("w", "a"))
        gone_at = await client.commit(delete(CHECK, "dev", "a"))
        told = await stream.told()
        assert (told.event, told.data, told.id) == ("deleted", {"name": "a", "namespace": "dev"}, gone_at)


async def test_events_are_followed_by_namespace_entity_and_everywhere(client: Client) -> None:
    """Each list of events tells the changes that lie in it, and deleted events by their place."""
    async with (
        client.following("/api/core/v2/events") as everywhere,
        client.following(EVENTS) as of_namespace,
        client.following(f"{EVENTS}/w") as of_entity,
    ):
        await client.commit(event("w", "c", "prod"))
        await client.commit(event("x", "c"))
        await client.commit(event("w", "c"))
        await client.commit(DeleteEvent(EventKey("dev", "w", "c")))
        for stream, number in ((everywhere, 3), (of_namespace, 2), (of_entity, 1)):
            heard = [await stream.told() for _ in range(number)]
            assert {one.event for one in heard} == {"updated"}
            assert heard[-1].data["entity"]["metadata"]["name"] == "w"
            place = {"namespace": "dev", "entity": "w", "check": "c"}
            assert ((await stream.told()).data) == place


async def test_a_client_that_comes_back_misses_nothing(client: Client) -> None:
    """With the last id it saw a client hears exactly what happened since, and then goes on live."""
    async with client.following(CHECKS) as stream:
        await client.commit(check("a"))
        seen = await stream.told()
    for name in "bcd":
        await client.commit(check(name), check(name, "prod"))
    async with client.following(CHECKS, after=seen.id) as stream:
        names = [(await stream.told()).data["metadata"]["name"] for _ in range(3)]
        assert names == ["b", "c", "d"]
        await client.commit(check("e"))
        assert (await stream.told()).data["metadata"]["name"] == "e"


async def test_one_commit_is_gone_on_behind_as_a_whole(client: Client) -> None:
    """Of several changes of one commit only the last has the id, so that nobody comes back in the middle of it."""
    async with client.following(CHECKS) as stream:
        revision = await client.commit(check("a"), check("b"), check("c"))
        assert [(await stream.told()).id for _ in range(3)] == [None, None, revision]


@pytest.mark.parametrize("after", [0, 10**15])
async def test_an_id_that_is_not_remembered_says_so(client: Client, after: int) -> None:
    """Who comes back with an id from too long ago, or from elsewhere, is told to read the list, and goes on live."""
    async with client.following(CHECKS) as stream:
        await stream.next()
        for number in range(REMEMBERED_CHANGES + 5):
            await client.commit(check(f"c{number}"))
    async with client.following(CHECKS, after=after) as stream:
        expired = await stream.told()
        assert expired.event == "expired"
        assert "list again" in expired.data["message"]
        revision = await client.commit(check("a"))
        assert (await stream.told()).id == revision
    async with client.following(CHECKS, after=expired.id) as stream:
        assert (await stream.told()).event == "updated"


async def test_selectors_choose_what_is_told(client: Client) -> None:
    """A change that selectors choose is told whole, any other only by its place: it may have been chosen before."""
    async with client.following(CHECKS, labelSelector="tier == web") as stream:
        await client.commit(check("a", tier="web"), check("b", tier="db"))
        assert [(told.event, told.data.get("name")) for told in (await stream.told(), await stream.told())] == [
            ("updated", None),
            ("unmatched", "b"),
        ]
    async with client.following(CHECKS, labelSelector="tier = web") as stream:
        assert stream.response.status == 400


async def test_followers_see_what_readers_see(client: Client) -> None:
    """Redacted labels stay redacted in a stream."""
    async with client.following("/api/core/v2/namespaces/dev/entities") as stream:
        meta = ObjectMeta(name="w", namespace="dev", labels={"password": "hunter2"})
        entity = make_entity("w")
        await client.commit(put(ENTITY, type(entity)(metadata=meta, entity_class="proxy")))
        assert (await stream.told()).data["metadata"]["labels"] == {"password": "REDACTED"}


BINDING = {
    "metadata": {"name": "ann", "namespace": "dev"},
    "role_ref": {"type": "ClusterRole", "name": "view"},
    "subjects": [{"type": "User", "name": "ann"}],
}


async def test_rights_are_asked_for_each_change(client: Client) -> None:
    """Who may not list may not follow, and who loses the right hears nothing more."""
    bindings = "/api/core/v2/namespaces/dev/rolebindings"
    user = {"username": "ann", "password": PASSWORD}
    for path, body in (("/api/core/v2/users", user), (bindings, BINDING)):
        assert (await client.api.call("POST", path, body, Authorization=client.authorization)).status == 201
    ann = await client.api.token("ann", PASSWORD)
    for path in ("/api/core/v2/checks", "/api/core/v2/namespaces/prod/checks"):
        async with client.following(path, authorization=ann) as stream:
            assert stream.response.status == 403
    async with client.following(CHECKS, authorization=ann) as stream:
        await client.commit(check("a"))
        assert (await stream.told()).data["metadata"]["name"] == "a"
        unbound = await client.api.call("DELETE", f"{bindings}/ann", Authorization=client.authorization)
        assert unbound.status == 204
        await client.commit(check("b"))
        assert (await client.api.call("POST", bindings, BINDING, Authorization=client.authorization)).status == 201
        await client.commit(check("c"))
        assert (await stream.told()).data["metadata"]["name"] == "c"


@pytest.mark.world(heartbeat_s=0.05)
async def test_a_stream_ends_with_its_credentials(client: Client) -> None:
    """A user who is disabled is told that the stream ends, at the next sign of life at the latest."""
    user = {"username": "ann", "password": PASSWORD, "groups": ["cluster-admins"]}
    assert (await client.api.call("POST", "/api/core/v2/users", user, Authorization=client.authorization)).status == 201
    async with client.following(CHECKS, authorization=await client.api.token("ann", PASSWORD)) as stream:
        await stream.next()
        await client.api.call("DELETE", "/api/core/v2/users/ann", Authorization=client.authorization)
        assert (await stream.told()).event == "ended"
        assert await stream.ends()


@pytest.mark.world(heartbeat_s=0.05)
async def test_a_silent_stream_gives_signs_of_life(client: Client) -> None:
    """While nothing happens in its list a stream tells that it lives, and how far it has come."""
    async with client.following(CHECKS) as stream:
        assert [(await stream.next()).event for _ in range(3)] == ["", "", ""]


async def test_streams_end_when_the_backend_stops(tmp_path: Path) -> None:
    """Followed lists do not hold up a stop: they are told that they end."""
    async with aiohttp.ClientSession() as outlasting, contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(running_api(tmp_path))
        client = Client(api, await api.token())
        api.http = outlasting
        async with client.following(CHECKS) as followed:
            await followed.next()
            stopping = asyncio.create_task(stack.aclose())
            assert (await followed.told()).event == "ended"
            assert await followed.ends()
            await stopping


@pytest.mark.parametrize(
    ("path", "watch", "headers"),
    [
        (CHECKS, "yes", {}),
        (CHECKS, "true", {"Last-Event-ID": "x"}),
        (CHECKS, "true", {"Last-Event-ID": "-1"}),
        (CHECKS, "true", {"Last-Event-ID": "1.2.3"}),
        ("/api/core/v2/namespaces/dev/silenced/checks/http", "true", {}),
        ("/api/core/v3/entity-states", "true", {}),
        ("/api/sensu/v1/audit", "true", {}),
    ],
)
async def test_what_cannot_be_followed_is_refused(
    client: Client, path: str, watch: str, headers: dict[str, str]
) -> None:
    """A wrong `watch` or id, or a list that has no stream, is an error, not a list."""
    sent = {"Authorization": client.authorization, **headers}
    async with client.api.http.get(client.api.url + path, params={"watch": watch}, headers=sent) as answer:
        assert answer.status == 400
        assert "message" in await answer.json()


async def test_every_list_of_a_kind_can_be_followed(client: Client) -> None:
    """Lists of all kinds, of a namespace and of the cluster, answer as streams."""
    namespaced = ("assets", "checks", "entities", "events", "filters", "handlers", "hooks", "mutators", "pipelines")
    paths = [f"{scope}{word}" for scope in ("", "namespaces/dev/") for word in (*namespaced, "silenced", "roles")]
    for path in (*paths, "namespaces", "users", "apikeys", "clusterroles", "clusterrolebindings", "rolebindings"):
        async with client.following(f"/api/core/v2/{path}") as stream:
            assert stream.response.headers["Content-Type"] == "text/event-stream", path
            assert (await stream.next()).id is not None


async def test_a_client_that_does_not_read_is_dropped(client: Client) -> None:
    """What nobody reads is not held for ever: the stream of such a client ends, and others hear everything."""
    host, port = client.api.url.removeprefix("http://").split(":")
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect((host, int(port)))
    request = f"GET {CHECKS}?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: {client.authorization}\r\n\r\n"
    stuck.sendall(request.encode())
    reader, writer = await asyncio.open_connection(sock=stuck, limit=1024)
    assert (await reader.readuntil(b"alive")).startswith(b"HTTP/1.1 200")
    writer.transport.pause_reading()
    async with client.following(CHECKS) as attentive:
        for number in range(2 * WAITING_CHANGES_MAX):
            await client.commit(check("a", number=str(number), ballast="x" * 5000))
            assert (await attentive.told()).data["metadata"]["labels"]["number"] == str(number)
    writer.transport.resume_reading()
    heard = b""
    async with asyncio.timeout(TIMEOUT_S):
        while not heard.endswith(b"\r\n0\r\n\r\n"):
            heard += await reader.read(65536)
    writer.close()
    assert b"the client reads too slowly" in heard[-300:]
    assert heard.count(b"event: updated") < 2 * WAITING_CHANGES_MAX


class _Store:
    """Tells what a test says has changed."""

    def __init__(self) -> None:
        self.listener: Callable[[Any], None] = lambda _: None
        self.revision = 0
        self.events_included = False
        self.feed = self

    def listen(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        self.listener = listener
        return lambda: None

    async def commit(self, _: Any) -> Committed:
        return Committed(0)

    def include_events(self) -> None:
        """There is nobody else."""

    async def caught_up(self) -> None:
        """There is nobody else."""

    def tell(self, change: Change) -> None:
        self.revision = change.revision
        self.listener([change])


async def opened_feed() -> tuple[LiveChanges, Callable[[int], None]]:
    """A feed, and how to have a check changed so many times."""
    store = _Store()
    feed = LiveChanges(store)  # type: ignore[arg-type]
    await feed.open()
    write = put(CHECK, make_check_config("a"))
    revisions = iter(range(1, 10**6))

    def change(times: int) -> None:
        for _ in range(times):
            store.tell(Change(next(revisions), write.key, write.body))

    return feed, change


async def test_a_slow_follower_is_dropped_and_can_come_back() -> None:
    """Who lets too much wait is ended with nothing more held for it, and hears all of it when it comes back."""
    feed, change = await opened_feed()
    slow = await feed.follow(Scope(CHECK.qualified_name), None)
    assert slow is not None
    change(WAITING_CHANGES_MAX)
    assert not slow.overflown
    change(1)
    assert slow.overflown
    assert await slow.next(0) is None
    feed.leave(slow)
    again = await feed.follow(Scope(CHECK.qualified_name), slow.started_at)
    assert again is not None
    assert not again.missed
    heard = [await again.next(0) for _ in range(WAITING_CHANGES_MAX + 1)]
    assert [commit.revision for commit in heard if commit] == list(range(1, WAITING_CHANGES_MAX + 2))
    assert await again.next(0) is None


async def test_one_large_commit_drops_nobody() -> None:
    """A follower that has nothing waiting takes a commit of any size."""
    store = _Store()
    feed = LiveChanges(store)  # type: ignore[arg-type]
    await feed.open()
    follower = await feed.follow(Scope(CHECK.qualified_name), None)
    assert follower is not None
    write = put(CHECK, make_check_config("a"))
    store.listener([Change(1, write.key, write.body)] * (WAITING_CHANGES_MAX + 1))
    commit = await follower.next(0)
    assert commit is not None
    assert len(commit.changes) == WAITING_CHANGES_MAX + 1


async def test_the_number_of_followers_is_bounded() -> None:
    """One more than the bound is turned away, until another one leaves."""
    feed, _ = await opened_feed()
    scope = Scope(CHECK.qualified_name)
    followers = [await feed.follow(scope, None) for _ in range(FOLLOWERS_MAX)]
    assert await feed.follow(scope, None) is None
    assert followers[0] is not None
    feed.leave(followers[0])
    assert await feed.follow(scope, None) is not None


@pytest.mark.parametrize(
    ("kind", "after", "told"),
    [
        (EVENT, WatchId(10, 2), "deleted"),
        (EVENT, WatchId(10, 1), "expired"),
        (EVENT, WatchId(10), "expired"),
        (CHECK, WatchId(10), "deleted"),
    ],
    ids=["own", "of another member", "of a backend alone", "of a resource"],
)
async def test_an_id_of_another_member_is_not_taken_for_ones_own(kind: Kind, after: WatchId, told: str) -> None:
    """Each member numbers events by itself: a client that comes with an id of another one is asked to read again."""
    store, access = _Store(), cast(Access, _Allowed())
    store.revision = 10
    feed = LiveChanges(store, stream=2)  # type: ignore[arg-type]
    await feed.open()
    watches = Watches(access, feed, SealedValues(store, access, Sealing(b"secret")))  # type: ignore[arg-type]
    messages = await watches.watch(lambda: ANYBODY, kind, Scope(kind.qualified_name), PageRequest(), after)
    assert isinstance(messages, AsyncIterator)
    (begin,) = await anext(messages)
    assert begin.id == (10, 2 if kind is EVENT else 0)
    store.tell(Change(11, EventKey("dev", "w", "c") if kind is EVENT else check("a").key, None))
    assert (await anext(messages))[0].event == told


def test_ids_can_be_sent_back() -> None:
    """What a client sends as its last id is what it got, of members that share a database and of others."""
    assert block(WatchMessage("", b"", WatchId(4713))).startswith(b"id: 4713\n")
    assert block(WatchMessage("", b"", WatchId(4713, 5))).startswith(b"id: 4713.5\n")


class _Allowed:
    """Everybody may do everything."""

    def allows(self, *_: object, **__: object) -> bool:
        return True


@pytest.mark.parametrize("failing", ["http.response.start", "http.response.body"])
async def test_a_client_that_leaves_before_its_stream_begins_takes_no_place(failing: str) -> None:
    """However early clients leave, their places are free for others."""
    feed, _ = await opened_feed()
    access = cast(Access, _Allowed())
    watches = Watches(access, feed, SealedValues(_Store(), access, Sealing(b"secret")))  # type: ignore[arg-type]
    scope = Scope(CHECK.qualified_name)

    async def gone() -> None:
        """The client has left already."""

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == failing:
            raise ConnectionResetError

    for _ in range(FOLLOWERS_MAX + 1):
        messages = await watches.watch(lambda: ANYBODY, CHECK, scope, PageRequest(), None)
        assert isinstance(messages, AsyncIterator)
        with contextlib.suppress(ConnectionResetError):
            await EventStream(200, [], messages=messages, gone=gone).send(send)
    assert await feed.follow(scope, None) is not None
