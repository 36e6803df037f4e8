"""Clusters of a federation that share the keys of their tokens: one of them is the gateway to the others."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from yarl import URL

from sensu.backend.federation import gateway as gateway_module
from sensu.tls import server_context
from tests.flows.api_harness import ADMIN, PASSWORD, Answer, RunningApi, running_api
from tests.flows.certificate_authority import Authority
from tests.flows.small_server import serving

CLUSTERS = "/api/enterprise/federation/v1/clusters"
GATEWAY, ALL = "/api/sensu/v1/clusters", "/api/sensu/v1/all-clusters"
CORE = "/api/core/v2"
CHECK = {"metadata": {"name": "http", "namespace": "default"}, "command": "true", "interval": 60, "subscriptions": []}


@cache
def pair() -> tuple[bytes, bytes]:
    """The private and the public key of the federation."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass
class Federation:
    """The gateway and the cluster alpha, with the authorizations of their administrators."""

    gateway: RunningApi
    alpha: RunningApi
    admin: str
    admin_of_alpha: str

    async def register(self, name: str, *urls: str, **spec: Any) -> Answer:
        """Register a cluster in the gateway."""
        body = {
            "type": "Cluster",
            "api_version": "federation/v1",
            "metadata": {"name": name},
            "spec": {"api_urls": list(urls), **spec},
        }
        return await self.gateway.call("PUT", f"{CLUSTERS}/{name}", body, Authorization=self.admin)

    async def user(self, name: str, *groups: str) -> str:
        """The authorization of a new user of the gateway, whom alpha does not know."""
        body = {"username": name, "password": PASSWORD, "groups": list(groups)}
        put = await self.gateway.call("PUT", f"{CORE}/users/{name}", body, Authorization=self.admin)
        assert put.status == 201
        return await self.gateway.token(name)

    async def asked(self, path: str, caller: str = "", method: str = "GET", body: Any = None) -> Answer:
        """The answer to a request for alpha."""
        target = f"{GATEWAY}/alpha{path}"
        return await self.gateway.call(method, target, body, Authorization=caller or self.admin)

    async def allow_in_alpha(self, kind: str, subject: str) -> None:
        """Bind a user or group to the role `view` in alpha."""
        binding = {
            "metadata": {"name": f"may-{subject}"},
            "role_ref": {"type": "ClusterRole", "name": "view"},
            "subjects": [{"type": kind, "name": subject}],
        }
        path = f"{CORE}/clusterrolebindings/may-{subject}"
        put = await self.alpha.call("PUT", path, binding, Authorization=self.admin_of_alpha)
        assert put.status == 201


def keys_in(folder: Path) -> dict[str, str]:
    """The settings for the keys of the federation."""
    folder.mkdir(exist_ok=True)
    for name, content in zip(("private", "public"), pair(), strict=True):
        (folder / name).write_bytes(content)
    return {"jwt_private_key_file": str(folder / "private"), "jwt_public_key_file": str(folder / "public")}


@pytest.fixture
async def federation(tmp_path: Path) -> AsyncIterator[Federation]:
    """A gateway in which alpha is registered; alpha has the namespace `alpha-ops` and a check."""
    keys = keys_in(tmp_path)
    async with AsyncExitStack() as stack:
        apis = [await stack.enter_async_context(running_api(tmp_path / name, **keys)) for name in ("gateway", "alpha")]
        made = Federation(apis[0], apis[1], await apis[0].token(), await apis[1].token())
        assert (await made.register("alpha", apis[1].url)).status == 201
        for path, body in ((f"{CORE}/namespaces/alpha-ops", {"name": "alpha-ops"}), (f"{CHECKS}/http", CHECK)):
            assert (await made.alpha.call("PUT", path, body, Authorization=made.admin_of_alpha)).status == 201
        yield made


CHECKS = f"{CORE}/namespaces/default/checks"


async def test_the_namespaces_of_all_clusters_are_listed_and_a_lost_cluster_hides_none(federation: Federation) -> None:
    """The cluster that is asked comes first; one that cannot be reached says why."""
    await federation.register("beta", "http://127.0.0.1:1")
    found = json.loads((await federation.gateway.call("GET", GATEWAY, Authorization=federation.admin)).body)
    here, alpha, beta = found["clusters"]
    assert (here["name"], here["local"], here["namespaces"]) == ("local-cluster", True, ["default", "sensu-system"])
    assert (alpha["name"], alpha["local"], alpha["error"]) == ("alpha", False, "")
    assert alpha["namespaces"] == ["alpha-ops", "default", "sensu-system"]
    assert (beta["name"], beta["namespaces"]) == ("beta", [])
    assert "the cluster beta cannot be asked: http://127.0.0.1:1 cannot be reached" in beta["error"]
    query = {"query": "{ clusters { name isLocal apiUrls error namespaces { name cluster } } }"}
    graph = json.loads((await federation.gateway.call("POST", "/graphql", query, Authorization=federation.admin)).body)
    assert [one["name"] for one in graph["data"]["clusters"]] == ["local-cluster", "alpha", "beta"]
    assert {"name": "alpha-ops", "cluster": "alpha"} in graph["data"]["clusters"][1]["namespaces"]
    assert graph["data"]["clusters"][2]["error"] == beta["error"]


async def test_a_list_of_all_clusters_has_an_item_for_each(federation: Federation) -> None:
    """The item has the status and the list of the cluster, or the reason why there is none."""
    await federation.register("beta", "http://127.0.0.1:1")
    call = federation.gateway.call
    found = json.loads((await call("GET", f"{ALL}{CHECKS}?limit=5", Authorization=federation.admin)).body)
    assert [(one["cluster"], one.get("status")) for one in found] == [
        ("local-cluster", 200),
        ("alpha", 200),
        ("beta", None),
    ]
    assert [[check["metadata"]["name"] for check in one.get("body", [])] for one in found] == [[], ["http"], []]
    assert "cannot be reached" in found[2]["error"]
    for path, why in (
        (ALL + CHECKS, "through another one"),
        (f"{CHECKS}?watch=true", "stream"),
        ("/auth", "only requests to /api/"),
    ):
        refused = await call("GET", ALL + path, Authorization=federation.admin)
        assert (refused.status, why in refused.body.decode()) == (400, True)


async def test_the_other_cluster_decides_what_the_caller_may_do(federation: Federation) -> None:
    """A user whom only the gateway knows has there the rights of its name and groups in the other cluster, no more."""
    caller = await federation.user("federation-viewer", "ops", "system:agents")
    assert (await federation.asked(CHECKS, caller)).status == 403
    await federation.allow_in_alpha("Group", "ops")
    assert [one["metadata"]["name"] for one in json.loads((await federation.asked(CHECKS, caller)).body)] == ["http"]
    assert (await federation.asked(f"{CHECKS}/http", caller, "DELETE")).status == 403
    me = json.loads((await federation.asked("/api/sensu/v1/access/me?namespace=default", caller)).body)
    assert (me["username"], me["groups"]) == ("federation-viewer", ["ops", "system:users"])
    disabled = {"username": "federation-viewer", "disabled": True, "password": PASSWORD}
    put = f"{CORE}/users/federation-viewer"
    call = federation.alpha.call
    assert (await call("PUT", put, disabled, Authorization=federation.admin_of_alpha)).status == 201
    refused = await federation.asked(CHECKS, caller)
    assert (refused.status, b"enable the user there" in refused.body) == (502, True)


async def test_changes_are_passed_on_and_answered_by_the_other_cluster(federation: Federation) -> None:
    """Headers that conditions and pages need go along; the audit log of the other cluster names the user."""
    read = await federation.asked(f"{CHECKS}/http")
    changed = {**CHECK, "interval": 30}
    target, call = f"{GATEWAY}/alpha{CHECKS}/http", federation.gateway.call
    right = await call("PUT", target, changed, Authorization=federation.admin, If_Match=read.headers["ETag"])
    assert right.status == 201
    late = await call("PUT", target, changed, Authorization=federation.admin, If_Match=read.headers["ETag"])
    assert late.status == 412
    paged = await federation.asked(f"{CORE}/namespaces?limit=1")
    assert paged.headers["Sensu-Continue"]
    empty = {"metadata": {"name": "x", "namespace": "default"}, "interval": 0}
    invalid = await federation.asked(f"{CHECKS}/x", method="PUT", body=empty)
    assert (invalid.status, b"message" in invalid.body) == (400, True)
    assert (await federation.asked(f"{CHECKS}/http", method="DELETE")).status == 204
    assert (await federation.asked(f"{CHECKS}/http")).status == 404
    audit = json.loads((await federation.asked("/api/sensu/v1/audit")).body)
    assert ADMIN in json.dumps(audit)


async def test_the_live_stream_of_another_cluster_is_passed_on(federation: Federation) -> None:
    """A page that follows a namespace of another cluster gets what happens there."""
    url = f"{federation.gateway.url}{GATEWAY}/alpha/api/sensu/v1/live?topics=resources:checks:default"
    headers = {"Authorization": federation.admin}
    async with federation.gateway.http.get(url, headers=headers) as stream, asyncio.timeout(10):
        assert stream.content_type == "text/event-stream"
        assert b"retry" in await stream.content.readline()
        body = {**CHECK, "metadata": {"name": "disk", "namespace": "default"}}
        await federation.asked(f"{CHECKS}/disk", method="PUT", body=body)
        while b'"disk"' not in await stream.content.readline():
            pass


NOT_PASSED_ON = [
    "/auth",
    "/auth/session",
    "/metrics",
    "/api/../auth",
    "/api/core/v2/%2e%2e/x",
    "//evil.example.com/api/x",
    "/api/core/v2/a%00b",
    f"{GATEWAY}/alpha{CHECKS}",
    GATEWAY,
    f"{GATEWAY}?x=1",
]


async def test_only_requests_of_the_api_are_passed_on(federation: Federation) -> None:
    """Log-ins, other hosts and clusters behind the cluster cannot be reached through the gateway."""
    for path in NOT_PASSED_ON:
        target = URL(f"{federation.gateway.url}{GATEWAY}/alpha{path}", encoded=True)
        async with federation.gateway.http.get(target, headers={"Authorization": federation.admin}) as answer:
            assert (path, answer.status) == (path, 400)
    assert (await federation.asked("/api/unknown")).status == 404
    unknown = await federation.gateway.call("GET", f"{GATEWAY}/gamma{CHECKS}", Authorization=federation.admin)
    assert (unknown.status, b"gamma is not registered" in unknown.body) == (404, True)
    assert (await federation.gateway.call("GET", f"{GATEWAY}/alpha{CHECKS}")).status == 401


async def test_a_cluster_gets_no_credentials_and_returns_nothing_that_a_browser_runs(federation: Federation) -> None:
    """It gets a token of five minutes for the caller alone; redirects, cookies and pages are not passed on as such."""
    heard = list[Any]()

    async def answer(request: web.Request) -> web.Response:
        heard.append(request)
        if request.path == "/api/away":
            return web.Response(status=302, headers={"Location": federation.alpha.url, "Set-Cookie": "a=b"})
        page = web.Response(text="<script>1</script>", content_type="text/html")
        page.set_cookie("session", "stolen")
        return page

    async with serving("*", "/{path:.*}", answer) as url:
        await federation.register("evil", url.removesuffix("/{path:.*}"))
        key = await federation.gateway.call(
            "POST", f"{CORE}/apikeys", {"username": ADMIN}, Authorization=federation.admin
        )
        caller = f"Key {key.headers['Location'].rpartition('/')[2]}"
        call = federation.gateway.call
        page = await call("GET", f"{GATEWAY}/evil/api/page?q=1", Authorization=caller, Cookie="sensu_session=x")
        away = await call("GET", f"{GATEWAY}/evil/api/away", Authorization=caller)
    assert (page.headers["Content-Type"], page.headers["X-Content-Type-Options"]) == (
        "application/octet-stream",
        "nosniff",
    )
    assert "Set-Cookie" not in page.headers
    assert (away.status, "Location" in away.headers, "Set-Cookie" in away.headers) == (302, False, False)
    sent = heard[0]
    assert (sent.path_qs, "Cookie" in sent.headers) == ("/api/page?q=1", False)
    scheme, token = sent.headers["Authorization"].split()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (scheme, claims["sub"], claims["groups"]) == ("Bearer", ADMIN, ["cluster-admins", "system:users"])


async def test_the_next_url_is_used_and_none_that_would_send_a_token_in_the_clear(federation: Federation) -> None:
    """A cluster has several backends; an address elsewhere must have https, and the answer to the PUT says so."""
    put = await federation.register(
        "several", "http://alpha.example.com:8080", "http://127.0.0.1:1", federation.alpha.url
    )
    assert put.headers["Sensu-Notice"] == (
        "not used, because tokens are sent over https only: http://alpha.example.com:8080"
    )
    call = federation.gateway.call
    assert (await call("GET", f"{GATEWAY}/several{CHECKS}", Authorization=federation.admin)).status == 200
    await federation.register("plain", "http://alpha.example.com:8080")
    none = await call("GET", f"{GATEWAY}/plain{CHECKS}", Authorization=federation.admin)
    assert (none.status, b"none of its URLs begins with https://" in none.body) == (502, True)
    local = await federation.register("local-cluster", federation.alpha.url)
    assert (local.status, b"must not be local-cluster" in local.body) == (400, True)
    password = await federation.register("password", "https://me:secret@alpha.example.com:8080")
    assert password.status == 400


async def test_a_change_goes_to_the_next_url_only_if_it_was_not_sent(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that drops connections gets nothing; a backend that breaks off may have done what was asked."""
    monkeypatch.setattr(gateway_module, "CONNECT_S", 0.2)
    sent = list[str]()

    async def breaks_off(request: web.Request) -> web.Response:
        sent.append(request.method)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    body = {**CHECK, "metadata": {"name": "disk", "namespace": "default"}}
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        await federation.register("two", f"http://127.0.0.1:{full.getsockname()[1]}", federation.alpha.url)
        target, call = f"{GATEWAY}/two{CHECKS}/disk", federation.gateway.call
        assert (await call("PUT", target, body, Authorization=federation.admin)).status == 201
    async with serving("*", "/{path:.*}", breaks_off) as url:
        await federation.register("three", url.removesuffix("/{path:.*}"), federation.alpha.url)
        target = f"{GATEWAY}/three{CHECKS}"
        broken = await call("POST", target, body, Authorization=federation.admin)
        assert (broken.status, sent) == (502, ["POST"])
        assert (await call("GET", target, Authorization=federation.admin)).status == 200


async def test_the_certificate_of_a_cluster_is_verified(federation: Federation, tmp_path: Path) -> None:
    """No token is sent to a server whose authority is not trusted; `ca_cert` and `insecure` change that."""
    authority = Authority(tmp_path)
    pair, heard = authority.issue("alpha"), list[str]()

    async def answer(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.json_response([])

    runner = web.AppRunner(web.Application(), access_log=None)
    runner.app.router.add_get("/{path:.*}", answer)
    await runner.setup()
    await web.TCPSite(
        runner, "127.0.0.1", 0, ssl_context=server_context(str(pair.cert_file), str(pair.key_file))
    ).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    read = f"{GATEWAY}/tls{CHECKS}"
    try:
        await federation.register("tls", url)
        refused = await federation.gateway.call("GET", read, Authorization=federation.admin)
        assert (refused.status, b"certificate" in refused.body, heard) == (502, True, [])
        for trusting in ({"ca_cert": authority.file}, {"insecure": True}):
            await federation.register("tls", url, **trusting)
            assert (await federation.gateway.call("GET", read, Authorization=federation.admin)).status == 200
        await federation.register("tls", url, ca_cert="/missing/ca.pem")
        refused = await federation.gateway.call("GET", read, Authorization=federation.admin)
        assert (refused.status, b"/missing/ca.pem cannot be used" in refused.body) == (502, True)
    finally:
        await runner.cleanup()


async def test_a_user_of_one_cluster_does_not_reach_a_third_one(federation: Federation) -> None:
    """A token is accepted where the keys are the same, and is not exchanged there for one of that cluster."""
    found = await federation.alpha.call("GET", CHECKS, Authorization=federation.admin)
    assert found.status == 200
    body = {"metadata": {"name": "third"}, "api_urls": [federation.gateway.url]}
    third = {"type": "Cluster", "api_version": "federation/v1", "metadata": {"name": "third"}, "spec": body}
    put = await federation.alpha.call("PUT", f"{CLUSTERS}/third", third, Authorization=federation.admin_of_alpha)
    assert put.status == 201
    refused = await federation.alpha.call("GET", f"{GATEWAY}/third{CHECKS}", Authorization=federation.admin)
    assert (refused.status, b"cannot ask a third one" in refused.body) == (403, True)


async def test_clusters_without_the_keys_of_the_federation_say_what_to_configure(tmp_path: Path) -> None:
    """A gateway without a private key and a cluster without the public key are told apart."""
    keys = keys_in(tmp_path)
    async with (
        running_api(tmp_path / "gateway", **keys) as gateway,
        running_api(tmp_path / "without") as without,
    ):
        admins = [await gateway.token(), await without.token()]
        for api, other, admin in ((gateway, without, admins[0]), (without, gateway, admins[1])):
            assert (await Federation(api, api, admin, admin).register("other", other.url)).status == 201
        refused = await gateway.call("GET", f"{GATEWAY}/other{CHECKS}", Authorization=admins[0])
        assert (refused.status, b"give both the same jwt-private-key-file" in refused.body) == (502, True)
        no_key = await without.call("GET", f"{GATEWAY}/other{CHECKS}", Authorization=admins[1])
        assert (no_key.status, b"set jwt-private-key-file" in no_key.body) == (502, True)
