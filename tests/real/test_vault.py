"""Secrets from Vault: against a real server where there is one, and against one that speaks its protocol."""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from sensu.backend.secrets.provider import NoSecret, SecretText, SecretValue
from sensu.backend.secrets.vault import VaultSecrets
from sensu.clock import Clock, SystemClock
from sensu.resources.metadata import ObjectMeta
from sensu.resources.secret_providers import ServerTLS, VaultClient, VaultProvider
from sensu.rules.kinds.table import completed, problem_of
from tests.moved_clock import MovedClock
from tests.real import vault
from tests.real.vault import VaultServer
from tests.real.vault_protocol import DYNAMIC, ROOT


@pytest.fixture(scope="session", params=["protocol", "real"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultServer]:
    """A Vault server, or a server that speaks its protocol."""
    is_real = request.param == "real"
    if is_real and (why := vault.missing()):
        pytest.skip(why)
    with vault.running(tmp_path_factory.mktemp("vault") / "server", is_real=is_real) as running:
        yield running


@pytest.fixture
def speaker(server: VaultServer) -> VaultServer:
    """The server that only speaks the protocol, which can fail on request."""
    if server.is_real:
        pytest.skip("a real server does not fail on request")
    server.control("reset")
    vault.fill(server)
    server.requests()
    return server


def secrets_of(
    server: VaultServer, *, report: Any = lambda _: None, clock: Clock | None = None, **settings: Any
) -> VaultSecrets:
    """The provider of a server, with the root token unless others settings are given."""
    trusted = ServerTLS(ca_cert=server.authority.file)
    client = {"address": server.url, "token": ROOT, "version": "v2", "tls": trusted, **settings}
    made = completed(VaultProvider(metadata=ObjectMeta(name="vault"), client=VaultClient(**client)), username="", now=0)
    assert problem_of(made) is None
    return VaultSecrets(made, "", clock or SystemClock(), report)


def by_certificate(server: VaultServer) -> dict[str, Any]:
    """The settings to log in with a certificate instead of a token."""
    pair = server.client
    files = {"client_cert": str(pair.cert_file), "client_key": str(pair.key_file)}
    return {"token": "", "tls": ServerTLS(ca_cert=server.authority.file, **files)}


def text(found: SecretValue | NoSecret) -> str:
    return found.why if isinstance(found, NoSecret) else found.text.reveal()


def value(plain: str) -> SecretText:
    return SecretText(plain)


@pytest.mark.parametrize(
    ("version", "secret_id", "expected"),
    [
        ("v1", "kv1/database#password", "one"),
        ("v1", "kv1/database#port", "5432"),
        ("v1", "kv1/database#nested", '{"a": [1, "ü"]}'),
        ("v2", "secret/database#password", "two"),
        ("v2", "secret#database#password", "two"),
        ("v2", "secret/team/deep path#token", "deep"),
        ("v2", "secrets/sensu#ansible#token", "three"),
    ],
)
async def test_values_of_both_versions_are_read(
    server: VaultServer, version: str, secret_id: str, expected: str
) -> None:
    """Ids are those of the reference's documentation; a value that is no text is JSON, and none is kept for long."""
    found = await secrets_of(server, version=version, token=server.token("reader")).value(secret_id)
    assert text(found) == expected
    assert isinstance(found, SecretValue)
    assert found.keep_s == 30


async def test_the_fields_of_a_lease_belong_together(speaker: VaultServer) -> None:
    """An engine that makes credentials at each reading is read once for user name and password until the lease ends."""
    speaker.call("POST", "sys/mounts/database", {"options": {"version": DYNAMIC}})
    clock = MovedClock()
    secrets = secrets_of(speaker, clock=clock, version="v1")
    speaker.requests()
    fields = [f"database/creds/app#{name}" for name in ("username", "password")]
    found = await asyncio.gather(*map(secrets.value, fields))
    assert [text(one) for one in found] == ["user-1", "password-1"]
    clock.moved_s = 50
    later = await secrets.value(fields[1])
    assert isinstance(later, SecretValue)
    assert (text(later), 9 < later.keep_s <= 10) == ("password-1", True)
    assert [one["path"] for one in speaker.requests()] == ["database/creds/app"]
    clock.moved_s = 61
    assert [text(await secrets.value(one)) for one in fields] == ["user-2", "password-2"]


@pytest.mark.parametrize(
    ("version", "secret_id", "why"),
    [
        ("v1", "kv1/nothing#password", "kv1/nothing does not exist"),
        ("v1", "kv1/database#user", "kv1/database has no field user"),
        ("v2", "secret/nothing#password", "secret/data/nothing does not exist"),
        ("v2", "secret/gone#token", "secret/data/gone does not exist"),
        ("v2", "secret/database#user", "secret/data/database has no field user"),
        ("v1", "kv1/database", "kv1/database is not an id of the form engine/secret#field"),
        ("v2", "a#b#c#d", "a#b#c#d is not an id of the form engine/path#secret#field"),
        ("v2", "secret#../database#password", "secret#../database#password is not an id of the form"),
    ],
)
async def test_what_is_not_there_is_named(server: VaultServer, version: str, secret_id: str, why: str) -> None:
    """A missing secret or field and a wrong id are mistakes of the secret, not failures of the provider."""
    found = await secrets_of(server, version=version).value(secret_id)
    assert isinstance(found, NoSecret)
    assert found.is_missing
    assert found.why.startswith(why)


async def test_a_policy_decides_what_is_read(server: VaultServer) -> None:
    """A token whose policy does not allow a path, and one that is no longer valid, are refused with the reason."""
    for token in (server.token("default"), "s.revoked"):
        found = await secrets_of(server, token=token).value("secret/database#password")
        assert isinstance(found, NoSecret)
        assert not found.is_missing
        assert found.why.startswith("permission denied for secret/data/database: the token is not valid, or its policy")
        assert token not in found.why


async def test_a_token_is_renewed_before_it_ends(server: VaultServer) -> None:
    """A token of two seconds still reads after three, because the provider renews it."""
    secrets = secrets_of(server, token=server.token("default", "reader", ttl="2s"))
    secrets.start()
    try:
        begun = time.monotonic()
        while time.monotonic() < begun + 3:
            assert text(await secrets.value("secret/database#password")) == "two"
            await asyncio.sleep(0.25)
    finally:
        secrets.close()


@pytest.fixture
def certified(server: VaultServer) -> VaultServer:
    """A server where the backend can log in with its certificate."""
    try:
        server.call("POST", "sys/auth/cert", {"type": "cert"})
    except AssertionError as err:
        assert "path is already in use" in str(err)
    whole = server.client.cert_file.read_text()
    settings = {"certificate": whole, "token_policies": ["reader"], "token_ttl": 120}
    server.call("POST", "auth/cert/certs/backend", settings)
    return server


async def test_the_backend_logs_in_with_its_certificate(certified: VaultServer) -> None:
    """Without a token, the client certificate is exchanged for one; a revoked one is replaced at the next read."""
    secrets = secrets_of(certified, **by_certificate(certified))
    assert text(await secrets.value("secret/database#password")) == "two"
    certified.call("POST", "auth/token/revoke", {"token": secrets._token})
    assert text(await secrets.value("secrets/sensu#ansible#token")) == "three"


async def test_a_certificate_that_the_server_does_not_know_is_refused(server: VaultServer) -> None:
    """The failure says that the log-in was refused, and is not that of a secret."""
    other = server.authority.issue("stranger")
    files = {"client_cert": str(other.cert_file), "client_key": str(other.key_file)}
    if not server.is_real:
        server.control("reset")
    settings = {"token": "", "tls": ServerTLS(ca_cert=server.authority.file, **files)}
    found = await secrets_of(server, **settings).value("secret/database#password")
    assert isinstance(found, NoSecret)
    assert found.why.startswith("the log-in with the client certificate was refused with status 4")
    if not server.is_real:
        vault.fill(server)


async def test_the_certificate_of_the_server_is_checked(server: VaultServer) -> None:
    """A server of an unknown authority or with another name is not asked; `cname` is the name that it must have."""
    right = ServerTLS(ca_cert=server.authority.file, cname="vault.example.org")
    assert text(await secrets_of(server, tls=right).value("secret/database#password")) == "two"
    for tls, why in (
        (None, "certificate"),
        (ServerTLS(ca_cert=server.authority.file, cname="other.example.org"), "other.example.org"),
        (ServerTLS(ca_cert="/nowhere/ca.pem"), "the certificates cannot be used: no such file or directory"),
    ):
        found = await secrets_of(server, tls=tls, max_retries=0).value("secret/database#password")
        assert isinstance(found, NoSecret)
        assert why in found.why
        assert ROOT not in found.why


async def test_namespaces_are_asked_for(server: VaultServer) -> None:
    """A provider with a namespace reads the engines of the namespace."""
    try:
        server.call("POST", "sys/namespaces/team")
    except AssertionError:
        pytest.skip("this server has no namespaces")
    if server.is_real:
        server.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}}, namespace="team")
    server.call("POST", "secret/data/own", {"data": {"token": "of the team"}}, namespace="team")
    assert text(await secrets_of(server, namespace="team").value("secret/own#token")) == "of the team"
    assert "does not exist" in text(await secrets_of(server).value("secret/own#token"))


@pytest.mark.parametrize("status", [412, 429, 503])
async def test_what_may_pass_is_tried_again(speaker: VaultServer, status: int) -> None:
    """A server that is overloaded, sealed or behind is asked `max_retries` times more, and then named."""
    speaker.faults({"status": status}, {"status": status})
    assert text(await secrets_of(speaker).value("secret/database#password")) == "two"
    speaker.faults({"status": status}, {"status": status})
    found = await secrets_of(speaker, max_retries=1).value("secret/database#password")
    assert isinstance(found, NoSecret)
    assert f"status {status}" in found.why
    assert not found.is_missing


async def test_the_pause_is_the_servers(speaker: VaultServer) -> None:
    """A server that says when to come back is not asked before."""
    speaker.faults({"status": 429, "headers": {"Retry-After": "1"}})
    begun = time.monotonic()
    assert text(await secrets_of(speaker).value("secret/database#password")) == "two"
    assert time.monotonic() - begun >= 1


async def test_a_refusal_is_final(speaker: VaultServer) -> None:
    """A missing secret and a refusal are not asked for again."""
    secrets = secrets_of(speaker, max_retries=5)
    for status in (400, 403, 404):
        speaker.requests()
        speaker.faults({"status": status})
        await secrets.value("secret/database#password")
        assert len([one for one in speaker.requests() if one["path"].startswith("secret/")]) == 1


async def test_redirects_of_a_standby_are_followed_with_tls_only(speaker: VaultServer) -> None:
    """The active server of a cluster is asked once more; a server that cannot be trusted never gets the token."""
    target = f"{speaker.url}/v1/secrets/sensu/data/ansible"
    speaker.faults({"status": 307, "headers": {"Location": target}})
    assert text(await secrets_of(speaker).value("secret/x#token")) == "three"
    speaker.faults({"status": 307, "headers": {"Location": target}}, {"status": 307, "headers": {"Location": target}})
    assert "status 307" in text(await secrets_of(speaker).value("secret/x#token"))
    speaker.faults({"status": 307, "headers": {"Location": target.replace("https", "http")}})
    assert "status 307" in text(await secrets_of(speaker).value("secret/x#token"))


async def test_an_agent_adds_its_own_token(speaker: VaultServer) -> None:
    """Requests to a Vault Agent have no token, and the header that guards it against requests of web pages."""
    secrets = secrets_of(speaker, agent_address=speaker.url, token="")
    secrets.start()
    await secrets.value("secret/database#password")
    (sent,) = speaker.requests()
    assert sent["headers"]["X-Vault-Request"] == "true"
    assert "X-Vault-Token" not in sent["headers"]


async def test_answers_that_are_no_values_are_failures(speaker: VaultServer) -> None:
    """An answer that is no JSON or too large is no value, and is not shown."""
    page = {"body": "<html>s3cret</html>"}
    for body, why in ((page, "has no field password"), ({**page, "times": 60_000}, "more than 1048576 bytes")):
        speaker.faults({"status": 200, **body})
        found = text(await secrets_of(speaker, max_retries=0).value("secret/database#password"))
        assert why in found
        assert "s3cret" not in found


async def test_a_token_that_cannot_be_renewed_is_reported(
    speaker: VaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The provider reports the refusal, and that the token is valid again; the token is in no log."""
    token = speaker.token("reader", ttl="1s")
    heard: asyncio.Queue[NoSecret | None] = asyncio.Queue()
    with caplog.at_level(logging.DEBUG):
        secrets = secrets_of(speaker, token=token, report=heard.put_nowait)
        speaker.faults({"status": 404})
        secrets.start()
        failed = await asyncio.wait_for(heard.get(), 5)
        secrets.close()
    assert failed == NoSecret("looking up the token failed with status 404")
    assert token not in caplog.text + msgspec.json.encode([str(vars(one)) for one in caplog.records]).decode()
