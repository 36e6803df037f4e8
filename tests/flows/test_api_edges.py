"""What clients send at the edge of the rules, and what is made of it, as the reference answers the same requests."""

import asyncio
import base64
import json
import time
from typing import Any

import pytest

from tests.flows.api_harness import Answer, RunningApi
from tests.stores import unreadable

CORE = "/api/core/v2"
DEFAULT = f"{CORE}/namespaces/default"
PATCH = "application/merge-patch+json"
META = {"name": "it", "namespace": "default"}


def check(**fields: Any) -> dict[str, Any]:
    return {"metadata": META, "interval": 60, "command": "true", **fields}


async def sent(api: RunningApi, admin: str, method: str, path: str, body: bytes, media_type: str) -> Answer:
    headers = {"Authorization": admin, "Content-Type": media_type}
    async with api.http.request(method, api.url + path, data=body, headers=headers) as answer:
        return Answer(answer.status, answer.headers, await answer.read())


SHOWN: list[tuple[str, dict[str, Any], str, Any]] = [
    ("checks", check(handlers=[None, "h"]), "handlers", ["", "h"]),
    ("checks", check(check_hooks=[{"1": ["a"], "ok": []}]), "check_hooks", [{"1": ["a"]}, {"ok": None}]),
    ("checks", check(check_hooks=[{}]), "check_hooks", [{"": None}]),
    ("filters", {"metadata": META, "action": "allow", "expressions": ["1"], "when": {}}, "when", {"days": {}}),
    (
        "filters",
        {"metadata": META, "action": "deny", "expressions": ["1"], "runtime_assets": ["no name"]},
        "runtime_assets",
        ["no name"],
    ),
    ("mutators", {"metadata": META, "command": "m", "env_vars": ["no pair"]}, "env_vars", ["no pair"]),
    ("assets", {"metadata": META, "url": "u", "sha512": "a" * 128, "headers": {"A": None}}, "headers", {"A": ""}),
    (
        "roles",
        {"metadata": META, "rules": [{"verbs": ["get,list"], "resources": ["a, b"]}]},
        "rules",
        [{"verbs": ["get", "list"], "resources": ["a", " b"], "resource_names": None}],
    ),
]


@pytest.mark.parametrize(("words", "body", "field", "shown"), SHOWN)
async def test_what_is_taken_at_the_edge_of_the_rules(
    api: RunningApi, admin: str, words: str, body: dict[str, Any], field: str, shown: Any
) -> None:
    """A resource that the reference takes is taken, and shows what the reference makes of it."""
    assert (await api.call("PUT", f"{DEFAULT}/{words}/it", body, Authorization=admin)).status == 201
    answer = await api.call("GET", f"{DEFAULT}/{words}/it", Authorization=admin)
    assert json.loads(answer.body)[field] == shown


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "checks",
        check(output_metric_thresholds=[{"name": "m", "thresholds": [{"min": "1", "status": -1}]}]),
        "output_metric_thresholds[0].thresholds[0].status: expected int >= 0",
    ),
    ("entities", {"metadata": META, "entity_class": "proxy", "last_seen": 1 << 63}, "last_seen: expected int <= "),
    ("silenced", {"metadata": META, "check": "c", "expire": 1 << 63}, "expire: expected int <= "),
    ("silenced", {"metadata": META, "check": "*", "subscription": "*"}, "must provide check or subscription"),
    (
        "pipelines",
        {
            "metadata": META,
            "workflows": [
                {"name": "w", "handler": {"name": "h", "type": "UDPStreamHandler", "api_version": "pipeline/v1"}}
            ],
        },
        "resource is invalid: workflow handler resource type not capable of handling events: "
        "pipeline/v1.UDPStreamHandler",
    ),
    (
        "roles",
        {"metadata": META, "rules": [{"verbs": ["get, list"], "resources": ["checks"]}]},
        'resource is invalid: the verb " list" is not valid',
    ),
]


async def test_what_is_refused_at_the_edge_of_the_rules(api: RunningApi, admin: str) -> None:
    """A resource that breaks a rule is refused with status 400 and the rule, numbers beyond their bounds included."""
    for words, body, message in REFUSED:
        answer = await api.call("POST", f"{DEFAULT}/{words}", body, Authorization=admin)
        assert answer.status == 400, words
        assert json.loads(answer.body)["message"].startswith(message)


async def test_half_a_character_spoils_no_request(api: RunningApi, admin: str) -> None:
    """Half a surrogate pair is stored as U+FFFD, as are bytes that are no UTF-8."""
    body = json.dumps(check(command="X")).encode().replace(b"X", rb"\ud800" + b"\xe9")
    assert (await sent(api, admin, "PUT", f"{DEFAULT}/checks/it", body, "application/json")).status == 201
    answer = await api.call("GET", f"{DEFAULT}/checks/it", Authorization=admin)
    assert json.loads(answer.body)["command"] == "\ufffd\ufffd"


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
async def test_bytes_that_are_no_utf_8(api: RunningApi, admin: str, method: str) -> None:
    """Bytes that are not valid UTF-8 never end in an internal error, wherever they stand in a body."""
    await api.call("PUT", f"{DEFAULT}/checks/it", check(), Authorization=admin)
    patch = "application/merge-patch+json"
    for body in (
        b'"\xff"',
        b'{"command": "\xff"}',
        b'{"\xff": 1}',
        b'{"metadata": {"name": "\xff"}}',
        b"\xff",
        b"[\xff",
    ):
        kind = patch if method == "PATCH" else "application/json"
        answer = await sent(api, admin, method, f"{DEFAULT}/checks/it", body, kind)
        assert answer.status < 500, body
        answer = await sent(api, admin, "POST", "/graphql", body, "application/json")
        assert answer.status == 400, body
        node = f"srn:events:default:{base64.b64encode(body).decode()}"
        asked = json.dumps({"query": f'{{ node(id: "{node}") {{ id }} }}'}).encode()
        answer = await sent(api, admin, "POST", "/graphql", asked, "application/json")
        assert b"given global ID does not appear valid" in answer.body


async def test_a_patch_is_one_object_whose_keys_match_in_any_case(api: RunningApi, admin: str) -> None:
    """What follows a patch makes it invalid; a field is patched and removed by any spelling of its name."""
    path = f"{DEFAULT}/checks/it"
    await api.call("PUT", path, check(ttl=90), Authorization=admin)
    assert (await sent(api, admin, "PATCH", path, b'{"ttl": 91} {"ttl": 92}', PATCH)).status == 400
    patched = await sent(api, admin, "PATCH", path, b'{"TTL": null, "Handlers": []}', PATCH)
    shown = json.loads(patched.body)
    assert (shown["ttl"], shown["handlers"]) == (0, [])
    renamed = await sent(api, admin, "PATCH", path, b'{"Metadata": {"NAME": "other"}}', PATCH)
    assert (renamed.status, json.loads(renamed.body)["message"]) == (
        400,
        "the name of the resource (other) does not match the name in the URI (it)",
    )


async def test_a_patch_tells_an_empty_list_back(api: RunningApi, admin: str) -> None:
    """An empty list is `[]` in the answer to its patch, and `null` when it is read again, under the same tag."""
    path = f"{DEFAULT}/checks/it"
    await api.call("PUT", path, check(env_vars=["A=b"]), Authorization=admin)
    patched = await sent(api, admin, "PATCH", path, b'{"env_vars": []}', PATCH)
    read = await api.call("GET", path, Authorization=admin)
    assert (json.loads(patched.body)["env_vars"], json.loads(read.body)["env_vars"]) == ([], None)
    assert patched.headers["Etag"] == read.headers["Etag"]


async def test_a_namespace_cannot_be_renamed(api: RunningApi, admin: str) -> None:
    """A patch that names another namespace is refused instead of renaming the record."""
    path = f"{CORE}/namespaces/default"
    for body in (b'{"name": "other"}', b'{"Name": "other"}', b'{"metadata": {"name": "other"}}'):
        assert (await sent(api, admin, "PATCH", path, body, PATCH)).status == 400
    assert json.loads((await api.call("GET", path, Authorization=admin)).body) == {"name": "default"}


async def test_everything_can_be_silenced_by_one_star(api: RunningApi, admin: str) -> None:
    """A silence of every check of every subscription names one of both; it is found under the subscription `*`."""
    body = {"metadata": META, "subscription": "*", "expire": -5}
    assert (await api.call("POST", f"{DEFAULT}/silenced", body, Authorization=admin)).status == 201
    await api.call("POST", f"{DEFAULT}/silenced", {"metadata": META, "check": "c"}, Authorization=admin)
    answer = await api.call("GET", f"{DEFAULT}/silenced/subscriptions/*", Authorization=admin)
    found = [(one["metadata"]["name"], one["expire"]) for one in json.loads(answer.body)]
    assert found == [("*:*", -1), ("*:c", -1)]


async def test_hooks_are_added_under_the_status_that_the_body_names(api: RunningApi, admin: str) -> None:
    """A status without hooks reads `null`, and an empty body adds an entry without a name."""
    await api.call("PUT", f"{DEFAULT}/checks/it", check(), Authorization=admin)
    for body in ({"critical": ["a"]}, {"ok": None}, {}):
        added = await api.call("PUT", f"{DEFAULT}/checks/it/hooks/any", body, Authorization=admin)
        assert added.status == 201
    answer = await api.call("GET", f"{DEFAULT}/checks/it", Authorization=admin)
    assert json.loads(answer.body)["check_hooks"] == [{"critical": ["a"]}, {"ok": None}, {"": None}]


@pytest.mark.parametrize(
    "identifier",
    [
        "5B9A8F2E-0000-4000-8000-000000000001",
        "{5b9a8f2e-0000-4000-8000-000000000001}",
        "URN:UUID:5b9a8f2e-0000-4000-8000-000000000001",
        "5b9a8f2e000040008000000000000001",
    ],
)
async def test_the_id_of_an_event_is_written_as_ids_usually_are(api: RunningApi, admin: str, identifier: str) -> None:
    """However a client writes a UUID, handlers and readers see it in one form."""
    event = {"id": identifier, "entity": {"metadata": {"name": "e"}}, "check": {"metadata": {"name": "c"}}}
    assert (await api.call("POST", f"{DEFAULT}/events", event, Authorization=admin)).status == 201
    answer = await api.call("GET", f"{DEFAULT}/events/e/c", Authorization=admin)
    assert json.loads(answer.body)["id"] == "5b9a8f2e-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ([{"name": "a", "value": 1}], 200, [{"name": "a", "value": 1, "timestamp": 0, "tags": None}]),
        ([None], 200, [{"value": 0, "timestamp": 0, "tags": None}]),
        ([{"value": "x"}], 400, None),
        ({}, 400, None),
    ],
)
async def test_reported_points_are_points(api: RunningApi, admin: str, body: Any, status: int, told: Any) -> None:
    """What reports metrics gets them back as they were understood, or a reason."""
    answer = await api.call("POST", f"{CORE}/tessen/metrics", body)
    assert answer.status == status
    assert told is None or json.loads(answer.body) == told


async def test_a_number_of_a_member_has_at_most_64_bits(api: RunningApi, admin: str) -> None:
    """What cannot be a member's number is a bad request, what could is not found."""
    for number, status in (("f" * 17, 400), ("xyz", 400), ("123", 404), ("0x1", 400)):
        answer = await api.call("DELETE", f"{CORE}/cluster/members/{number}", Authorization=admin)
        assert answer.status == status, number


async def test_conditions_are_read_as_the_reference_reads_them(api: RunningApi, admin: str) -> None:
    """An empty condition is none, and a star in a list counts."""
    path = f"{DEFAULT}/checks/it"
    await api.call("PUT", path, check(), Authorization=admin)
    for condition, value, status in (
        ("If_Match", "", 200),
        ("If_None_Match", "", 200),
        ("If_None_Match", '"x", *', 412),
    ):
        headers = {"Authorization": admin, "Content_Type": PATCH, condition: value}
        assert (await api.call("PATCH", path, {}, **headers)).status == status


@pytest.mark.parametrize("path", ["/auth/token", "/auth/logout"])
async def test_whoever_shows_no_token_is_told_so_before_the_body_is_read(
    api: RunningApi, admin: str, path: str
) -> None:
    """Without an access token a refresh and a log-out are refused as such, whatever their body."""
    for authorization, status in (("", 401), (admin, 400)):
        answer = await sent(api, authorization, "POST", path, b"{", "application/json")
        assert answer.status == status


@pytest.mark.parametrize(
    "path", ["/api/core/v2/events", "/api/core/v2/namespaces/default/checks", "/api/core/v2/users"]
)
async def test_a_list_that_the_store_cannot_read_is_refused(api: RunningApi, admin: str, path: str) -> None:
    """A list is read while it is sent; a store that fails at its first page is a 503, not a server error."""
    await api.call("GET", "/api/core/v2/users", Authorization=admin)
    with unreadable(api.store):
        answer = await api.call("GET", path, Authorization=admin)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


async def test_an_expired_silence_does_not_keep_its_namespace(api: RunningApi, admin: str) -> None:
    """A namespace in which only an expired silence is left can be deleted; a silence that lasts keeps it."""
    one = "/api/core/v2/namespaces/short"
    await api.call("PUT", one, {"name": "short"}, Authorization=admin)
    silence = {"metadata": {"name": "a:*", "namespace": "short"}, "subscription": "a", "begin": 1, "expire": 1}
    lasting = {**silence, "metadata": {"name": "b:*", "namespace": "short"}, "subscription": "b", "expire": -1}
    for body in (silence, lasting):
        name = body["metadata"]["name"]
        answer = await api.call("PUT", f"{one}/silenced/{name}", body, Authorization=admin)
        assert answer.status == 201
    assert (await api.call("DELETE", one, Authorization=admin)).status == 409
    assert (await api.call("DELETE", f"{one}/silenced/b:*", Authorization=admin)).status == 204
    assert (await api.call("DELETE", one, Authorization=admin)).status == 204


@pytest.mark.parametrize("expression", ["/[" * 150_000, "!" * 300_000, "a?" * 150_000])
async def test_reading_a_long_expression_holds_up_nobody(api: RunningApi, admin: str, expression: str) -> None:
    """An expression that takes seconds to read is refused, and other requests are answered meanwhile."""

    async def longest_wait_s() -> float:
        longest_s = 0.0
        while True:
            started = time.perf_counter()
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                return longest_s
            longest_s = max(longest_s, time.perf_counter() - started)

    waiting = asyncio.create_task(longest_wait_s())
    body = json.dumps({"metadata": META, "action": "allow", "expressions": [expression]}).encode()
    started = time.perf_counter()
    answer = await sent(api, admin, "PUT", f"{DEFAULT}/filters/it", body, "application/json")
    took_s = time.perf_counter() - started
    waiting.cancel()
    assert answer.status == 400
    assert await waiting < max(1.0, took_s / 2)  # where other programs load the machine
