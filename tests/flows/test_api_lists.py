"""Lists over HTTP: what selectors choose, how pages join, and how many there are."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensu.backend.services import lists
from sensu.backend.stored_form import put
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, ENTITY, NAMESPACE
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.wire import encode
from sensu.store.values import Committed, EventKey, PutEvent, Write
from sensu.testing.factories import make_check, make_check_config, make_entity
from tests.flows.api_harness import Answer, RunningApi, running_api

NAMESPACES = ("dev", "dev-b", "prod")


class Reader:
    """Reads lists as the cluster's admin."""

    def __init__(self, api: RunningApi, authorization: str) -> None:
        self.api = api
        self._authorization = authorization

    async def add(self, *writes: Write) -> None:
        assert isinstance(await self.api.store.commit(writes), Committed)

    async def ask(self, path: str, method: str = "GET", **query: Any) -> Answer:
        answer = await self.api.http.request(
            method,
            f"{self.api.url}/api/core/v2/{path}",
            params=[
                (key, one) for key, value in query.items() for one in (value if isinstance(value, list) else [value])
            ],
            headers={"Authorization": self._authorization},
        )
        async with answer:
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, await answer.read())

    async def names(self, path: str, **query: Any) -> list[str]:
        answer = await self.ask(path, **query)
        assert answer.status == 200, answer.body
        return [name_of(item) for item in json.loads(answer.body)]

    async def pages(self, path: str, limit: int, **query: Any) -> list[list[str]]:
        """The names on each page, the list read to its end."""
        found: list[list[str]] = []
        token = ""
        while True:
            answer = await self.ask(path, limit=limit, **({"continue": token} if token else {}), **query)
            found.append([name_of(item) for item in json.loads(answer.body)])
            token = answer.headers.get("sensu-continue", "")
            if not token:
                return found


def name_of(item: dict[str, Any]) -> str:
    if "check" in item:
        place = item["entity"]["metadata"]
        return f"{place['namespace']}/{place['name']}/{item['check']['metadata']['name']}"
    metadata = item.get("metadata") or item
    return "/".join(filter(None, (metadata.get("namespace"), metadata.get("name") or item.get("username"))))


async def reader_of(api: RunningApi) -> Reader:
    await api.store.commit([put(NAMESPACE, Namespace(name=name)) for name in NAMESPACES])
    return Reader(api, await api.token())


@pytest.fixture
async def reader(api: RunningApi) -> Reader:
    return await reader_of(api)


def check(name: str, namespace: str = "dev", **labels: str) -> Write:
    metadata = ObjectMeta(name=name, namespace=namespace, labels=labels)
    return put(CHECK, msgspec.structs.replace(make_check_config(name), metadata=metadata))


def event(entity: str, check_name: str, namespace: str = "dev", status: int = 0, **labels: str) -> Write:
    metadata = ObjectMeta(name=check_name, namespace=namespace, labels=labels)
    at_work = msgspec.structs.replace(make_check(check_name, status), metadata=metadata)
    body = encode(Event(entity=make_entity(entity, namespace=namespace), check=at_work))
    return PutEvent(EventKey(namespace, entity, check_name), body)


EVENTS = [
    event(entity, name, namespace, status=(len(entity) + len(name)) % 3, tier=name[0])
    for namespace in NAMESPACES
    for entity in ("w", "w-1", "w.1", "x")
    for name in ("cpu", "disk", "http")
]


async def test_selectors_choose_from_a_list(reader: Reader) -> None:
    """Label and field selectors, repeated and together, leave only the resources that all of them hold for."""
    eu = {"region": "eu"}
    writes = (check("a", **eu), check("b", **eu), check("c", region="us"), check("d"), check("a", "prod"))
    await reader.add(*writes)
    path = "namespaces/dev/checks"
    assert await reader.names(path, labelSelector="region == eu") == ["dev/a", "dev/b"]
    assert await reader.names(path, labelSelector=["region == eu", "tier == '1'"]) == []
    both = await reader.names(path, labelSelector="region == eu", fieldSelector="check.name != a")
    assert both == ["dev/b"]
    assert await reader.names("checks", fieldSelector="check.name == a") == ["dev/a", "prod/a"]
    assert await reader.names("checks", fieldSelector="check.namespace == prod") == ["prod/a"]
    assert await reader.names(path, fieldSelector="check.namespace == prod") == []
    assert await reader.names("namespaces", fieldSelector="namespace.name matches dev") == ["dev", "dev-b"]
    assert await reader.names("users", fieldSelector="'cluster-admins' in user.groups") == ["admin"]
    assert await reader.names("users", fieldSelector="user.username == agent") == ["agent"]
    assert await reader.names("clusterroles", fieldSelector="clusterrole.name == view") == ["view"]


@pytest.mark.parametrize("path", ["namespaces/dev/checks", "checks", "events", "namespaces", "namespaces/dev/silenced"])
async def test_a_wrong_selector_is_refused(reader: Reader, path: str) -> None:
    """A selector that cannot be parsed is an error that says which one and where, never a list."""
    for word in ("labelSelector", "fieldSelector"):
        answer = await reader.ask(path, **{word: "region = eu"})
        assert answer.status == 400
        assert json.loads(answer.body)["message"].startswith(f"failed to parse {word}: position 8: ")


@pytest.mark.parametrize(
    "selector",
    [
        "event.entity.name == w",
        "event.check.name == disk",
        "event.entity.name == w && event.check.name == disk",
        "event.entity.name == nobody && event.check.name == disk",
        "event.namespace == 'dev-b'",
        "event.namespace == dev && event.entity.name == 'w-1'",
        "event.namespace == dev && event.entity.name == 'w.1' && event.check.name == cpu",
        "event.namespace == dev && event.namespace == prod",
        "event.check.status != '0' && event.labels.tier in [c, h]",
        "event.check.name == disk && event.check.status == '1'",
    ],
)
async def test_pages_of_chosen_events_join_to_their_list(reader: Reader, selector: str) -> None:
    """With any selector and any limit, a page holds as many as asked for and all pages together the chosen ones."""
    await reader.add(*EVENTS)
    for path, part in (
        ("events", ""),
        ("namespaces/dev/events", "dev/"),
        ("namespaces/dev/events/w-1", "dev/w-1/"),
    ):
        everything = [json.loads(body) async for page in reader.api.store.event_bodies(None) for body in page]
        expected = [name_of(item) for item in everything if name_of(item).startswith(part) and chosen(selector, item)]
        assert await reader.names(path, fieldSelector=selector) == expected
        for limit in (1, 2, 5, 100, lists.HELD_MAX + 1):
            pages = await reader.pages(path, limit, fieldSelector=selector)
            assert [name for page in pages for name in page] == expected
            assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
            assert len(pages) == max(1, -(-len(expected) // limit))


def chosen(selector: str, item: dict[str, Any]) -> bool:
    """A selector of the test above, read by a second pair of eyes."""
    meta, at_work = item["entity"]["metadata"], item["check"]
    facts = {
        "event.entity.name": meta["name"],
        "event.namespace": meta["namespace"],
        "event.check.name": at_work["metadata"]["name"],
        "event.check.status": str(at_work["status"]),
        "event.labels.tier": at_work["metadata"]["labels"]["tier"],
    }
    for term in selector.split(" && "):
        key, operator, value = term.split(" ", 2)
        wanted = value.strip("'")
        held = facts[key] in wanted.strip("[]").split(", ") if operator == "in" else facts[key] == wanted
        if held is (operator == "!="):
            return False
    return True


async def test_large_pages_join_too(reader: Reader) -> None:
    """Pages that are too large to be held end where they should, and the next one goes on behind them."""
    number = 2 * (lists.HELD_MAX + 100) + 300
    await reader.add(*(check(f"c{i:05}", even="no" if i % 2 else "yes") for i in range(number)))
    limit = lists.HELD_MAX + 100
    for query in ({}, {"labelSelector": "even == yes"}):
        expected = await reader.names("namespaces/dev/checks", **query)
        pages = await reader.pages("namespaces/dev/checks", limit, **query)
        assert [name for page in pages for name in page] == expected
        assert [len(page) for page in pages] == ([limit, limit, 300] if not query else [limit, 150])


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from("abcdefg"), unique=True, max_size=7),
    st.lists(st.sampled_from("abcdefg"), unique=True, max_size=7),
    st.integers(1, 4),
)
async def test_any_page_size_reads_every_chosen_one_once(
    tmp_path_factory: pytest.TempPathFactory, chosen_names: list[str], others: list[str], limit: int
) -> None:
    """However chosen and other resources are mixed, pages of any size read each chosen one once and in order."""
    writes = [check(name) for name in others] + [check(name, wanted="yes") for name in chosen_names]

    async with running_api(tmp_path_factory.mktemp("state")) as api:
        reader = await reader_of(api)
        await reader.add(*writes)
        pages = await reader.pages("namespaces/dev/checks", limit, labelSelector="wanted == yes")
        assert [name for page in pages for name in page] == [f"dev/{name}" for name in sorted(chosen_names)]
        assert all(len(page) == limit for page in pages[:-1])


COUNTED = (
    *("checks", "namespaces/dev/checks", "events", "namespaces/dev/events", "namespaces/dev/events/w", "entities"),
    *("namespaces", "users", "clusterroles", "namespaces/dev/silenced", "apikeys"),
)


async def test_every_list_tells_how_many_there_are(reader: Reader) -> None:
    """`Sensu-Total-Count` is the length of the whole list, on every page of it, and HEAD tells it without the list."""
    await reader.add(check("a"), check("b"), check("a", "prod"), *EVENTS)
    for path in COUNTED:
        whole = await reader.ask(path)
        total = str(len(json.loads(whole.body)))
        assert whole.headers["sensu-total-count"] == total, path
        if "silenced" not in path:
            assert (await reader.ask(path, limit=1)).headers["sensu-total-count"] == total
        head = await reader.ask(path, "HEAD")
        assert (head.status, head.body, head.headers["sensu-total-count"]) == (200, b"", total)


async def test_chosen_resources_are_counted_where_that_is_cheap(reader: Reader) -> None:
    """With selectors the count is of what they choose: told on a page that holds all of it, and always by HEAD."""
    await reader.add(*EVENTS)
    selectors = {"labelSelector": "tier == c"}
    path = "namespaces/dev/events"
    assert "sensu-total-count" not in (await reader.ask(path, **selectors)).headers
    assert "sensu-total-count" not in (await reader.ask(path, limit=2, **selectors)).headers
    assert (await reader.ask(path, limit=100, **selectors)).headers["sensu-total-count"] == "4"
    assert (await reader.ask(path, "HEAD", **selectors)).headers["sensu-total-count"] == "4"


async def test_redacted_labels_cannot_be_guessed(reader: Reader) -> None:
    """A selector sees what its caller may read: the hidden value of a label chooses nothing."""
    meta = ObjectMeta(name="w", namespace="dev", labels={"password": "hunter2"})
    await reader.add(put(ENTITY, msgspec.structs.replace(make_entity("w"), metadata=meta)))
    assert await reader.names("namespaces/dev/entities", labelSelector="password == hunter2") == []
    assert await reader.names("namespaces/dev/entities", labelSelector="password == REDACTED") == ["dev/w"]
