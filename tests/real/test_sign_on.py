"""Signing on to a backend with users of a real directory: rights, sessions and the audit log."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.api_harness import ADMIN, PASSWORD, RunningApi, running_api
from tests.real import openldap
from tests.real.openldap import BINDER, BINDER_PASSWORD, GROUPS, PEOPLE, OpenLDAP, person

PROVIDERS = "/api/enterprise/authentication/v2/authproviders"
CORE = "/api/core/v2"
Tokens = dict[str, Any]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[RunningApi]:
    """An API that listens."""
    async with running_api(tmp_path / "backend") as api:
        yield api


@pytest.fixture
async def admin(api: RunningApi) -> str:
    """The Authorization header of the administrator."""
    return await api.token()


def provider(ldap: OpenLDAP, name: str = "openldap", **fields: Any) -> dict[str, Any]:
    """The resource of a provider."""
    server = {
        "host": "127.0.0.1",
        "port": ldap.tls_port,
        "trusted_ca_file": ldap.authority.file,
        "binding": {"user_dn": BINDER, "password": BINDER_PASSWORD},
        "user_search": {"base_dn": PEOPLE, "name_attribute": "uid"},
        "group_search": {"base_dn": GROUPS},
        **fields.pop("server", {}),
    }
    spec = {"servers": [server], "username_prefix": "ldap", "groups_prefix": "ldap", **fields}
    return {"type": "ldap", "api_version": "authentication/v2", "metadata": {"name": name}, "spec": spec}


async def put(api: RunningApi, admin: str, path: str, body: Any) -> None:
    answer = await api.call("PUT", path, body, Authorization=admin)
    assert answer.status == 201, answer.body


async def configure(api: RunningApi, admin: str, *providers: dict[str, Any]) -> None:
    """Providers, and the right to view checks for everybody in the directory's group ops."""
    for one in providers:
        await put(api, admin, f"{PROVIDERS}/{one['metadata']['name']}", one)
    binding = {
        "metadata": {"name": "ops"},
        "role_ref": {"type": "ClusterRole", "name": "view"},
        "subjects": [{"type": "Group", "name": "ldap:ops"}],
    }
    await put(api, admin, f"{CORE}/clusterrolebindings/ops", binding)


async def log_in(api: RunningApi, username: str, password: str = openldap.PASSWORD) -> tuple[int, Tokens]:
    basic = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    answer = await api.call("GET", "/auth", Authorization=basic)
    return answer.status, json.loads(answer.body) if answer.status == 200 else {}


async def refreshed(api: RunningApi, tokens: Tokens) -> tuple[int, Tokens]:
    body = {"refresh_token": tokens["refresh_token"]}
    answer = await api.call("POST", "/auth/token", body, Authorization=f"Bearer {tokens['access_token']}")
    return answer.status, json.loads(answer.body) if answer.status == 200 else {}


async def may_read(api: RunningApi, tokens: Tokens) -> int:
    path = f"{CORE}/namespaces/default/checks"
    return (await api.call("GET", path, Authorization=f"Bearer {tokens['access_token']}")).status


async def refusals(api: RunningApi, admin: str) -> Iterator[tuple[str, str]]:
    entries = json.loads((await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body)
    return ((one["username"], one["reason"]) for one in entries if one["action"] == "login refused")


def claims_of(tokens: Tokens) -> Any:
    part = tokens["access_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def test_groups_of_the_directory_decide_what_a_user_may_do(ldap: OpenLDAP, api: RunningApi, admin: str) -> None:
    """A user of the directory has the rights of its groups, and a token that names the provider and the user there."""
    await configure(api, admin, provider(ldap))
    status, tokens = await log_in(api, "alice")
    assert status == 200
    assert await may_read(api, tokens) == 200
    claims = claims_of(tokens)
    assert claims["sub"] == "ldap:alice"
    assert claims["provider"] == {
        "provider_id": "ldap/openldap",
        "provider_type": "ldap",
        "user_id": person("alice"),
    }
    assert set(claims["groups"]) >= {"ldap:ops", "ldap:dev"}
    _, other = await log_in(api, "carol")
    assert await may_read(api, other) == 403
    users = json.loads((await api.call("GET", f"{CORE}/users", Authorization=admin)).body)
    assert "ldap:alice" not in [user["username"] for user in users]


async def test_a_change_of_groups_acts_at_the_next_refresh(ldap: OpenLDAP, api: RunningApi, admin: str) -> None:
    """A user who joins a group gets its rights with the next token, and loses them in the same way."""
    await configure(api, admin, provider(ldap))
    _, tokens = await log_in(api, "carol")
    ldap.change(f"dn: cn=ops,{GROUPS}\nchangetype: modify\nadd: member\nmember: {person('carol')}\n")
    try:
        assert await may_read(api, tokens) == 403
        _, tokens = await refreshed(api, tokens)
        assert await may_read(api, tokens) == 200
    finally:
        ldap.change(f"dn: cn=ops,{GROUPS}\nchangetype: modify\ndelete: member\nmember: {person('carol')}\n")
    _, tokens = await refreshed(api, tokens)
    assert await may_read(api, tokens) == 403


async def test_a_directory_that_is_away_ends_no_session(ldap: OpenLDAP, api: RunningApi, admin: str) -> None:
    """While it cannot be reached, refreshes and log-ins get 503, sessions go on, and local users log in as ever."""
    await configure(api, admin, provider(ldap))
    _, tokens = await log_in(api, "alice")
    await configure(api, admin, provider(ldap, server={"port": 1}))
    assert (await refreshed(api, tokens))[0] == 503
    assert (await log_in(api, "alice"))[0] == 503
    assert (await log_in(api, ADMIN, PASSWORD))[0] == 200
    assert await may_read(api, tokens) == 200
    await configure(api, admin, provider(ldap))
    assert (await refreshed(api, tokens))[0] == 200


async def test_a_directory_that_is_away_locks_out_nobody_of_another(
    ldap: OpenLDAP, api: RunningApi, admin: str
) -> None:
    """Users of one provider log in while another one is down, by name and by prefix."""
    away = provider(ldap, "away", username_prefix="away", server={"port": 1})
    await configure(api, admin, away, provider(ldap))
    for username in ("alice", "ldap:alice"):
        assert (await log_in(api, username))[0] == 200
    assert (await log_in(api, "ldap:alice", "wrong"))[0] == 401
    assert (await log_in(api, "away:alice"))[0] == 503


async def test_a_provider_that_is_deleted_ends_its_sessions(ldap: OpenLDAP, api: RunningApi, admin: str) -> None:
    """Its users are out at once, and another provider of that name does not let them in again."""
    await configure(api, admin, provider(ldap))
    _, tokens = await log_in(api, "alice")
    assert (await api.call("DELETE", f"{PROVIDERS}/openldap", Authorization=admin)).status == 204
    assert await may_read(api, tokens) == 401
    await configure(api, admin, provider(ldap))
    assert await may_read(api, tokens) == 401
    assert (await refreshed(api, tokens))[0] == 401
    assert (await log_in(api, "alice"))[0] == 200


async def test_every_refusal_is_in_the_audit_log(ldap: OpenLDAP, api: RunningApi, admin: str) -> None:
    """An entry says who was refused, if anybody knows the name, by which provider, and why."""
    away = provider(ldap, "away", username_prefix="away", server={"port": 1})
    await configure(api, admin, away, provider(ldap))
    for username in ("bob", "nobody", "away:bob"):
        await log_in(api, username, "wr0ng-secret")
    cannot = "ldap/away: failed to connect to 127.0.0.1:1 with TLS: Connect call failed ('127.0.0.1', 1)"
    assert list(await refusals(api, admin)) == [
        ("(unknown)", cannot),
        ("(unknown)", f"{cannot}; ldap/openldap: user nobody was not found"),
        ("(unknown)", f"{cannot}; ldap/openldap: the password is wrong"),
    ]
    assert (await api.call("DELETE", f"{PROVIDERS}/away", Authorization=admin)).status == 204
    await log_in(api, "bob", "wr0ng-secret")
    assert next(await refusals(api, admin)) == ("ldap:bob", "ldap/openldap: the password is wrong")
    log = (await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body
    assert b"wr0ng-secret" not in log


async def test_local_names_belong_to_local_users(ldap: OpenLDAP, api: RunningApi, admin: str) -> None:
    """The password of a local user goes to no directory, and no user of a directory gets the name of a local one."""
    await configure(api, admin, provider(ldap, username_prefix=""))
    await put(api, admin, f"{CORE}/users/carol", {"username": "carol", "password": "local-password"})
    assert (await log_in(api, "carol", "local-password"))[0] == 200
    assert (await log_in(api, "carol"))[0] == 401
    assert (await log_in(api, "CAROL"))[0] == 401
    assert next(await refusals(api, admin))[1] == 'ldap/openldap: there is a local user "carol"; set username_prefix'


async def test_a_log_in_can_be_tried(ldap: OpenLDAP, api: RunningApi, admin: str) -> None:
    """Who may change a provider sees what a log-in does, step by step; others may not, and no session begins."""
    await configure(api, admin, provider(ldap))
    path = f"{PROVIDERS}/openldap/test"
    body = {"username": "alice", "password": openldap.PASSWORD}
    report = json.loads((await api.call("POST", path, body, Authorization=admin)).body)
    assert (report["accepted"], report["username"], report["user_id"]) == (True, "ldap:alice", person("alice"))
    assert report["groups"] == ["ldap:dev", "ldap:everybody", "ldap:ops", "ldap:system:masters"]
    assert f"bound as {BINDER}" in report["steps"]
    refused = await api.call("POST", path, {**body, "password": "no"}, Authorization=admin)
    assert json.loads(refused.body)["problem"] == "the password is wrong"
    _, tokens = await log_in(api, "alice")
    denied = await api.call("POST", path, body, Authorization=f"Bearer {tokens['access_token']}")
    assert denied.status == 403
    assert (await api.call("POST", f"{PROVIDERS}/missing/test", body, Authorization=admin)).status == 404
    sessions = json.loads((await api.call("GET", "/api/sensu/v1/sessions", Authorization=admin)).body)["sessions"]
    assert [one["username"] for one in sessions].count("ldap:alice") == 1
    entries = json.loads((await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body)
    assert [entry.get("reason") for entry in entries if entry["action"] == "test"] == ["the password is wrong", None]


async def test_agents_do_not_depend_on_a_directory(ldap: OpenLDAP, api: RunningApi, admin: str) -> None:
    """A user of a directory has no API keys, and its password is managed by the directory."""
    await configure(api, admin, provider(ldap))
    _, tokens = await log_in(api, "alice")
    key = await api.call("POST", f"{CORE}/apikeys", {"username": "ldap:alice"}, Authorization=admin)
    assert key.status in (400, 404)
    body = {"password": openldap.PASSWORD, "password_new": "another-password"}
    path = f"{CORE}/users/ldap:alice/password"
    changed = await api.call("PUT", path, body, Authorization=f"Bearer {tokens['access_token']}")
    assert changed.status in (400, 403, 404)
