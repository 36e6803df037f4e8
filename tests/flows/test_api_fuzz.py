"""Requests that nobody would send on purpose: the API answers each of them, and never with an error of its own.

`FUZZ_EXAMPLES` sets how many requests each test sends.
"""

import asyncio
import http.client
import json
import os
import re
import socket
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from urllib.parse import quote, quote_from_bytes

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sensu.backend.api.openapi import document
from sensu.backend.api.router import Route
from sensu.resources.documents import document_shape
from tests.flows.api_harness import RunningApi, running_api

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "250"))
ANSWER_WITHIN_S = 15
FUZZ = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass
class Answer:
    """What came back."""

    status: int
    media_type: str
    body: bytes


@dataclass
class Target:
    """A running API, asked over one connection that is made anew where the other side ended it."""

    port: int
    token: str
    routes: list[Route]
    described: dict[str, Any]
    _socket: list[socket.socket] = field(default_factory=list)

    def send(self, raw: bytes, method: str) -> Answer:
        """The answer to a request as it stands."""
        for fresh in (False, True):
            connection = self._connected(fresh)
            try:
                connection.sendall(raw)
                return _read(connection, method)
            except (ConnectionError, http.client.RemoteDisconnected):
                if fresh:
                    raise
        raise AssertionError("never reached")

    def _connected(self, fresh: bool) -> socket.socket:
        if fresh or not self._socket:
            for old in self._socket:
                old.close()
            self._socket[:] = [socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_WITHIN_S)]
        return self._socket[0]

    def forget(self) -> None:
        """Use another connection for the next request."""
        for old in self._socket:
            old.close()
        self._socket.clear()


def _read(connection: socket.socket, method: str) -> Answer:
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    body = response.read()
    answer = Answer(response.status, (response.getheader("content-type") or "").partition(";")[0], body)
    if response.will_close:
        connection.shutdown(socket.SHUT_RDWR)
    return answer


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """An API on a loop of its own."""
    ready: list[tuple[RunningApi, str]] = []
    started, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        async with running_api(tmp_path_factory.mktemp("state")) as api:
            loops.append(asyncio.get_running_loop())
            ready.append((api, await api.token()))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert started.wait(30)
    api, token = ready[0]
    found = Target(int(api.url.rsplit(":", 1)[1]), token, list(api.routes), document(api.routes, "test"))
    yield found
    found.forget()
    loops[0].call_soon_threadsafe(stop.set)
    thread.join(30)


NAMES = st.one_of(
    st.sampled_from(["default", "a", "b", "keepalive", "web1", "linux:a", "entity:web1", "*", "..", "0", "é", "a b"]),
    st.text(max_size=20),
    st.text("/%?#\0\n .:", max_size=5),
    st.just("x" * 5000),
)
SEGMENTS = st.one_of(NAMES.map(lambda name: quote(name.encode("utf-8", "surrogatepass"), safe="")),
                     st.binary(max_size=6).map(lambda raw: quote_from_bytes(raw, safe="")),
                     st.sampled_from(["%zz", "%", "%2", "%2F", "%2e%2e", "-", "~"]))  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.integers(), st.floats(), NAMES,
    st.sampled_from([2**31, 2**32, 2**63, 2**64, -(2**63) - 1, 1e400]),
    st.sampled_from(["1h", "* * * * *", "@every 1s", "\ud800", "$2b$10$"]),
)  # fmt: skip
ANY_JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))


@cache
def like(hint: Any) -> st.SearchStrategy[Any]:
    """JSON of a shape, wrong here and there."""
    return st.one_of(_right(hint), _right(hint), _right(hint), _right(hint), ANY_JSON)


def _right(hint: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint)
        fields = {f.encode_name: st.deferred(lambda h=hints[f.name]: like(h)) for f in msgspec.structs.fields(hint)}
        return st.fixed_dictionaries({}, optional=fields)
    if origin in (Union, types.UnionType):
        return st.one_of([_right(one) for one in arguments])
    if origin in (tuple, list):
        return st.lists(st.deferred(lambda: like(arguments[0])), max_size=2)
    if origin is dict:
        return st.dictionaries(NAMES, st.deferred(lambda: like(arguments[1])), max_size=2)
    known = {str: NAMES, bool: st.booleans(), int: st.integers(-1, 2**33), float: st.floats(), type(None): st.none()}
    return known.get(hint, SCALARS)


PLACED = {"name": "a", "namespace": "default"}
CLUSTER_WIDE = {"name": "a"}
_RULES = {"rules": [{"verbs": ["get"], "resources": ["checks"]}]}
_BINDING = {"subjects": [{"type": "User", "name": "a"}], "role_ref": {"type": "Role", "name": "a"}}
_PLAIN: dict[str, dict[str, Any]] = {
    "Asset": {"metadata": PLACED, "url": "https://example.com/a.tar.gz", "sha512": "a" * 128},
    "CheckConfig": {"metadata": PLACED, "command": "true", "interval": 60, "subscriptions": ["a"]},
    "Entity": {"metadata": PLACED, "entity_class": "proxy"},
    "EntityConfig": {},
    "Event": {
        "entity": {"metadata": PLACED, "entity_class": "proxy"},
        "check": {"metadata": PLACED, "interval": 60, "status": 1},
    },
    "EventFilter": {"metadata": PLACED, "action": "allow", "expressions": ["true"]},
    "Handler": {"metadata": PLACED, "type": "pipe", "command": "true"},
    "HookConfig": {"metadata": PLACED, "command": "true", "timeout": 10},
    "Mutator": {"metadata": PLACED, "command": "true"},
    "Pipeline": {"metadata": PLACED},
    "Role": {"metadata": PLACED, **_RULES},
    "RoleBinding": {"metadata": PLACED, **_BINDING},
    "ClusterRole": {"metadata": CLUSTER_WIDE, **_RULES},
    "ClusterRoleBinding": {"metadata": CLUSTER_WIDE, **_BINDING},
    "Silenced": {"metadata": {"namespace": "default"}, "subscription": "a"},
    "Namespace": {"name": "a"},
    "User": {"username": "a", "password_hash": "$2b$10$" + "a" * 53},
    "APIKey": {"username": "admin"},
}
"""Resources that are stored as they are; with a few fields changed they get further than any mere guess."""


@st.composite
def bodies(draw: st.DrawFn, shape: Any) -> Any:
    """JSON for a route that takes a shape."""
    plain = _PLAIN.get(getattr(shape, "__name__", ""))
    if plain is None or draw(st.integers(0, 3)) == 0:
        return draw(ANY_JSON if shape is None else like(shape))
    hints = get_type_hints(shape)
    fields = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(shape)}
    changed = draw(st.lists(st.sampled_from(sorted(fields)), max_size=2, unique=True))
    return {**plain, **{name: draw(like(fields[name])) for name in changed}}


QUERIES = st.dictionaries(
    st.one_of(st.sampled_from(["limit", "continue", "labelSelector", "fieldSelector", "timeout", "peer-addrs"]), NAMES),
    st.one_of(
        NAMES,
        st.sampled_from(["0", "1", "-1", "99999999999999999999", "YQA", "eyJ"]),
        st.sampled_from(["a == b", "check.name == a", "event.entity.name == a", "a in [b]", "'"]),
    ),
    max_size=3,
)  # fmt: skip
HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)
HEADERS = st.dictionaries(
    st.sampled_from(["If-Match", "If-None-Match", "Last-Event-ID", "Accept", "X-Forwarded-For", "Accept-Encoding"]),
    st.one_of(HEADER_TEXT, st.sampled_from(['"a"', "*", 'W/"a", "b"', "1", "-1"])),
    max_size=2,
)
CONTENT_TYPES = st.one_of(
    st.just("application/json"),
    st.sampled_from(["application/merge-patch+json", "application/json; charset=utf-8", "text/plain", "", "a/b/c"]),
    HEADER_TEXT,
)
AUTHORIZATIONS = st.one_of(
    HEADER_TEXT,
    st.sampled_from(["Basic YTpi", "Basic !", "Basic ", "Bearer ", "Bearer a.b.c"]),
    st.sampled_from(["Key x", "Key ", "bearer x", "Digest a"]),
)  # fmt: skip


def target_of(path: str, segments: list[str], query: dict[str, str]) -> str:
    rest = iter(segments)
    filled = re.sub(r"\{\w+\}", lambda _: next(rest), path)
    parameters = "&".join(
        f"{quote(key.encode('utf-8', 'surrogatepass'))}={quote(value.encode('utf-8', 'surrogatepass'))}"
        for key, value in query.items()
        if key != "watch"
    )
    return f"{filled}?{parameters}" if parameters else filled


def request_bytes(method: str, url: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {url} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def judge(answer: Answer, operation: dict[str, Any] | None) -> None:
    """Never an error of the API's own, always JSON where it says so, and what its description says."""
    assert answer.status < 500, answer.body
    if answer.media_type == "application/json" and answer.body:
        json.loads(answer.body)
    if operation is not None and answer.status < 400 and answer.status not in (301,):
        described = operation["responses"].get(str(answer.status))
        assert described is not None, answer
        if answer.body:
            assert answer.media_type in described["content"], answer


def healthy(target: Target) -> bool:
    answer = target.send(request_bytes("GET", "/health", {}, b""), "GET")
    return answer.status == 200 and json.loads(answer.body)["ClusterHealth"][0]["Healthy"] is True


@FUZZ
@given(st.data())
def test_any_request_to_any_route_is_answered(target: Target, data: st.DataObject) -> None:
    """Whatever names, parameters, headers and bodies come to a route, it answers in time and in its own words."""
    route = data.draw(st.sampled_from(target.routes), label="route")
    variables = len(re.findall(r"\{\w+\}", route.path))
    plain = data.draw(st.booleans(), label="plain names")
    some = st.sampled_from(["default", "a"]) if plain else SEGMENTS
    segments = [data.draw(some, label="segment").replace("..", "_") or "a" for _ in range(variables)]
    if plain and variables and "{namespace}" in route.path:
        segments = ["default", *(["a"] * (variables - 1))]
    url = target_of(route.path, segments, data.draw(QUERIES, label="query"))
    value = data.draw(bodies(route.takes), label="body")
    usual = "application/merge-patch+json" if route.method == "PATCH" else "application/json"
    headers = {"Authorization": target.token, "Content-Type": usual, **data.draw(HEADERS, label="headers")}
    answer = target.send(request_bytes(route.method, url, headers, json.dumps(value).encode()), route.method)
    judge(answer, target.described["paths"][route.path][route.method.lower()] if plain else None)


@FUZZ
@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
    st.lists(SEGMENTS, min_size=1, max_size=7),
    QUERIES,
    AUTHORIZATIONS,
    CONTENT_TYPES,
    st.binary(max_size=200),
)
def test_any_path_header_and_body_is_answered(
    target: Target, method: str, segments: list[str], query: dict[str, str], proof: str, content_type: str, body: bytes
) -> None:
    """Paths that lead nowhere, proofs that prove nothing and bodies that are no JSON get an answer too."""
    url = target_of("/" + "/".join(segments), [], query)
    headers = {"Authorization": proof, "Content-Type": content_type}
    judge(target.send(request_bytes(method, url, headers, body), method), None)


@FUZZ
@given(st.sampled_from(["POST", "PUT", "PATCH"]), CONTENT_TYPES, st.binary(max_size=300), st.data())
def test_any_bytes_as_a_resource_are_answered(
    target: Target, method: str, content_type: str, body: bytes, data: st.DataObject
) -> None:
    """A body of any bytes under any media type is stored or refused by every route that takes one."""
    routes = [route for route in target.routes if route.method == method and route.takes is not None]
    route = data.draw(st.sampled_from(routes))
    url = target_of(route.path, ["default", "a", "a", "a"], {})
    headers = {"Authorization": target.token, "Content-Type": content_type}
    judge(target.send(request_bytes(method, url, headers, body), method), None)


@FUZZ
@given(st.binary(min_size=1, max_size=200))
def test_what_is_no_request_does_no_harm(target: Target, raw: bytes) -> None:
    """Bytes that are no HTTP end their connection at most; the next client is served."""
    target.forget()
    connection = target._connected(True)
    connection.sendall(raw.replace(b"\r\n\r\n", b"\r\n \r\n") + b"\r\n")
    target.forget()
    note(repr(raw))
    assert healthy(target)


def test_the_backend_is_well_after_all_that(target: Target) -> None:
    """After all of these requests every list can still be read, and the backend says that it is healthy."""
    assert healthy(target)
    headers = {"Authorization": target.token}
    for route in target.routes:
        if route.lists is not None and "{" not in route.path.replace("{namespace}", "default"):
            url = route.path.replace("{namespace}", "default")
            answer = target.send(request_bytes("GET", url, headers, b""), "GET")
            assert answer.status == 200, (url, answer)
            items = json.loads(answer.body)
            for item in items:
                msgspec.convert(item, document_shape(route.lists), strict=False)
