"""Two backends as clusters of a federation: one mirrors its roles in the other, and is the gateway to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess

WAIT_S = 20.0
STOP_S = 4.0
"""Less than backends wait for requests that do not end."""
ROLES = "/api/core/v2/namespaces/default/roles"
REPLICATOR = "/api/enterprise/federation/v1/etcd-replicators/roles"
STATUS = "/api/core/v2/namespaces/sensu-system/events/etcd-replicators/roles"


class ClusterAPI:
    """The API of one cluster, as its administrator."""

    def __init__(self, backend: BackendProcess, session: aiohttp.ClientSession, flags: Sequence[str]) -> None:
        """`flags` are those that the backend was started with."""
        self.backend, self.flags = backend, flags
        self.url, self._session, self._token = backend.api_url, session, ""

    async def log_in(self) -> None:
        """Get a token."""
        headers = {"Authorization": aiohttp.encode_basic_auth(USER, PASSWORD)}
        async with self._session.get(f"{self.url}/auth", headers=headers) as answer:
            self._token = (await answer.json())["access_token"]

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        async with self._session.request(method, f"{self.url}{path}", data=data, headers=headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith(("{", "[")) else text

    async def stops_while_streaming(self, path: str) -> None:
        """Stop the backend, and start it again, while a client reads a stream that it passes on."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.get(f"{self.url}{path}", headers=headers) as stream:
            assert b"retry" in await stream.content.readline()
            async with asyncio.timeout(STOP_S):
                await self.backend.stop()
        await self.backend.start(self.flags)

    async def new_key(self) -> str:
        """An API key of the administrator."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.post(
            f"{self.url}/api/core/v2/apikeys", json={"username": USER}, headers=headers
        ) as answer:
            return answer.headers["Location"].rpartition("/")[2]

    async def roles(self) -> dict[str, Any]:
        """The roles of the namespace by name, except for built-in ones: their first verb."""
        _, found = await self.call("GET", ROLES)
        verbs = {one["metadata"]["name"]: one["rules"][0]["verbs"][0] for one in found}
        return {name: verb for name, verb in verbs.items() if not name.startswith("system:")}

    async def put_role(self, name: str, verb: str) -> None:
        """Create or replace a role."""
        role = {"metadata": {"name": name, "namespace": "default"}, "rules": [{"verbs": [verb], "resources": ["*"]}]}
        assert (await self.call("PUT", f"{ROLES}/{name}", role))[0] == 201

    async def has_roles(self, expected: dict[str, str]) -> None:
        """Return when it has exactly these roles."""
        async with asyncio.timeout(WAIT_S):
            while await self.roles() != expected:  # noqa: ASYNC110 - another process has no asyncio.Event
                await asyncio.sleep(0.1)

    async def status(self, text: str) -> dict[str, Any]:
        """The check of the replicator's event, when its output contains a text."""
        async with asyncio.timeout(WAIT_S):
            while True:
                code, found = await self.call("GET", STATUS)
                if code == 200 and text in found["check"]["output"]:
                    check: dict[str, Any] = found["check"]
                    return check
                await asyncio.sleep(0.1)


@pytest.fixture
async def clusters(tmp_path: Path) -> AsyncIterator[tuple[ClusterAPI, ClusterAPI]]:
    """Two clusters of one backend each."""
    backends = [BackendProcess(tmp_path / name) for name in ("gateway", "alpha")]
    async with aiohttp.ClientSession() as session:
        key = ec.generate_private_key(ec.SECP384R1())
        key_file = tmp_path / "jwt_private.pem"
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
        flags = ["--jwt-private-key-file", str(key_file)]
        for one in backends:
            one.folder.mkdir()
            await one.initialise()
            await one.start(flags)
        apis = [ClusterAPI(one, session, flags) for one in backends]
        for api in apis:
            await api.log_in()
        yield apis[0], apis[1]
        for one in backends:
            await one.stop()


async def test_roles_are_mirrored_in_another_cluster(clusters: tuple[ClusterAPI, ClusterAPI], tmp_path: Path) -> None:
    """Roles are created, changed and deleted with those of the source; what the other cluster has by itself stays."""
    gateway, alpha = clusters
    key, key_file = await alpha.new_key(), tmp_path / "alpha.key"
    key_file.write_text(f"{key}\n")
    await gateway.put_role("viewer", "get")
    await gateway.put_role("shared", "list")
    await alpha.put_role("local", "get")
    await alpha.put_role("shared", "get")
    replicator = {
        "type": "EtcdReplicator",
        "api_version": "federation/v1",
        "metadata": {"name": "roles"},
        "spec": {
            "url": alpha.url,
            "insecure": True,
            "resource": "Role",
            "api_key_file": str(key_file),
            "replication_interval_seconds": 1,
        },
    }
    assert (await gateway.call("PUT", REPLICATOR, replicator))[0] == 201
    await alpha.has_roles({"viewer": "get", "shared": "list", "local": "get"})
    assert (await gateway.status("3 resources of the type Role: 0 created"))["status"] == 0

    await gateway.put_role("viewer", "list")
    await gateway.put_role("editor", "update")
    await alpha.has_roles({"viewer": "list", "editor": "update", "shared": "list", "local": "get"})
    await gateway.call("DELETE", f"{ROLES}/viewer")
    await gateway.call("DELETE", f"{ROLES}/shared")
    await alpha.has_roles({"editor": "update", "shared": "list", "local": "get"})

    key_file.write_text("root:x:0:0:\n")
    assert (await gateway.status("does not contain an API key"))["status"] == 2
    key_file.write_text(key)
    await gateway.status("2 resources of the type Role")

    assert (await gateway.call("DELETE", REPLICATOR))[0] == 204
    await alpha.has_roles({"shared": "list", "local": "get"})
    assert await gateway.roles() == {"editor": "update"}
    async with asyncio.timeout(WAIT_S):
        while (await gateway.call("GET", STATUS))[0] != 404:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.1)


async def test_the_gateway_shows_the_other_cluster_until_it_is_lost(clusters: tuple[ClusterAPI, ClusterAPI]) -> None:
    """Lists and streams come through one API, and do not keep it from stopping; a killed cluster does not hide it."""
    gateway, alpha = clusters
    body = {"type": "Cluster", "api_version": "federation/v1", "metadata": {"name": "alpha"}}
    put = "/api/enterprise/federation/v1/clusters/alpha"
    assert (await gateway.call("PUT", put, {**body, "spec": {"api_urls": [alpha.url]}}))[0] == 201
    await alpha.put_role("local", "get")
    roles = [one["metadata"]["name"] for one in (await gateway.call("GET", f"/api/sensu/v1/clusters/alpha{ROLES}"))[1]]
    assert "local" in roles
    await gateway.stops_while_streaming("/api/sensu/v1/clusters/alpha/api/sensu/v1/live?topics=session")
    for lost in (False, True):
        if lost:
            await alpha.backend.kill()
        code, found = await gateway.call("GET", "/api/sensu/v1/clusters")
        assert (code, [one["name"] for one in found["clusters"]]) == (200, ["local-cluster", "alpha"])
        assert [bool(one["error"]) for one in found["clusters"]] == [False, lost]
        code, found = await gateway.call("GET", f"/api/sensu/v1/all-clusters{ROLES}")
        assert [(one["cluster"], "body" in one) for one in found] == [("local-cluster", True), ("alpha", not lost)]
    assert "cannot be reached" in found[1]["error"]
