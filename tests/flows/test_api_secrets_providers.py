"""Secrets providers over the API: kinds of one list, with keys and tokens that are sealed."""

import json
from pathlib import Path
from typing import Any

import pytest

from sensu.rules.redaction import REDACTED
from tests.flows.api_harness import RunningApi, reader_of

PROVIDERS = "/api/enterprise/secrets/v1/providers"
ENV = {"type": "Env", "api_version": "secrets/v1", "metadata": {"name": "env"}, "spec": {}}


def provider(name: str, of: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A provider as files and the API have it."""
    return {"type": of, "api_version": "secrets/v1", "metadata": {"name": name}, "spec": spec}


async def put(api: RunningApi, admin: str, body: dict[str, Any], status: int = 201) -> str:
    answer = await api.call("PUT", f"{PROVIDERS}/{body['metadata']['name']}", body, Authorization=admin)
    assert answer.status == status, answer.body
    return str(json.loads(answer.body).get("message", "")) if status >= 400 else ""


async def got(api: RunningApi, who: str, path: str = "") -> Any:
    return json.loads((await api.call("GET", f"{PROVIDERS}{path}", Authorization=who)).body)


async def test_the_environment_is_there_from_the_start(api: RunningApi, admin: str) -> None:
    """The provider `env` is listed, can be put again, deleted and created, and is the only one of its type."""
    assert await got(api, admin) == [ENV]
    await put(api, admin, ENV)
    assert (await got(api, admin, "/env"))["spec"] == {}
    assert (await api.call("DELETE", f"{PROVIDERS}/env", Authorization=admin)).status == 204
    assert (await api.call("DELETE", f"{PROVIDERS}/env", Authorization=admin)).status == 404
    assert await got(api, admin) == []
    await put(api, admin, ENV)
    assert 'called "env"' in await put(api, admin, {**ENV, "metadata": {"name": "other"}}, 400)


async def test_a_directory_is_a_provider(api: RunningApi, admin: str) -> None:
    """A provider of files is listed with the others, found by its type, and names an absolute path."""
    await put(api, admin, provider("mounted", "FileProvider", {"directory": "/run/secrets"}))
    assert (await got(api, admin, "/mounted"))["spec"] == {"directory": "/run/secrets"}
    for query, names in (
        ("", ["env", "mounted"]),
        ("?types=Env", ["env"]),
        ("?types=FileProvider&types=Env", ["env", "mounted"]),
        ("?fieldSelector=provider.name%20matches%20mount", ["mounted"]),
    ):
        assert [one["metadata"]["name"] for one in await got(api, admin, query)] == names
    await put(api, admin, provider("credentials", "FileProvider", {}))


VAULT = {
    "address": "https://vaultserver.example.com:8200",
    "token": "VAULT_TOKEN",
    "version": "v1",
    "tls": {"ca_cert": "/etc/ssl/certs/vault_ca_cert.pem"},
    "max_retries": 2,
    "timeout": "20s",
    "rate_limiter": {"limit": 10.0, "burst": 100},
}
NO_TLS = {"ca_cert": "", "client_cert": "", "client_key": "", "cname": ""}


def vault(name: str = "vault", **client: Any) -> dict[str, Any]:
    """A provider with the least that is required, and more."""
    least = {"address": "https://vault.example.org:8200", "token": "T0KEN", "version": "v2"}
    return provider(name, "VaultProvider", {"client": {**least, **client}})


async def test_a_vault_is_shown_as_the_reference_shows_it(api: RunningApi, admin: str) -> None:
    """What is left out gets the documented values; what is not set is null, and durations are as Go writes them."""
    await put(api, admin, provider("my_vault", "VaultProvider", {"client": VAULT}))
    shown = (await got(api, admin, "/my_vault"))["spec"]["client"]
    assert shown == {**VAULT, "agent_address": "", "tls": {**NO_TLS, **VAULT["tls"]}}  # type: ignore[dict-item]
    await put(api, admin, vault(timeout="60s"))
    shown = (await got(api, admin, "/vault"))["spec"]["client"]
    assert {name: shown[name] for name in ("tls", "rate_limiter", "timeout", "max_retries")} == {
        "tls": None,
        "rate_limiter": None,
        "timeout": "1m0s",
        "max_retries": 2,
    }
    await put(api, admin, vault(max_retries=0))
    assert (await got(api, admin, "/vault"))["spec"]["client"]["max_retries"] == 0


async def test_what_was_put_is_what_is_read(api: RunningApi, admin: str) -> None:
    """A second PUT of what a caller with the right to update reads changes nothing, so that tools are idempotent."""
    for body in (
        vault(),
        vault(timeout="5s", tls={"ca_cert": "/tmp/ca.crt"}, rate_limiter={"limit": 15.3, "burst": 50}),
    ):
        await put(api, admin, body)
        first = await api.call("GET", f"{PROVIDERS}/vault", Authorization=admin)
        shown = json.loads(first.body)
        for name, value in body["spec"]["client"].items():
            assert shown["spec"]["client"][name] == ({**NO_TLS, **value} if name == "tls" else value)
        await put(api, admin, shown)
        again = await api.call("GET", f"{PROVIDERS}/vault", Authorization=admin)
        assert (again.body, again.headers["Etag"]) == (first.body, first.headers["Etag"])


CONJUR = {
    "account": "sensu.io",
    "appliance_url": "http://localhost:8480",
    "login": "host/Sensu/sensuBackend",
    "api_key": "CONJUR_API_KEY",
    "timeout": "1s",
    "tls": None,
    "ttl": "1m0s",
}
AWS = {"region": "ap-south-1", "access_key": "xxxxx", "secret_key": "xxxx", "timeout": 60}


def conjur(**client: Any) -> dict[str, Any]:
    return provider("conjur", "CyberArkProvider", {"client": {**CONJUR, **client}})


def amazon(**client: Any) -> dict[str, Any]:
    return provider("aws", "AWSProvider", {"client": {**AWS, **client}})


async def test_conjur_and_aws_are_shown_as_the_reference_shows_them(api: RunningApi, admin: str) -> None:
    """What is left out gets the documented values, and durations are as Go writes them."""
    await put(api, admin, conjur(ttl="60s"))
    assert (await got(api, admin, "/conjur"))["spec"]["client"] == CONJUR
    least = {name: CONJUR[name] for name in ("account", "appliance_url", "login", "api_key")}
    await put(api, admin, provider("conjur", "CyberArkProvider", {"client": least}))
    assert (await got(api, admin, "/conjur"))["spec"]["client"] == {**CONJUR, "timeout": "1m0s", "ttl": "30s"}
    await put(api, admin, provider("aws", "AWSProvider", {"client": {k: AWS[k] for k in AWS if k != "timeout"}}))
    assert (await got(api, admin, "/aws"))["spec"]["client"] == AWS


@pytest.mark.parametrize(
    ("body", "fields", "elsewhere", "place"),
    [
        (conjur(), ("api_key",), {"appliance_url": "https://other"}, "the API key of host/Sensu/sensuBackend at"),
        (amazon(), ("access_key", "secret_key"), {"region": "eu-west-1"}, "the access_key for eu-west-1"),
    ],
)
async def test_keys_are_shown_to_those_who_may_change_them(
    api: RunningApi, admin: str, body: dict[str, Any], fields: tuple[str, ...], elsewhere: dict[str, str], place: str
) -> None:
    """Readers get REDACTED, which keeps the key when it is sent, but not for another server; the store has no key."""
    reader, name = await reader_of(api, admin, "providers"), body["metadata"]["name"]
    for key in ("c4nary1", "c4nary2"):
        body["spec"]["client"] |= dict.fromkeys(fields, key)
        await put(api, admin, body)
    shown = await got(api, reader, f"/{name}")
    assert {shown["spec"]["client"][field] for field in fields} == {REDACTED}
    await put(api, admin, shown)
    kept = await got(api, admin, f"/{name}")
    assert {kept["spec"]["client"][field] for field in fields} == {"c4nary2"}
    shown["spec"]["client"] |= elsewhere
    assert (await put(api, admin, shown, 400)).startswith(place)
    entries = (await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body
    stored = b"".join([one async for chunk in api.store.bodies("secrets/v1.Provider", None) for one in chunk])
    assert b"c4nary" not in entries + stored


async def test_tokens_are_shown_to_those_who_may_change_them(api: RunningApi, admin: str, tmp_path: Path) -> None:
    """Readers without the right to update get REDACTED; the audit log and the store contain no token."""
    reader = await reader_of(api, admin, "providers")
    await put(api, admin, vault(token="c4nary-1"))
    await put(api, admin, vault(token="c4nary-2"))
    for who, expected in ((admin, "c4nary-2"), (reader, REDACTED)):
        listed = {one["metadata"]["name"]: one for one in await got(api, who)}
        assert listed["vault"]["spec"]["client"]["token"] == expected
        assert (await got(api, who, "/vault"))["spec"]["client"]["token"] == expected
    await put(api, admin, vault(token=REDACTED, version="v1"))
    assert (await got(api, admin, "/vault"))["spec"]["client"]["token"] == "c4nary-2"
    refused = await put(api, admin, vault(token=REDACTED, address="https://elsewhere.example.org"), 400)
    assert refused.startswith("the token for https://elsewhere.example.org is REDACTED, which keeps the stored value")
    entries = (await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body
    stored = b"".join([body async for chunk in api.store.bodies("secrets/v1.Provider", None) for body in chunk])
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"c4nary" not in entries + stored + files


async def test_a_connection_without_encryption_is_pointed_out(api: RunningApi, admin: str) -> None:
    """The documentation's http URL is accepted, with a notice."""
    answer = await api.call("PUT", f"{PROVIDERS}/vault", vault(address="http://localhost:8200"), Authorization=admin)
    assert (answer.status, answer.headers["Sensu-Notice"]) == (
        201,
        "the connection to the server is not encrypted: its URL begins with http",
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (vault(address="vault:8200"), "client.address must be an https or http URL"),
        (vault(agent_address="x"), "client.agent_address must be an https or http URL"),
        (vault(token=""), "client.token must be set, or client.tls.client_cert to log in with a certificate"),
        (vault(token="a\r\nb"), "client.token must be printable ASCII without spaces"),
        (vault(version="v3"), "client.version must be one of v1, v2"),
        (vault(max_retries=-1), "client.max_retries must be from 0 to 10"),
        (vault(timeout="1h"), "client.timeout must be a duration of more than 0 and at most 5m0s, such as 20s"),
        (conjur(account=""), "client.account must be set"),
        (conjur(appliance_url="conjur"), "client.appliance_url must be an https or http URL"),
        (conjur(ttl="2d"), "client.ttl must be a duration of more than 0 and at most 24h0m0s"),
        (amazon(region="Frankfurt"), "client.region must be the name of an AWS region, such as eu-central-1"),
        (amazon(access_key="a/b"), "client.access_key must be set, in letters and digits"),
        (amazon(secret_key=""), "client.secret_key must be set"),
        (amazon(timeout=0), "client.timeout must be a number of seconds from 1 to 300"),
        (vault(timeout="soon"), "client.timeout must be a duration"),
        (vault(rate_limiter={"limit": 0, "burst": 5}), "client.rate_limiter needs a limit and a burst"),
        (vault(tls={"client_cert": "/a"}), "client.tls.client_key must be set"),
        (vault(tls={"ca_cert": "ca.pem"}), "client.tls.ca_cert must be an absolute path"),
        (provider("env", "FileProvider", {}), '"env" is the name of the provider of type Env; choose another one'),
        (provider("a b", "FileProvider", {}), "provider name cannot contain spaces or special characters"),
        (provider("x", "FileProvider", {"directory": "run"}), "directory must be an absolute path"),
        (provider("x", "FileProvider", {"directory": "/a/../etc"}), "directory must be an absolute path"),
        (provider("x", "Chamber", {}), "type must be one of"),
    ],
)
async def test_a_wrong_provider_is_refused(api: RunningApi, admin: str, body: dict[str, Any], message: str) -> None:
    """A refusal names the field and the rule."""
    assert message in await put(api, admin, body, 400)
