"""A value of a secret is nowhere but in the environment of the commands that asked for it."""

import asyncio
import base64
import hashlib
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sensu.testing.backend_process import PASSWORD, USER
from tests.cli.conftest import logged_in
from tests.e2e.test_agent_certificates import World, world
from tests.faults.agent_process import until
from tests.flows.certificate_authority import Authority
from tests.real import vault

VALUE, IN_FILE, TOKEN = "c4nary-of-vault-7f3a", "c4nary-in-file-91be", "c4nary-token-55d0"
DIGEST = hashlib.sha256(VALUE.encode()).hexdigest()
META = {"namespace": "default"}
PLACES = {"namespace": "default", "entity": "web1", "check": "asks"}
"""What the variables in the paths of the API are replaced by."""
ASKED = [{"name": "TOKEN", "secret": "of-vault"}, {"name": "OTHER", "secret": "in-file"}]
QUERY = '{namespace(name:"default"){events(limit:20){nodes{check{name output} entity{name}}}}}'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[vault.VaultServer]:
    """A server that speaks the protocol of Vault, with the value and a token."""
    with vault.running(tmp_path / "vault", is_real=False) as running:
        running.call("POST", "secret/data/canary", {"data": {"value": VALUE}})
        running.call("POST", "auth/token/create", {"id": TOKEN, "policies": ["reader"], "ttl": "3600s"})
        yield running


async def configure(backend: World, server: vault.VaultServer, folder: Path) -> None:
    """Two providers and their secrets, and a check, a mutator and handlers that ask for them."""
    root = f"{backend.api.url}/api/enterprise/secrets/v1"
    client = {"address": server.url, "token": TOKEN, "version": "v2", "tls": {"ca_cert": server.authority.file}}
    (folder / "mounted").mkdir()
    (folder / "mounted" / "value").write_text(f"{IN_FILE}\n")
    for name, of, spec in (
        ("vault", "VaultProvider", {"client": client}),
        ("files", "FileProvider", {"directory": str(folder / "mounted")}),
    ):
        body = {"type": of, "api_version": "secrets/v1", "metadata": {"name": name}, "spec": spec}
        await backend.api.put(f"{root}/providers/{name}", body)
    for name, provider, id_ in (("of-vault", "vault", "secret/canary#value"), ("in-file", "files", "value")):
        spec = {"provider": provider, "id": id_}
        body = {"type": "Secret", "api_version": "secrets/v1", "metadata": {"name": name, **META}, "spec": spec}
        await backend.api.put(f"{root}/namespaces/default/secrets/{name}", body)
    digest = 'printf %s "$TOKEN" | sha256sum'
    check = {
        "command": digest,
        "interval": 1,
        "publish": True,
        "subscriptions": ["linux"],
        "handlers": ["fails", "notes"],
    }
    for path, body in (
        ("mutators/digest", {"command": f"cat > /dev/null; {digest}"}),
        ("handlers/notes", {"type": "pipe", "command": f"cat >> {folder / 'got'}", "mutator": "digest"}),
        ("handlers/fails", {"type": "pipe", "command": 'echo "$TOKEN $OTHER"; exit 1', "retry_attempts": 0}),
        ("checks/asks", {**check, "handlers": ["fails", "notes"]}),
    ):
        await backend.api.put(path, {**body, "metadata": {"name": path.partition("/")[2], **META}, "secrets": ASKED})


async def answers(backend: World) -> dict[str, bytes]:
    """What the API answers to every GET of its description whose path is known, and to a query of GraphQL."""
    url, found = backend.api.url, dict[str, bytes]()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        basic = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
        async with session.get(f"{url}/auth", headers=basic) as answer:
            headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        async with session.get(f"{url}/openapi.json", headers=headers) as answer:
            text = await answer.read()
        found["/openapi.json"] = text
        for path, methods in json.loads(text)["paths"].items():
            place = re.sub(r"\{(\w+)\}", lambda name: PLACES.get(name[1], name[0]), path)
            if "get" in methods and "{" not in place:
                try:
                    async with session.get(url + place, headers=headers) as answer:
                        found[place] = await answer.read()
                except TimeoutError:  # a stream, which never ends
                    continue
        async with session.post(f"{url}/graphql", json={"query": QUERY}, headers=headers) as answer:
            found["/graphql"] = await answer.read()
        async with session.get(f"{url}/metrics", headers=headers) as answer:
            found["/metrics"] = await answer.read()
    return found


def told(found: dict[str, bytes], *values: str) -> list[str]:
    """Where a value is."""
    return [f"{value} in {place}" for place, text in found.items() for value in values if value.encode() in text]


def files_of(folder: Path) -> dict[str, bytes]:
    """The content of all files: databases, write-ahead logs and logs."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_a_value_is_nowhere_else(
    tmp_path: Path, server: vault.VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Logs at debug, database, journal, API, GraphQL, metrics, dumps and backups have neither value nor token."""
    authority = Authority(tmp_path)
    caplog.set_level(logging.DEBUG)
    flags = ("--log-level", "debug", "--secrets-directories", str(tmp_path / "mounted"))
    async with world(tmp_path, authority, *flags) as backend:
        await configure(backend, server, tmp_path)
        async with backend.agent("web1", authority.issue("web1")):
            assert await until(lambda: is_reported(backend))
            assert await until(
                lambda: DIGEST in (tmp_path / "got").read_text() if (tmp_path / "got").exists() else False
            )
            assert await until(lambda: gave_up(backend))
        found = await answers(backend)
        home = tmp_path / "home"
        sensuctl = await asyncio.to_thread(logged_in, backend.api.url, home)
        backup = tmp_path / "backup.yml"
        for words in (("dump", "all", "--all-namespaces"), ("backup", str(backup)), ("audit", "list")):
            ended = await asyncio.to_thread(sensuctl, *words)
            found[" ".join(words)] = (ended.out + ended.err).encode()
        found["backup"] = backup.read_bytes()
        limit = Path(f"/proc/{backend._backend.pid}/limits").read_text()
        assert "REDACTED" in backend.log()
    assert {"/graphql", "/metrics", "/api/core/v2/namespaces/default/events", "/api/sensu/v1/audit"} <= set(found)
    assert b"asks" in found["/graphql"]
    assert b"REDACTED" in found["/api/sensu/v1/namespaces/default/deliveries"]
    assert (tmp_path / "got").read_text().startswith(DIGEST)
    assert any(path.endswith("/explain") for path in found)
    found["agent's log"] = str([(one.getMessage(), vars(one)) for one in caplog.records]).encode()
    found |= files_of(tmp_path / "backend")
    assert any(place.endswith(".log") for place in found)
    assert told(found, VALUE, IN_FILE) == []
    shown_to_admins = {"/api/enterprise/secrets/v1/providers", "dump all --all-namespaces", "backup"}
    assert told({place: text for place, text in found.items() if place not in shown_to_admins}, TOKEN) == []
    assert re.search(r"Max core file size\s+0 ", limit)


async def is_reported(backend: World) -> bool:
    """Whether the check ran with the value."""
    events: list[dict[str, Any]] = await backend.api.events()
    return any(DIGEST in event["check"]["output"] for event in events if event["check"]["metadata"]["name"] == "asks")


async def gave_up(backend: World) -> bool:
    """Whether a delivery of the handler that prints the value is dead."""
    return any(one["state"] == "dead" for one in await backend.api.deliveries())
