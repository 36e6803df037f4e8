"""API keys by id: shown without the keys, issued in an answer that nothing stores, revoked without a key in a URL."""

import json
from pathlib import Path
from typing import Any

from sensu.backend.auth.key_uses import KEY_USE_KIND, USE_NOTED_EVERY_S
from sensu.backend.stored_form import put
from sensu.resources.kinds import USER
from sensu.resources.user import User
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import PASSWORD, RunningApi, quick_hash, running_api
from tests.flows.test_api_rbac import BOB, everywhere, rule

KEYS = "/api/sensu/v1/apikeys"
CORE = "/api/core/v2/apikeys"


async def issued(api: RunningApi, token: str, username: str = "admin") -> Any:
    answer = await api.call("POST", KEYS, {"username": username}, Authorization=token)
    assert answer.status == 200, answer.body
    assert answer.headers["Cache-Control"] == "no-store"
    return json.loads(answer.body)


async def listed(api: RunningApi, token: str) -> list[Any]:
    answer = await api.call("GET", KEYS, Authorization=token)
    assert answer.status == 200, answer.body
    found: list[Any] = json.loads(answer.body)["keys"]
    return found


async def test_a_key_is_shown_once(api: RunningApi) -> None:
    """A new key works, is in the answer that issues it, and afterwards only its last four characters are shown."""
    token = await api.token()
    new = await issued(api, token)
    (shown,) = await listed(api, token)
    assert new["key"] not in json.dumps(shown)
    assert shown["last_characters"] == new["key"][-4:]
    assert (shown["id"], shown["username"], shown["created_by"]) == (new["id"], "admin", "admin")
    assert shown["created_at"] > 0
    answer = await api.call("GET", "/api/core/v2/namespaces", Authorization=f"Key {new['key']}")
    assert answer.status == 200
    log = await api.call("GET", "/api/sensu/v1/audit", Authorization=token)
    assert new["key"].encode() not in log.body
    assert b'"type":"APIKey"' in log.body


async def test_a_key_is_revoked_by_its_id(api: RunningApi) -> None:
    """A revoked key no longer works, and neither does its id; an unknown id is not found."""
    token = await api.token()
    new, other = await issued(api, token), await issued(api, token)
    assert (await api.call("GET", CORE, Authorization=f"Key {new['id']}")).status == 401
    assert (await api.call("DELETE", f"{KEYS}/{new['id']}", Authorization=token)).status == 204
    assert (await api.call("GET", CORE, Authorization=f"Key {new['key']}")).status == 401
    assert (await api.call("GET", CORE, Authorization=f"Key {other['key']}")).status == 200
    assert (await api.call("DELETE", f"{KEYS}/{new['id']}", Authorization=token)).status == 404
    assert [one["id"] for one in await listed(api, token)] == [other["id"]]


async def test_a_key_is_issued_to_existing_users(api: RunningApi) -> None:
    """A key for nobody is refused."""
    answer = await api.call("POST", KEYS, {"username": "nobody"}, Authorization=await api.token())
    assert answer.status == 400
    assert b"user does not exist" in answer.body


async def test_the_last_use_is_noted_once_in_a_while(tmp_path: Path) -> None:
    """Using a key shows in the list, but most requests with it write nothing; a revoked key leaves no trace of use."""
    clock = VirtualClock(1_790_000_000.0)
    async with running_api(tmp_path, clock=clock) as api:
        token = await api.token()
        new = await issued(api, token)
        assert (await listed(api, token))[0]["last_used_at"] == 0
        first = clock.now()
        for _ in range(3):
            await api.call("GET", CORE, Authorization=f"Key {new['key']}")
            await clock.advance(1)
        assert (await listed(api, token))[0]["last_used_at"] == first
        await clock.advance(USE_NOTED_EVERY_S)
        token, second = await api.token(), clock.now()
        await api.call("GET", CORE, Authorization=f"Key {new['key']}")
        assert (await listed(api, token))[0]["last_used_at"] == second
        await api.call("DELETE", f"{KEYS}/{new['id']}", Authorization=token)
        assert await api.store.count(KEY_USE_KIND, None) == 0


async def test_uses_of_keys_that_were_deleted_otherwise_are_dropped(api: RunningApi) -> None:
    """The use of a key that was deleted as a resource is dropped when the next key is granted."""
    token = await api.token()
    old = await issued(api, token)
    await api.call("GET", CORE, Authorization=f"Key {old['key']}")
    await api.call("DELETE", f"{CORE}/{old['key']}", Authorization=token)
    await issued(api, token)
    assert await api.store.count(KEY_USE_KIND, None) == 0


async def test_keys_by_id_need_the_rights_on_keys(api: RunningApi) -> None:
    """Listing, issuing and revoking each need their own verb on apikeys, and each verb is enough for its request."""
    admin = await api.token()
    await api.store.commit([put(USER, User(username="bob", password_hash=quick_hash(PASSWORD)))])
    token = await api.token("bob")
    allowed = {"list": "GET", "create": "POST", "delete": "DELETE"}
    for granted in ("", *allowed):
        grants = everywhere(BOB, rule("apikeys", (granted,))) if granted else []
        await api.store.commit(grants)
        for verb, method in allowed.items():
            key = await issued(api, admin)
            path = f"{KEYS}/{key['id']}" if method == "DELETE" else KEYS
            answer = await api.call(
                method, path, {"username": "bob"} if method == "POST" else None, Authorization=token
            )
            assert (answer.status != 403) is (verb == granted), (granted, verb)
            missing = await api.call("DELETE", f"{KEYS}/unknown", Authorization=token)
            assert missing.status == (404 if granted == "delete" else 403)


async def test_refusals_do_not_remember_each_other(api: RunningApi) -> None:
    """A refusal carries each header once, however often somebody is refused."""
    await api.store.commit([put(USER, User(username="bob", password_hash=quick_hash(PASSWORD)))])
    token = await api.token("bob")
    for path in (KEYS, KEYS, "/api/sensu/v1/sessions?username=admin", "/api/sensu/v1/sessions?username=admin"):
        answer = await api.call("GET", path, Authorization=token)
        assert answer.status == 403
        assert list(answer.headers).count("Cache-Control") <= 1
