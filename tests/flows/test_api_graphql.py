"""GraphQL over HTTP: queries as the reference's web UI makes them, who sees what, mutations, and what is refused."""

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    get_introspection_query,
    parse,
    print_ast,
    visit,
)

from sensu.backend.api.graphql import TIME_LIMIT_S, GraphQLEndpoint
from sensu.backend.api.request import NOBODY, Request
from sensu.backend.graphql import bounds
from sensu.backend.stored_form import put
from sensu.errors import StoreError
from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.handler import Handler
from sensu.resources.kinds import HANDLER, ROLE, ROLE_BINDING, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.role import Role, Rule
from sensu.resources.role_binding import RoleBinding, RoleRef, Subject
from sensu.resources.user import User
from sensu.resources.wire import encode
from sensu.store.values import EventKey, PutEvent
from tests.flows.api_harness import RunningApi, quick_hash, running_api

NAMESPACE = "/api/core/v2/namespaces/default"
WEB1_HTTP, WEB2_HTTP = "srn:events:default:check/WyJ3ZWIxIiwiaHR0cCJd", "srn:events:default:check/WyJ3ZWIyIiwiaHR0cCJd"
WEB1_DISK = "srn:events:default:check/WyJ3ZWIxIiwiZGlzayJd"
VIEWER_PASSWORD = "a password"
PAGE_INFO = "pageInfo { totalCount partialCount hasNextPage hasPreviousPage nextOffset previousOffset }"
HEALTH = "{ health { etcd { members { name } } } }"
EVENTS = '{ namespace(name: "default") { events(%s) { nodes { id } } } }'


class Asker:
    """Somebody who asks; nobody known without an authorization."""

    def __init__(self, api: RunningApi, authorization: str = "") -> None:
        self.api = api
        self.headers = {"Authorization": authorization} if authorization else {}

    async def post(self, body: object) -> Any:
        """What a request that is answered with 200 comes to."""
        answer = await self.api.call("POST", "/graphql", body, **self.headers)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of a query without errors."""
        found = await self.post({"query": query, "variables": variables})
        assert found["errors"] is None, found
        return found["data"]

    async def refused(self, query: str, **variables: Any) -> str:
        """The message of the only error of a query."""
        found = await self.post({"query": query, "variables": variables})
        (error,) = found["errors"]
        return str(error["message"])

    async def put(self, path: str, resource: Mapping[str, Any]) -> None:
        """A resource of the namespace default, over the REST API."""
        answer = await self.api.call("PUT", f"{NAMESPACE}/{path}", resource, **self.headers)
        assert answer.status in (200, 201), answer.body


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "default"}, **more}


async def fill(admin: Asker) -> None:
    """Two hosts with three events, and a pipeline."""
    check = {"command": "true", "interval": 60, "subscriptions": ["web"], "publish": True}
    await admin.put("handlers/slack", named("slack", type="pipe", command="cat", mutator="short", filters=["calm"]))
    await admin.put("mutators/short", named("short", command="head"))
    await admin.put("filters/calm", named("calm", action="deny", expressions=["event.check.status == 0"]))
    await admin.put("checks/http", named("http", **check, handlers=["slack", "gone"]))
    await admin.put("checks/disk", named("disk", **{**check, "publish": False}))
    for host in ("web1", "web2"):
        await admin.put(f"entities/{host}", named(host, entity_class="proxy", subscriptions=["web"]))
    for at, (host, name, status) in enumerate((("web1", "http", 1), ("web2", "http", 2), ("web1", "disk", 0))):
        result = named(name, **check, handlers=["slack"], status=status, output="one\ntwo", executed=1_700_000_000 + at)
        event = {"timestamp": 1_700_000_000 + at, "entity": named(host, entity_class="proxy"), "check": result}
        await admin.put(f"events/{host}/{name}", event)


async def known(api: RunningApi, username: str, *rules: Rule) -> Asker:
    """A user with these rules in the namespace default."""
    meta = ObjectMeta(name=username, namespace="default")
    role = Role(metadata=meta, rules=rules)
    subject, ref = Subject(type="User", name=username), RoleRef(type="Role", name=username)
    hashed = quick_hash(VIEWER_PASSWORD)
    await api.store.commit(
        [
            put(USER, User(username=username, password_hash=hashed)),
            put(ROLE, role),
            put(ROLE_BINDING, RoleBinding(metadata=meta, subjects=(subject,), role_ref=ref)),
        ]
    )
    return Asker(api, await api.token(username, VIEWER_PASSWORD))


def may(resource: str, *verbs: str) -> Rule:
    return Rule(verbs=verbs, resources=(resource,))


@pytest.fixture
async def admin(api: RunningApi) -> Asker:
    """The administrator of a backend that monitors two hosts."""
    admin = Asker(api, await api.token())
    await fill(admin)
    return admin


def endpoint_with(
    api: RunningApi, health: Callable[[float], Awaitable[bytes]], time_limit_s: float = TIME_LIMIT_S
) -> GraphQLEndpoint:
    """The endpoint of the backend, with another health."""
    (route,) = (one for one in api.routes if one.path == "/graphql")
    endpoint = route.handler.__self__  # type: ignore[attr-defined]
    cases = dataclasses.replace(endpoint.use_cases, health=health)
    return GraphQLEndpoint(cases, endpoint.authenticator, time_limit_s)


def request_of(query: str) -> Request:
    """A request without credentials."""
    body = json.dumps({"query": query}).encode()

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body}

    return Request({"headers": []}, receive, (), NOBODY, len(body))


def ids(found: Any, field: str = "events") -> list[str]:
    return [str(node["id"]) for node in found["namespace"][field]["nodes"]]


async def test_the_events_page_of_the_web_ui_finds_all_it_shows(admin: Asker) -> None:
    """One query gives a namespace's events, worst first, with entity, check, handlers and where the page lies."""
    found = await admin.ask(
        "query Events($namespace: String!, $limit: Int) { namespace(name: $namespace) { id name events("
        " limit: $limit, orderBy: SEVERITY, filters: []) { nodes { id timestamp isIncident isSilenced wasSilenced"
        " entity { name } ...Check } " + PAGE_INFO + " } } }"
        " fragment Check on Event { check { nodeId name status state output(last: 3) lastOK executed"
        " history(first: 1) { status } handlers { name mutator { name } } } }",
        namespace="default",
        limit=2,
    )
    worst, second = found["namespace"]["events"]["nodes"]
    assert (found["namespace"]["id"], worst["id"], second["id"]) == ("srn:namespaces:default", WEB2_HTTP, WEB1_HTTP)
    assert worst["check"] == {
        "nodeId": "srn:checks:default:http",
        "name": "http",
        "status": 2,
        "state": "failing",
        "output": "two",
        "lastOK": None,
        "executed": "2023-11-14T22:13:21Z",
        "history": [{"status": 2}],
        "handlers": [{"name": "slack", "mutator": {"name": "short"}}],
    }
    assert worst["isIncident"] is True
    assert found["namespace"]["events"]["pageInfo"] == {
        "totalCount": 3,
        "partialCount": False,
        "hasNextPage": True,
        "hasPreviousPage": False,
        "nextOffset": 2,
        "previousOffset": 0,
    }


PAGES = {
    "orderBy: ENTITY": [WEB1_DISK, WEB1_HTTP, WEB2_HTTP],
    "orderBy: ENTITY_DESC": [WEB2_HTTP, WEB1_HTTP, WEB1_DISK],
    "orderBy: NEWEST": [WEB1_DISK, WEB2_HTTP, WEB1_HTTP],
    "orderBy: OLDEST": [WEB1_HTTP, WEB2_HTTP, WEB1_DISK],
    "orderBy: LASTOK": [WEB1_HTTP, WEB2_HTTP, WEB1_DISK],
    "orderBy: OLDEST, offset: 1, limit: 1": [WEB2_HTTP],
    "offset: 9": [],
    "limit: -1": [],
    'filters: ["status:incident"]': [WEB2_HTTP, WEB1_HTTP],
    'filters: ["status:passing"]': [WEB1_DISK],
    'filters: ["status:warning"]': [WEB1_HTTP],
    'filters: ["status:critical"]': [WEB2_HTTP],
    'filters: ["status:unknown"]': [],
    'filters: ["check:http", "entity:web1"]': [WEB1_HTTP],
    'filters: ["silenced:true"]': [],
}
"""What the arguments of a list of events find."""


async def test_lists_are_ordered_chosen_from_and_cut_as_asked(admin: Asker) -> None:
    """Order, filters, offset and limit of a list mean what they mean in the reference."""
    for arguments, expected in PAGES.items():
        assert ids(await admin.ask(EVENTS % arguments)) == expected, arguments


async def test_what_broke_last_comes_first_of_what_is_broken(admin: Asker) -> None:
    """Ordered by their last good result, incidents stand before what is well, and those that never were well last."""
    for at, status in ((1_700_000_010, 0), (1_700_000_011, 2)):
        result = named("http", command="true", interval=60, status=status, executed=at)
        await admin.put("events/web2/http", {"timestamp": at, "entity": named("web2"), "check": result})
    assert ids(await admin.ask(EVENTS % "orderBy: LASTOK")) == [WEB2_HTTP, WEB1_HTTP, WEB1_DISK]


async def test_silences_show_at_what_they_are_about(admin: Asker) -> None:
    """A silence shows at checks and entities all of whose events it silences, and at each event that it silences."""
    for subscription, check in (("", "http"), ("web", ""), ("web", "http"), ("entity:web1", ""), ("db", "")):
        name = f"{subscription or '*'}:{check or '*'}"
        await admin.put(f"silenced/{name}", named(name, subscription=subscription, check=check))
    found = await admin.ask(
        'query($in: String = "default") { check(namespace: $in, name: "http") { isSilenced silences { name } }'
        ' entity(namespace: $in, name: "web1") { isSilenced silences { name } }'
        ' event(namespace: $in, entity: "web2", check: "http") { isSilenced silences { name }'
        " check { isSilenced silences { name } } } }"
    )
    earlier = found["event"].pop("check")
    assert earlier == {"isSilenced": False, "silences": []}
    assert {noun: [one["name"] for one in shown["silences"]] for noun, shown in found.items()} == {
        "check": ["*:http", "web:*"],
        "entity": ["entity:web1:*", "web:*"],
        "event": ["*:http", "web:*", "web:http"],
    }
    assert all(shown["isSilenced"] for shown in found.values())


async def test_every_kind_of_list_has_filters_of_its_own(admin: Asker) -> None:
    """Checks, entities, handlers and filters are chosen by their own keys; other keys are refused."""

    async def names(field: str) -> list[str]:
        nodes = "{ nodes { metadata { name } } }"
        found = await admin.ask(f'{{ namespace(name: "default") {{ found: {field} {nodes} }} }}')
        return [node["metadata"]["name"] for node in found["namespace"]["found"]["nodes"]]

    assert await names("checks") == ["http", "disk"]
    assert await names('checks(filters: ["published:true"])') == ["http"]
    assert await names('checks(filters: ["subscription:db"])') == []
    assert await names('entities(filters: ["class:proxy"])') == ["web1", "web2"]
    assert await names('handlers(filters: ["type:tcp"])') == []
    assert await names('eventFilters(filters: ["action:deny"])') == ["calm"]
    assert await names("mutators") == ["short"]
    unknown = await admin.refused(EVENTS % 'filters: ["colour:red"]')
    assert unknown == "no filter could be matched with the given statement"
    assert await admin.refused(EVENTS % 'filters: ["red"]') == "filters must have the format KEY:VAL"


async def test_a_node_is_found_by_the_id_that_it_has(admin: Asker) -> None:
    """The ids that lists show lead back to the same resources, and `wrappedNode` shows them as files hold them."""
    names = ("checks", "entities", "events", "eventFilters", "handlers", "mutators")
    lists = " ".join(f"{name} {{ nodes {{ id }} }}" for name in names)
    found = await admin.ask(f'{{ namespace(name: "default") {{ id {lists} }} }}')
    shown = [found["namespace"]["id"], *(one for name in names for one in ids(found, name))]
    assert len(shown) == 11
    for node in shown:
        assert (await admin.ask("query($id: ID!) { node(id: $id) { id } }", id=node))["node"] == {"id": node}
    wrapped = (await admin.ask('{ wrappedNode(id: "srn:handlers:default:slack") }'))["wrappedNode"]
    assert (wrapped["type"], wrapped["api_version"], wrapped["spec"]["command"]) == ("Handler", "core/v2", "cat")
    assert (await admin.ask('{ node(id: "srn:checks:default:none") { id } }'))["node"] is None
    assert await admin.refused('{ node(id: "http") { id } }') == "given global ID does not appear valid"


async def test_an_entity_tells_its_events_worst_status_and_relatives(admin: Asker) -> None:
    """The page of an entity needs one query."""
    query = (
        '{ entity(namespace: "default", name: "web1") { name entityClass status lastSeen events { id }'
        " related { name } system { ARMVersion libCType network { interfaces { name } } } } }"
    )
    assert (await admin.ask(query))["entity"] == {
        "name": "web1",
        "entityClass": "proxy",
        "status": 1,
        "lastSeen": None,
        "events": [{"id": WEB1_HTTP}, {"id": WEB1_DISK}],
        "related": [{"name": "web2"}],
        "system": {"ARMVersion": 0, "libCType": "", "network": {"interfaces": []}},
    }


async def test_the_entity_page_of_the_web_ui_shows_processes(admin: Asker) -> None:
    """Processes have all fields of the reference's schema; what is not known of one is 0, empty or false."""
    full = {"name": "nginx", "pid": 7, "ppid": 1, "status": "Ss", "background": True, "running": True}
    full |= {"created": 1_700_000_000, "memory_percent": 0.5, "cpu_percent": 12.25}
    system = {"hostname": "web3", "processes": [full, {"name": "sh"}]}
    await admin.put("entities/web3", named("web3", entity_class="proxy", system=system))
    fields = "name pid ppid status created running background cpuPercent memoryPercent"
    query = f'{{ entity(namespace: "default", name: "web3") {{ system {{ processes {{ {fields} }} }} }} }}'
    first, second = (await admin.ask(query))["entity"]["system"]["processes"]
    shown = {"created": "2023-11-14T22:13:20Z", "cpuPercent": 12.25, "memoryPercent": 0.5}
    assert first == {
        **{key: full[key] for key in ("name", "pid", "ppid", "status", "background", "running")},
        **shown,
    }
    assert (second["name"], second["pid"], second["status"], second["cpuPercent"]) == ("sh", 0, "", 0)
    answer = await admin.api.call("GET", f"{NAMESPACE}/entities/web3", **admin.headers)
    assert json.loads(answer.body)["system"]["processes"] == [full, {"name": "sh"}]


META_DETAILS = """
fragment Meta on ObjectMeta { name namespace labels { key val } annotations { key val } createdBy }
fragment Silence on Silenced {
  id name namespace begin expireOnResolve expire expires reason subscription creator check { id name }
  metadata { ...Meta }
}
"""
HOST_DETAILS = """
fragment Host on Entity {
  id name namespace entityClass lastSeen deregister deregistration { handler } redact user subscriptions status
  sensuAgentVersion isSilenced silences { ...Silence } metadata { ...Meta }
  system {
    hostname os platform platformFamily platformVersion arch libCType VMSystem VMRole cloudProvider
    network { interfaces { name mac addresses } }
    processes { name pid ppid status created running background cpuPercent memoryPercent }
  }
}
"""
DETAILS = (
    META_DETAILS
    + HOST_DETAILS
    + """
fragment Hooks on Hook {
  duration executed issued output status config { id name command timeout stdin }
}
fragment Result on Check {
  nodeId name command interval cron timeout ttl status state output(last: 1000) executed issued duration lastOK
  occurrences occurrencesWatermark history(first: 21) { status executed } handlers { id name }
  outputMetricHandlers { id name } checkHooks { hooks type } runtimeAssets { id name } silences { ...Silence } silenced
  isSilenced proxyEntityName publish subscriptions stdin envVars outputMetricFormat metadata { ...Meta }
}
fragment Occurrence on Event {
  id namespace timestamp isSilenced isIncident isResolution isNewIncident wasSilenced silenced silences { ...Silence }
  check { ...Result } entity { ...Host } hooks { ...Hooks } metadata { ...Meta }
}
"""
)
"""Fragments of the size of those that Sensu's web UI sends for its pages of entities and events."""


def as_apollo_sends_it(query: str) -> str:
    """A query with `__typename` in every selection but the outermost."""
    document = parse(query)

    class Adding(Visitor):
        def leave_selection_set(
            self, node: SelectionSetNode, key: Any, parent: Any, *_: Any
        ) -> SelectionSetNode | None:
            if isinstance(parent, OperationDefinitionNode):
                return None
            return SelectionSetNode(selections=(*node.selections, FieldNode(name=NameNode(value="__typename"))))

    return print_ast(visit(document, Adding()))


async def test_queries_of_the_size_of_the_web_uis_are_answered(admin: Asker) -> None:
    """A page's query is measured without the `__typename` that its client adds to every selection."""
    pages = """
          query ($entity: String!) {
            event(namespace: "default", entity: $entity, check: "http") {
              ...Occurrence entity { events { ...Occurrence } related { id name } } check { ...Result }
            }
          }"""
    query = as_apollo_sends_it(pages + DETAILS)
    assert bounds.size_of(parse(query)) == bounds.size_of(parse(pages + DETAILS))
    assert bounds.size_of(parse(query)).fields > 900
    event = (await admin.ask(query, entity="web1"))["event"]
    assert event["check"]["name"] == "http" and event["entity"]["name"] == "web1"
    assert {one["check"]["name"] for one in event["entity"]["events"]} == {"http", "disk"}
    assert event["__typename"] == "Event"


async def test_an_entity_with_a_thousand_checks_is_shown(admin: Asker) -> None:
    """Each event of a list is billed what is selected of it, not the size of the whole query."""
    entity = Entity(metadata=ObjectMeta(name="busy", namespace="default"), entity_class="proxy")
    await admin.put("entities/busy", named("busy", entity_class="proxy"))
    await admin.api.store.commit([event_of(entity, f"check-{number}") for number in range(1000)])
    page = """
          query {
            entity(namespace: "default", name: "busy") {
              ...Host
              events { id timestamp isSilenced entity { name } check { name status history(first: 2) { status } } }
            }
          }"""
    found = (await admin.ask(as_apollo_sends_it(page + HOST_DETAILS + META_DETAILS)))["entity"]["events"]
    assert len(found) == 1000 and found[0]["entity"]["name"] == "busy"


def event_of(entity: Entity, check: str) -> PutEvent:
    result = Check(metadata=ObjectMeta(name=check, namespace="default"), interval=60, output="fine")
    event = Event(entity=entity, check=result, timestamp=1, metadata=ObjectMeta(namespace="default"))
    return PutEvent(EventKey("default", entity.metadata.name, check), encode(event))


async def test_entities_are_ordered_by_when_they_were_seen(admin: Asker) -> None:
    """`LASTSEEN` puts the entities that were seen last first."""
    for name, last_seen in (("old", 100), ("new", 300), ("middle", 200)):
        await admin.put(f"entities/{name}", named(name, entity_class="proxy", last_seen=last_seen))
    query = '{ namespace(name: "default") { entities(orderBy: LASTSEEN) { nodes { name } } } }'
    found = [node["name"] for node in (await admin.ask(query))["namespace"]["entities"]["nodes"]]
    assert [name for name in found if name in ("old", "new", "middle")] == ["new", "middle", "old"]


async def test_whoever_types_is_offered_what_there_is(admin: Asker) -> None:
    """Suggestions are the values of a field, most frequent first, of those resources that the caller may list."""
    labels = {"labels": {"team": "core"}}
    meta = {"name": "load", "namespace": "default", **labels}
    await admin.put("checks/load", {**named("load"), "command": "load", "interval": 5, "metadata": meta})
    query = "query($ref: String!, $q: String, $order: SuggestionOrder, $limit: Int, $filters: [String!]) { suggest("
    query += 'namespace: "default", ref: $ref, q: $q, order: $order, limit: $limit, filters: $filters) { values } }'

    async def offered(asker: Asker, field: str, **arguments: Any) -> list[str]:
        found = await asker.ask(query, ref=f"core/v2/{field}", **{"limit": 10, **arguments})
        return list(found["suggest"]["values"])

    assert await offered(admin, "check_config/command") == ["true", "load"]
    assert await offered(admin, "check_config/command", order="ALPHA_ASC") == ["load", "true"]
    assert await offered(admin, "check_config/command", limit=1) == ["true"]
    assert await offered(admin, "check_config/metadata/name", q="O") == ["load"]
    assert await offered(admin, "check_config/metadata/labels") == ["team"]
    assert await offered(admin, "check_config/metadata/labels/team") == ["core"]
    assert await offered(admin, "check_config/subscriptions") == ["web"]
    assert await offered(admin, "entity/system/os") == []
    assert await offered(await known(admin.api, "viewer", may("events", "list")), "check_config/command") == []
    assert await offered(admin, "secret/id") == []
    assert await offered(admin, "check_config/env_vars") == []
    assert "must take the form" in await admin.refused(query, ref="command")
    assert "no filter" in await admin.refused(query, ref="core/v2/asset/filters", filters=["type:pipe"])


async def test_nobody_known_sees_only_how_the_backend_is(admin: Asker) -> None:
    """Without credentials there are versions and health, no viewer, no namespaces, and no mutations; nothing fails."""
    nobody = Asker(admin.api)
    query = '{ viewer { user { username } namespaces { name } } namespace(name: "default") { name } %s }'
    found = await nobody.post({"query": query % "versions { etcd { server } } health { etcd { members { healthy } } }"})
    assert found == {
        "data": {
            "viewer": {"user": None, "namespaces": []},
            "namespace": None,
            "versions": {"etcd": {"server": "3.5.5"}},
            "health": {"etcd": {"members": [{"healthy": True}]}},
        },
        "errors": None,
        "auth": False,
    }
    message = await nobody.refused('mutation { deleteCheck(input: {id: "srn:checks:default:http"}) { deletedId } }')
    assert message == "no claims found in the request context"
    assert (await admin.ask('{ check(namespace: "default", name: "http") { name } }'))["check"]["name"] == "http"
    false = await admin.api.call("POST", "/graphql", {"query": "{ __typename }"}, Authorization="Bearer no-token")
    assert false.status == 401


async def test_each_field_shows_what_its_caller_may_see(admin: Asker) -> None:
    """Who may see events but no checks, handlers or silences finds those lists and nodes empty, without an error."""
    await admin.put("silenced/web:http", named("web:http", subscription="web", check="http", expire=3600))
    viewer = await known(admin.api, "viewer", may("events", "get", "list"))
    query = (
        '{ viewer { user { username } namespaces { name } } check(namespace: "default", name: "http") { id }'
        ' node(id: "srn:entities:default:web1") { id } namespace(name: "default") { checks { nodes { id }'
        ' pageInfo { totalCount } } events(filters: ["entity:web1", "check:http"]) { nodes { isSilenced'
        " silences { name } entity { name } check { handlers { name } } } } } }"
    )
    assert await viewer.ask(query) == {
        "viewer": {"user": {"username": "viewer"}, "namespaces": [{"name": "default"}]},
        "check": None,
        "node": None,
        "namespace": {
            "checks": {"nodes": [], "pageInfo": {"totalCount": 0}},
            "events": {
                "nodes": [{"isSilenced": False, "silences": [], "entity": {"name": "web1"}, "check": {"handlers": []}}]
            },
        },
    }
    (event,) = (await admin.ask(query))["namespace"]["events"]["nodes"]
    assert (event["isSilenced"], event["silences"]) == (True, [{"name": "web:http"}])


MUTATIONS = {
    "createCheck": '(input: {name: "new", props: {command: "true", interval: 5}}) { check { id } }',
    "updateCheck": '(input: {id: "srn:checks:default:http", props: {command: "x"}}) { check { id } }',
    "deleteCheck": '(input: {id: "srn:checks:default:http"}) { deletedId }',
    "deleteEntity": '(input: {id: "srn:entities:default:web1"}) { deletedId }',
    "deleteEvent": f'(input: {{id: "{WEB1_HTTP}"}}) {{ deletedId }}',
    "resolveEvent": f'(input: {{id: "{WEB1_HTTP}"}}) {{ event {{ id }} }}',
    "deleteEventFilter": '(input: {id: "srn:filters:default:calm"}) { deletedId }',
    "deleteHandler": '(input: {id: "srn:handlers:default:slack"}) { deletedId }',
    "deleteMutator": '(input: {id: "srn:mutators:default:short"}) { deletedId }',
    "createSilence": '(input: {check: "http", props: {}}) { silence { id } }',
    "deleteSilence": '(input: {id: "srn:silences:default:%2A:http"}) { deletedId }',
}


async def test_whoever_may_only_read_changes_nothing(admin: Asker) -> None:
    """Each mutation asks whether the caller may, and what it is about stays as it is."""
    reader = await known(admin.api, "reader", may("*", "get", "list"))
    before = await admin.api.store.counts("default")
    for mutation, rest in MUTATIONS.items():
        assert await reader.refused(f"mutation {{ {mutation}{rest} }}") == "request unauthorized", mutation
    execution = 'mutation { executeCheck(input: {id: "srn:checks:default:http"}) { errors { code input } } }'
    denied = (await reader.ask(execution))["executeCheck"]
    assert denied == {"errors": [{"code": "ERR_PERMISSION_DENIED", "input": "id"}]}
    assert await admin.api.store.counts("default") == before
    assert admin.api.schedule.asked == []


async def test_a_check_is_created_changed_run_and_deleted(admin: Asker) -> None:
    """Mutations of checks do what the REST API does; what an update does not name stays."""
    made = await admin.ask(
        "mutation($input: CreateCheckInput!) { createCheck(input: $input) { clientMutationId check { id publish } } }",
        input={
            "clientMutationId": "7",
            "name": "load",
            "props": {
                "command": "load",
                "interval": 30,
                "subscriptions": ["web"],
                "publish": True,
                "assets": ["a"],
            },
        },
    )
    load = "srn:checks:default:load"
    assert made["createCheck"] == {"clientMutationId": "7", "check": {"id": load, "publish": True}}
    update = (
        "mutation($id: ID!, $p: CheckConfigInputs!) { updateCheck(input: {id: $id, props: $p}) {"
        " check { command interval subscriptions toJSON } } }"
    )
    changed = (await admin.ask(update, id=load, p={"command": "load -v"}))["updateCheck"]["check"]
    assert (changed["command"], changed["interval"], changed["subscriptions"]) == ("load -v", 30, ["web"])
    assert changed["toJSON"]["spec"]["runtime_assets"] == ["a"]
    assert "interval must be greater than" in await admin.refused(update, id=load, p={"interval": 0})
    execute = 'mutation($id: ID!) { executeCheck(input: {id: $id, subscriptions: ["db"]}) { errors { code } } }'
    assert (await admin.ask(execute, id=load))["executeCheck"] == {"errors": []}
    assert admin.api.schedule.asked == [("default", "load", ("db",))]
    missing = (await admin.ask(execute, id="srn:checks:default:none"))["executeCheck"]
    assert missing == {"errors": [{"code": "ERR_NOT_FOUND"}]}
    delete = "mutation($id: ID!) { deleteCheck(input: {id: $id}) { deletedId } }"
    for _ in range(2):
        assert (await admin.ask(delete, id=load))["deleteCheck"] == {"deletedId": load}
    assert "not to checks" in await admin.refused(delete, id="srn:handlers:default:slack")
    assert (await admin.ask('{ handler(namespace: "default", name: "slack") { name } }'))["handler"] is not None


async def test_a_silence_is_made_renewed_and_deleted(admin: Asker) -> None:
    """A silence for a subscription and check replaces the one before, holds at once, and its id removes it."""
    create = (
        'mutation($props: SilenceInputs!) { createSilence(input: {subscription: "entity:web1", check: "http",'
        " props: $props}) { silence { id reason creator expire begin expireAt expireOnResolve } } }"
    )
    first = (await admin.ask(create, props={"reason": "rack", "expire": 3600}))["createSilence"]["silence"]
    assert (first["reason"], first["creator"], first["expireOnResolve"]) == ("rack", "admin", True)
    assert 3590 <= first["expire"] <= 3600
    event = f'{{ node(id: "{WEB1_HTTP}") {{ ... on Event {{ isSilenced }} }} }}'
    assert (await admin.ask(event))["node"] == {"isSilenced": True}
    times = {"begin": "2030-01-01T00:00:00Z", "expireAt": "2031-01-01T00:00:00Z"}
    second = (await admin.ask(create, props=times))["createSilence"]["silence"]
    assert {key: second[key] for key in times} == times
    assert (await admin.ask(event))["node"] == {"isSilenced": False}
    assert "RFC 3339" in await admin.refused(create, props={"begin": "tomorrow"})
    delete = "mutation($id: ID!) { deleteSilence(input: {id: $id}) { deletedId } }"
    assert (await admin.ask(delete, id=second["id"]))["deleteSilence"] == {"deletedId": second["id"]}
    left = await admin.ask('{ namespace(name: "default") { silences { pageInfo { totalCount } } } }')
    assert left["namespace"]["silences"]["pageInfo"]["totalCount"] == 0


async def test_an_event_is_resolved_and_deleted(admin: Asker) -> None:
    """Resolving is an event of status 0 like any other; deleting an entity takes its events with it."""
    resolve = (
        'mutation($id: ID!) { resolveEvent(input: {id: $id, source: "web"}) { event { id isResolution check {'
        " status state output history { status } } } } }"
    )
    event = (await admin.ask(resolve, id=WEB1_HTTP))["resolveEvent"]["event"]
    assert event == {
        "id": WEB1_HTTP,
        "isResolution": True,
        "check": {
            "status": 0,
            "state": "passing",
            "output": "Resolved manually with web",
            "history": [{"status": 1}, {"status": 0}],
        },
    }
    await admin.ask("mutation($id: ID!) { deleteEvent(input: {id: $id}) { deletedId } }", id=WEB1_HTTP)
    assert await admin.refused(resolve, id=WEB1_HTTP) == "not found"
    delete = 'mutation { deleteEntity(input: {id: "srn:entities:default:web2"}) { deletedId } }'
    await admin.ask(delete)
    assert ids(await admin.ask(EVENTS % "limit: 10")) == [WEB1_DISK]
    assert await admin.refused(delete) == "not found"


async def test_changes_by_mutation_are_in_the_audit_log(admin: Asker) -> None:
    """The audit log does not ask which way a change came."""
    await admin.ask('mutation { deleteHandler(input: {id: "srn:handlers:default:slack"}) { deletedId } }')
    answer = await admin.api.call("GET", "/api/sensu/v1/audit?limit=1", **admin.headers)
    (entry,) = json.loads(answer.body)
    told = [entry[key] for key in ("action", "username", "address", "type", "name")]
    assert told == ["delete", "admin", "127.0.0.1", "Handler", "slack"]


async def test_queries_come_one_by_one_or_many_at_once(admin: Asker) -> None:
    """A list of queries is answered by a list in its order, each for itself; `operationName` chooses of several."""
    good, bad = {"query": "{ __typename }"}, {"query": "{ colour }", "skip_validation": True}
    first, second = await admin.post([good, bad])
    assert first == {"data": {"__typename": "Query"}, "errors": None, "auth": True}
    assert second["data"] is None
    assert second["errors"][0]["locations"] == [{"line": 1, "column": 3}]
    assert await admin.post([]) == []
    several = {"query": "query A { __typename } query B { a: __typename }", "operationName": "B"}
    assert (await admin.post(several))["data"] == {"a": "Query"}


WRONG = (
    ("", "Must provide an operation."),
    ("fragment F on Query { __typename }", "Fragment 'F' is never used."),
    ("{", "Syntax Error"),
    ("query($a: String!) { handler(namespace: $a, name: $a) { id } }", "$a"),
    ("{ viewer }", "viewer"),
    ('mutation { deleteCheck(input: {id: "http"}) { deletedId } }', "given global ID does not appear valid"),
    ('{ event(namespace: "default", entity: "web1") { id } }', "must specify entity and check name"),
)
"""Queries, and what is told of them."""


async def test_what_is_wrong_with_a_query_is_told(admin: Asker) -> None:
    """A query that is wrong is answered with 200 and an error that says why."""
    for query, message in WRONG:
        assert message in (await admin.refused(query)).replace('"', "'"), query


async def test_what_is_no_request_is_refused(admin: Asker, tmp_path: Path) -> None:
    """Broken JSON, other JSON, other methods and too many queries are refused; a backend that starts says so."""
    url = admin.api.url + "/graphql"
    for body in (b"{", b"", b"5", b"null", b"[" * 100_000):
        async with admin.api.http.post(url, data=body) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 1), body[:10]
    many = [{"query": "{ __typename }"}] * (bounds.QUERIES_MAX + 1)
    assert (await admin.api.call("POST", "/graphql", many)).status == 400
    assert (await admin.api.call("POST", "/graphql", {"query": " " * 600_000})).status == 413
    assert (await admin.api.call("GET", "/graphql")).status == 405
    async with running_api(tmp_path / "starting", ready=False) as api:
        assert (await api.call("POST", "/graphql", {"query": "{ __typename }"})).status == 503


async def test_a_very_long_list_is_shown_in_part_and_says_so(admin: Asker) -> None:
    """A page has 1,000 nodes at most, a list 10,000, and both tell that there are more."""
    many = (ObjectMeta(name=f"h{number:05}", namespace="default") for number in range(bounds.SEARCHED_MAX + 1))
    await admin.api.store.commit([put(HANDLER, Handler(metadata=meta, type="pipe")) for meta in many])
    handlers = f"handlers(limit: 5000, orderBy: NAME) {{ nodes {{ name }} {PAGE_INFO} }}"
    found = (await admin.ask(f'{{ namespace(name: "default") {{ {handlers} }} }}'))["namespace"]["handlers"]
    assert [node["name"] for node in found["nodes"]] == [f"h{number:05}" for number in range(bounds.LIMIT_MAX)]
    assert found["pageInfo"] == {
        "totalCount": bounds.SEARCHED_MAX,
        "partialCount": True,
        "hasNextPage": True,
        "hasPreviousPage": False,
        "nextOffset": bounds.LIMIT_MAX,
        "previousOffset": 0,
    }


async def test_a_store_that_fails_is_no_answer(admin: Asker) -> None:
    """A query that the store cannot answer fails as a whole, as any request does, instead of showing empty fields."""

    async def failing(timeout_s: float) -> bytes:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        await endpoint_with(admin.api, health=failing).answer(request_of(HEALTH))


async def test_a_request_that_takes_too_long_is_ended(admin: Asker) -> None:
    """Whoever asks for what does not come gets 504 when the time is over."""

    async def never(timeout_s: float) -> bytes:
        await asyncio.Event().wait()
        return b""

    waiting = endpoint_with(admin.api, never, time_limit_s=0.01)
    answer = await waiting.answer(request_of(HEALTH))
    assert (answer.status, json.loads(answer.body)) == (504, {"message": "deadline exceeded", "code": 8})


def spread(levels: int) -> str:
    """A query whose fragments double it at each level."""
    doubled = (f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return "{ viewer { ...F0 } } " + " ".join(doubled) + f" fragment F{levels} on Viewer {{ user {{ username }} }}"


TOO_LARGE = (
    (
        "{ " + " ".join(f"a{n}: __typename" for n in range(bounds.FIELDS_MAX + 1)) + " }",
        f"at most {bounds.FIELDS_MAX} fields",
    ),
    ("{ " + "__typename " * (bounds.REPEATED_MAX + 1) + "}", "at most 30 times"),
    (spread(levels=20).replace("user { username }", "...Unknown"), f"at most {bounds.FIELDS_MAX} fields"),
    (spread(levels=20), "at most 30 times"),
    ("{ viewer { ...F } } fragment F on Viewer { ...F }", "at most 30 levels"),
    ("{ a: __type(name: " + "[" * 900 + "]" * 900 + ") { name } }", "nested too deeply"),
    ("{ " + "a " * bounds.TOKENS_MAX + "}", "tokens"),
    ("{ __typename }" + " " * bounds.QUERY_CHARACTERS_MAX, "characters"),
    ("{ a: __schema { types { fields { type { fields { type { fields { name } } } } } } } }", "introspection"),
)
"""Queries that are made to be costly, and what is told of them."""


async def test_a_query_that_is_too_large_is_not_carried_out(admin: Asker) -> None:
    """Whoever sends queries that are made to be costly gets an error at once."""
    for query, message in TOO_LARGE:
        found = await Asker(admin.api).post({"query": query})
        assert found["data"] is None, query
        assert message in found["errors"][0]["message"].lower(), query


async def test_a_query_ends_where_its_answer_gets_too_large(admin: Asker) -> None:
    """Lists in lists cannot add up to more work than a request may cause, nor can queries for the schema."""
    events = "events { check { name } entity { name } }"
    for _ in range(8):
        events = f"events {{ entity {{ {events} }} }}"
    for number in range(40):
        check = named(f"c{number}", command="true", interval=60, status=1)
        event = {"entity": named("web1", entity_class="proxy"), "check": check}
        await admin.put(f"events/web1/c{number}", event)
    query = '{ entity(namespace: "default", name: "web1") { e: %s } }'
    assert "too expensive" in await admin.refused(query % events)
    schema = {"query": get_introspection_query()}
    answers = await admin.post([schema] * 3)
    assert [answer["errors"] is None for answer in answers] == [True, True, False]


def test_a_backend_that_nobody_queries_pays_nothing() -> None:
    """The library for queries is loaded when the first one comes, not at the start."""
    code = "import sys, sensu.backend.process; print('graphql' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
    assert ended.stdout == "False\n"
