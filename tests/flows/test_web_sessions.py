"""Signing in at the web UI's port: cookies, where they count, what ends them, and requests from other sites."""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sensu.backend.api.oidc import ROOT as OIDC_LOGIN
from sensu.backend.auth.attempts import GUESSES_MAX
from sensu.backend.auth.sessions import SESSION_KIND
from sensu.backend.auth.web_sessions import LASTS_S, USE_NOTED_EVERY_S
from sensu.backend.stored_form import put
from sensu.resources.kinds import CLUSTER_ROLE_BINDING, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.role_binding import ClusterRoleBinding, RoleRef, Subject
from sensu.resources.user import User
from sensu.store.values import Committed, PutState
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import ADMIN, PASSWORD, Answer, RunningApi, quick_hash, running_api
from tests.flows.test_dashboard import build

SESSION = "/auth/session"
CHECKS = "/api/core/v2/namespaces/default/checks"
REST_S = 43_200.0
LIVE_ENDS_S = 2.0
"""The live stream looks at credentials once a second, at its tick."""
STORY_S = 60


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[RunningApi]:
    """A backend that serves the web UI."""
    async with asyncio.timeout(STORY_S), running_api(tmp_path, dist=build(tmp_path / "dist")) as api:
        yield api


def own(api: RunningApi) -> str:
    """What a page of the web UI sends as Origin."""
    return api.web_url


async def signed_in(api: RunningApi, username: str = ADMIN, password: str = PASSWORD, **headers: str) -> str:
    """The Cookie header of a browser that signed in."""
    answer = await attempt(api, username, password, **headers)
    assert answer.status == 200, answer.body
    return answer.headers["Set-Cookie"].partition(";")[0]


async def attempt(api: RunningApi, username: str, password: str, **headers: str) -> Answer:
    body = {"username": username, "password": password}
    return await api.browse("POST", SESSION, body, Origin=own(api), **headers)


async def state(api: RunningApi, cookie: str, query: str = "") -> Any:
    answer = await api.browse("GET", SESSION + query, Cookie=cookie)
    assert answer.status == 200
    return json.loads(answer.body)


async def with_ann(api: RunningApi) -> None:
    """A user ann, who may see and change what is in namespaces."""
    ann = User(username="ann", password_hash=quick_hash(PASSWORD))
    binding = ClusterRoleBinding(
        metadata=ObjectMeta(name="ann"),
        subjects=(Subject(type="User", name="ann"),),
        role_ref=RoleRef(type="ClusterRole", name="edit"),
    )
    await api.store.commit([put(USER, ann), put(CLUSTER_ROLE_BINDING, binding)])


async def test_a_cookie_opens_the_web_ui_and_nothing_else(api: RunningApi) -> None:
    """Scripts and other sites do not get the cookie, and it means nothing at the API's own port."""
    answer = await attempt(api, ADMIN, PASSWORD)
    assert json.loads(answer.body)["groups"] == ["cluster-admins", "system:users"]
    assert answer.headers["Cache-Control"] == "no-store"
    sent = SimpleCookie(answer.headers["Set-Cookie"])["sensu"]
    assert (sent["path"], sent["httponly"], sent["samesite"], sent["secure"]) == ("/", True, "Strict", "")
    cookie = f"sensu={sent.value}"
    assert (await api.browse("GET", CHECKS, Cookie=f"other=1; {cookie}; x=y")).status == 200
    assert (await api.call("GET", CHECKS, Cookie=cookie)).status == 401
    assert (await api.browse("GET", CHECKS, Cookie=cookie.replace("sensu=", "__Host-sensu="))).status == 401
    assert (await api.browse("GET", CHECKS, Cookie=cookie, Authorization="Bearer wrong")).status == 401
    for path, method in ((SESSION, "POST"), (SESSION, "DELETE")):
        assert (await api.call(method, path, {"username": ADMIN, "password": PASSWORD})).status == 404
    assert json.loads((await api.call("GET", SESSION, Cookie=cookie)).body)["signed_in"] is False


async def test_only_a_digest_of_the_cookie_is_stored_and_none_is_logged(
    api: RunningApi, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the database nor the log holds a cookie or a password, also at level debug."""
    caplog.set_level(logging.DEBUG)

    cookie = (await signed_in(api)).removeprefix("sensu=")
    await api.browse("GET", CHECKS, Cookie=f"sensu={cookie}")
    await attempt(api, ADMIN, "wrong password")
    bodies = [item.body for item in (await api.store.list(SESSION_KIND, None, limit=10)).items]
    assert len(bodies) == 1
    assert cookie.encode() not in b"".join(bodies)
    for secret in (cookie, PASSWORD, "wrong password"):
        assert secret not in caplog.text


async def test_all_that_is_wrong_gets_the_same_answer(api: RunningApi) -> None:
    """A wrong name, a wrong password and a disabled user differ in the audit log alone, and guesses end in 429."""
    disabled = User(username="gone", password_hash=quick_hash(PASSWORD), disabled=True)
    await api.store.commit([put(USER, disabled)])
    answers = [
        await attempt(api, username, password)
        for username, password in (("nobody", PASSWORD), (ADMIN, "wrong"), ("gone", PASSWORD), ("", ""))
    ]
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
    assert not any("Set-Cookie" in answer.headers for answer in answers)
    log = await api.browse("GET", "/api/sensu/v1/audit", Authorization=await api.token())
    refused = [entry["username"] for entry in json.loads(log.body) if entry["action"] == "login refused"]
    assert refused == ["(unknown)", "gone", ADMIN, "(unknown)"]
    for number in range(GUESSES_MAX):
        await attempt(api, "gone", f"x{number}")
    limited = await attempt(api, "gone", PASSWORD)
    assert limited.status == 429
    assert int(limited.headers["Retry-After"]) > 0


async def test_the_state_of_the_shell_is_always_an_answer(api: RunningApi) -> None:
    """Whoever opens a page learns in one answer who is signed in and with which rights, and strangers nothing else."""
    await with_ann(api)
    nobody = await state(api, "")
    assert set(nobody) == {"signed_in", "now", "settings", "initialised"}
    assert nobody["settings"] == {
        "signin_message": "",
        "silence_reason_optional": False,
        "disable_bsm": False,
        "theme": "system",
        "sign_on": [],
    }
    assert await state(api, "sensu=wrong") == {**nobody, "now": pytest.approx(nobody["now"], abs=30)}
    ann = await state(api, await signed_in(api, "ann"), "?namespace=default")
    assert (ann["signed_in"], ann["username"], ann["namespaces"]) == (True, "ann", ["default", "sensu-system"])
    assert ann["rights"]["namespace"] == "default"
    rules = ann["rights"]["rules"]
    assert any("checks" in rule["resources"] and "*" in rule["verbs"] for rule in rules)
    assert ann["now"] < ann["expires_at"] <= ann["now"] + REST_S


async def test_requests_from_other_sites_change_nothing(api: RunningApi) -> None:
    """A page of another site can neither change something, nor sign anybody in or out."""
    cookie = await signed_in(api)
    body = {"metadata": {"name": "a", "namespace": "default"}, "command": "true", "interval": 10}
    host = api.web_url.removeprefix("http://")
    foreign: list[dict[str, str]] = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://{host}.evil.example"},
        {"Origin": f"http://evil@{host}x"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "https://evil.example", "Sec_Fetch_Site": "same-origin"},
        {},
    ]
    for headers in foreign:
        assert (await api.browse("POST", CHECKS, body, Cookie=cookie, **headers)).status == 403, headers
        assert (await api.browse("DELETE", SESSION, Cookie=cookie, **headers)).status == 403, headers
        if headers:
            sent = {"username": ADMIN, "password": PASSWORD}
            assert (await api.browse("POST", SESSION, sent, **headers)).status == 403, headers
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        refused = await api.browse("POST", CHECKS, body, Cookie=cookie, Origin=own(api), Content_Type=content_type)
        assert refused.status == 403
    assert (await api.browse("GET", f"{CHECKS}/a", Cookie=cookie)).status == 404
    assert (await state(api, cookie))["signed_in"]
    for headers in ({"Origin": own(api).upper()}, {"Sec_Fetch_Site": "same-origin"}):
        headers = {**headers, "Cookie": cookie}
        assert (await api.browse("PUT", f"{CHECKS}/a", body, **headers)).status == 201, headers
    preflight = await api.browse("OPTIONS", CHECKS, Origin="https://evil.example")
    assert not any(name.lower().startswith("access-control") for name in preflight.headers)


async def commits_so_far(api: RunningApi) -> int:
    """The number of the commits in the store, with one that this function makes."""
    made = await api.store.commit([PutState("test.barrier", b"")])
    assert isinstance(made, Committed)
    return made.revision


async def test_reading_changes_nothing(api: RunningApi) -> None:
    """Every GET leaves the store as it was, so that pages of other sites that make a browser read change nothing.

    Only a log-in at an OpenID provider, which ends with a GET, is audited.
    """
    cookie = await signed_in(api)
    before = await commits_so_far(api)
    asked = 0
    for route in api.routes:
        if route.method == "GET" and not route.path.startswith(OIDC_LOGIN):
            path = re.sub(r"\{namespace\}", "default", route.path)
            path = re.sub(r"\{\w+\}", "a", path)
            for _ in range(2):
                answer = await api.browse("GET", path, Cookie=cookie)
                assert answer.status < 500, path
            asked += 1
    assert asked > 50
    assert await commits_so_far(api) == before + 1


async def test_a_link_from_elsewhere_shows_the_page(api: RunningApi) -> None:
    """Reading is allowed from anywhere: SameSite keeps the cookie from pages of other sites, a link needs none."""
    foreign = {"Referer": "https://chat.example/", "Sec_Fetch_Site": "cross-site"}
    assert (await api.browse("GET", "/n/default/events/web1/http", **foreign)).status == 200
    cookie = await signed_in(api)
    assert (await api.browse("GET", CHECKS, Cookie=cookie, Sec_Fetch_Site="same-origin")).status == 200


async def test_signing_in_again_replaces_the_session(api: RunningApi) -> None:
    """A cookie from before the log-in opens nothing afterwards, and signing out ends the session and forgets it."""
    first = await signed_in(api)
    second = await signed_in(api, Cookie=first)
    assert first != second
    assert not (await state(api, first))["signed_in"]
    left = await api.browse("DELETE", SESSION, Cookie=second, Origin=own(api))
    assert left.status == 204
    assert left.headers["Set-Cookie"].startswith("sensu=; ")
    assert "Max-Age=0" in left.headers["Set-Cookie"]
    assert not (await state(api, second))["signed_in"]
    assert (await api.browse("DELETE", SESSION, Cookie=second, Origin=own(api))).status == 204
    log = await api.browse("GET", "/api/sensu/v1/audit", Authorization=await api.token())
    actions = [entry["action"] for entry in json.loads(log.body)]
    assert actions == ["login", "logout", "login", "login"]


async def test_a_session_lasts_while_it_is_used_and_a_week_at_most(tmp_path: Path) -> None:
    """Each use moves the end, noted once a minute; without a use, or after seven days, the session is over."""
    clock = VirtualClock()
    async with running_api(tmp_path, dist=build(tmp_path / "dist"), clock=clock) as api:
        used, rested = await signed_in(api), await signed_in(api)
        began = clock.now()
        while clock.now() - began < LASTS_S - REST_S / 2:
            assert (await api.browse("GET", CHECKS, Cookie=used)).status == 200
            clock.set_by(REST_S / 2)
        assert (await api.browse("GET", CHECKS, Cookie=rested)).status == 401
        assert (await state(api, used))["expires_at"] == began + LASTS_S
        clock.set_by(REST_S / 2)
        assert (await api.browse("GET", CHECKS, Cookie=used)).status == 401
        revision = api.store.feed.revision
        fresh = await signed_in(api)
        written = api.store.feed.revision
        assert written > revision
        for _ in range(5):
            clock.set_by(USE_NOTED_EVERY_S / 6)
            assert (await api.browse("GET", CHECKS, Cookie=fresh)).status == 200
        assert api.store.feed.revision == written


@contextlib.asynccontextmanager
async def following(api: RunningApi, cookie: str, path: str = f"{CHECKS}?watch=true") -> Any:
    """A live stream of a browser."""
    headers = {"Cookie": cookie}
    async with api.http.get(f"{api.web_url}{path}", headers=headers) as response:
        assert response.status == 200
        yield response


async def ended(response: aiohttp.ClientResponse, within_s: float = 1.0) -> str:
    """What a stream says until it ends."""
    async with asyncio.timeout(within_s):
        return (await response.content.read()).decode()


@pytest.mark.parametrize("way", ["sign-out", "disable", "put disabled", "other password", "reset", "list"])
async def test_what_ends_a_session_ends_its_streams_within_a_second(api: RunningApi, way: str) -> None:
    """Signing out, disabling the user, a new password and an administrator end sessions, and what they follow live."""
    await with_ann(api)
    admin = {"Authorization": await api.token()}
    cookie, other = await signed_in(api, "ann"), await signed_in(api)
    users = "/api/core/v2/users/ann"
    async with following(api, cookie) as stream, following(api, other) as kept:
        match way:
            case "sign-out":
                answer = await api.browse("DELETE", SESSION, Cookie=cookie, Origin=own(api))
            case "disable":
                answer = await api.call("DELETE", users, **admin)
            case "put disabled":
                answer = await api.call(
                    "PUT", users, {"username": "ann", "password": PASSWORD, "disabled": True}, **admin
                )
            case "other password":
                answer = await api.call("PUT", users, {"username": "ann", "password": "an other one"}, **admin)
            case "reset":
                body = {"password_hash": quick_hash("an other one")}
                answer = await api.call("PUT", f"{users}/reset_password", body, **admin)
            case _:
                sessions = json.loads((await api.call("GET", "/api/sensu/v1/sessions", **admin)).body)["sessions"]
                (mine,) = [one["id"] for one in sessions if one["username"] == "ann"]
                answer = await api.call("DELETE", f"/api/sensu/v1/sessions/{mine}", **admin)
        assert answer.status in (201, 204), answer.body
        assert "event: ended" in await ended(stream)
        assert not kept.content.at_eof()
    assert (await api.browse("GET", CHECKS, Cookie=cookie)).status == 401
    assert (await api.browse("GET", CHECKS, Cookie=other)).status == 200


async def test_the_live_stream_of_pages_ends_with_the_session(api: RunningApi) -> None:
    """The stream that pages of the web UI share ends, with its reason, at the next tick after the sign-out."""
    cookie = await signed_in(api)
    async with following(api, cookie, "/api/sensu/v1/live?topics=counts:default") as stream:
        left = await api.browse("DELETE", SESSION, Cookie=cookie, Origin=own(api))
        assert left.status == 204
        assert "event: ended" in await ended(stream, LIVE_ENDS_S)


async def test_changing_the_own_password_ends_the_other_sessions(api: RunningApi) -> None:
    """The session in which the password was changed goes on; those of other browsers and programs end."""
    await with_ann(api)
    mine, other = await signed_in(api, "ann"), await signed_in(api, "ann")
    token = await api.token("ann")
    change = {"password": PASSWORD, "password_new": "an other one"}
    path = "/api/core/v2/users/ann/change_password"
    assert (await api.browse("PUT", path, change, Cookie=mine, Origin=own(api))).status == 201
    assert (await api.browse("GET", CHECKS, Cookie=mine)).status == 200
    assert (await api.browse("GET", CHECKS, Cookie=other)).status == 401
    assert (await api.call("GET", CHECKS, Authorization=token)).status == 401
    same = {"username": "ann", "groups": ["ops"]}
    admin = await api.token()
    stored = json.loads((await api.call("GET", "/api/core/v2/users/ann", Authorization=admin)).body)
    assert "password_hash" not in stored
    assert (await api.call("PUT", f"{path.rpartition('/')[0]}/groups/ops", same, Authorization=admin)).status == 201
    assert (await api.browse("GET", CHECKS, Cookie=mine)).status == 200


async def test_users_see_and_end_their_own_sessions(api: RunningApi) -> None:
    """Everybody sees its own sessions, with address and program; only those who may list users see those of others."""
    await with_ann(api)
    mine = await signed_in(api, "ann", User_Agent="Firefox " + "x" * 500)
    await signed_in(api)
    path = "/api/sensu/v1/sessions"
    shown = json.loads((await api.browse("GET", path, Cookie=mine)).body)
    assert [one["username"] for one in shown["sessions"]] == ["ann"]
    (one,) = shown["sessions"]
    assert (one["web"], one["current"], one["address"], one["provider"]) == (True, True, "127.0.0.1", "basic")
    assert one["client"] == ("Firefox " + "x" * 500)[:200]
    assert (await api.browse("GET", f"{path}?username=admin", Cookie=mine)).status == 403
    admin = await api.token()
    every = json.loads((await api.call("GET", path, Authorization=admin)).body)["sessions"]
    assert sorted(one["username"] for one in every) == ["admin", "admin", "ann"]
    assert [one["web"] for one in every if one["current"]] == [False]
    other = next(one["id"] for one in every if one["web"] and one["username"] == "admin")
    assert (await api.browse("DELETE", f"{path}/{other}", Cookie=mine, Origin=own(api))).status == 404
    assert (await api.browse("DELETE", f"{path}/none", Cookie=mine, Origin=own(api))).status == 404
    assert (
        await api.browse("DELETE", f"{path}/{shown['sessions'][0]['id']}", Cookie=mine, Origin=own(api))
    ).status == 204
    assert not (await state(api, mine))["signed_in"]
    log = json.loads((await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body)
    assert (log[0]["action"], log[0]["type"], log[0]["name"]) == ("end", "Session", "ann")


async def test_a_session_survives_a_restart(tmp_path: Path) -> None:
    """Whoever is signed in stays so when the backend starts again, for sessions are stored."""
    dist = build(tmp_path / "dist")
    async with running_api(tmp_path / "a", dist=dist) as api:
        cookie = await signed_in(api)
    async with running_api(tmp_path / "a", dist=dist, fresh=False) as api:
        assert (await state(api, cookie))["signed_in"]
