"""Signing on to a backend with users of a real OpenID provider: log-ins, refusals, refreshes and the audit log."""

import json
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import jwt
import pytest

from sensu.backend.auth.attempts import GUESSES_MAX, GUESSES_S
from sensu.backend.auth.oidc.connection import ProviderConnection
from sensu.backend.auth.oidc.keys import Published
from sensu.backend.auth.rest import FAILURES_MAX, REST_S
from sensu.clock import SystemClock
from sensu.rules.directory import Mistake
from sensu.rules.oidc import Endpoints, challenge_of
from tests.flows.api_harness import RunningApi, running_api
from tests.moved_clock import MovedClock
from tests.real.oidc_log_ins import CALLBACK, ROOT, Browser, browser, configure, refusals
from tests.real.oidc_provider import SECRET, IdentityProvider, new_key

VERIFIER = "the-verifier-of-a-program-that-waits-for-its-code"


@pytest.fixture
def clock() -> MovedClock:
    """A clock that a test can move."""
    return MovedClock()


@pytest.fixture
async def api(tmp_path: Path, clock: MovedClock) -> AsyncIterator[RunningApi]:
    """An API that listens."""
    async with running_api(tmp_path / "backend", clock=clock) as api:
        yield api


@pytest.fixture
async def admin(api: RunningApi) -> str:
    """The Authorization header of the administrator."""
    return await api.token()


def authorize_url(api: RunningApi, provider: str = "idp") -> str:
    query = f"callback={CALLBACK}&code_challenge={challenge_of(VERIFIER)}&provider={provider}"
    return f"{api.url}{ROOT}/oidc/authorize?{query}"


def code_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["code"][0]


async def redeem(api: RunningApi, code: str, verifier: str = VERIFIER) -> tuple[int, dict[str, Any]]:
    answer = await api.call("POST", f"{ROOT}/oidc/token", {"code": code, "code_verifier": verifier})
    return answer.status, json.loads(answer.body)


async def log_in(api: RunningApi, username: str = "alice", provider: str = "idp") -> dict[str, Any]:
    """The tokens of a user who logs in with a new browser."""
    async with browser(username) as visitor:
        status, text, url = await visitor.visit(authorize_url(api, provider))
    assert status == 0, text
    status, tokens = await redeem(api, code_in(url))
    assert status == 200, tokens
    return tokens


async def refresh(api: RunningApi, tokens: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = await api.call(
        "POST",
        f"{ROOT}/oidc/token",
        {"refresh_token": tokens["refresh_token"]},
        Authorization=f"Bearer {tokens['access_token']}",
    )
    return answer.status, json.loads(answer.body) if answer.status == 200 else {}


def claims(tokens: dict[str, Any]) -> dict[str, Any]:
    return dict(jwt.decode(tokens["access_token"], options={"verify_signature": False}))


async def test_a_user_logs_in_with_the_browser(idp: IdentityProvider, api: RunningApi, admin: str) -> None:
    """The user has the groups of the provider with their prefixes, and its log-in is in the audit log."""
    await configure(api, admin, idp)
    async with browser() as visitor:
        status, text, url = await visitor.visit(authorize_url(api))
        assert status == 0, text
    assert SECRET not in " ".join([*visitor.visited, url])
    status, tokens = await redeem(api, code_in(url))
    assert status == 200
    known = claims(tokens)
    assert (known["sub"], known["groups"]) == ("idp:alice", ["idp:dev", "idp:ops", "system:users"])
    assert known["provider"] == {"provider_id": "oidc/idp", "provider_type": "oidc", "user_id": "alice"}
    entries = json.loads((await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body)
    assert (entries[0]["action"], entries[0]["username"]) == ("login", "idp:alice")
    sessions = await api.call("GET", "/api/sensu/v1/sessions", Authorization=admin)
    assert b"sealed" not in sessions.body
    password = await api.call("GET", "/auth", Authorization="Basic aWRwOmFsaWNlOmFueQ==")
    assert password.status == 401


async def test_a_code_is_good_once_and_for_its_program_alone(
    idp: IdentityProvider, api: RunningApi, admin: str, clock: MovedClock
) -> None:
    """A code that was used, that another program found, or that is a minute old gets no tokens."""
    await configure(api, admin, idp)
    found = []
    for _ in range(3):
        async with browser() as visitor:
            found.append(code_in((await visitor.visit(authorize_url(api)))[2]))
    assert (await redeem(api, found[0]))[0] == 200
    assert (await redeem(api, found[0]))[0] == 401
    assert (await redeem(api, found[1], "another verifier"))[0] == 401
    assert (await redeem(api, found[1]))[0] == 401
    clock.moved_s = 61
    assert (await redeem(api, found[2]))[0] == 401
    assert await refusals(api, admin) == [
        "oidc/idp: the code has expired",
        "the code is unknown, or was used before",
        "oidc/idp: the code is for another program",
        "the code is unknown, or was used before",
    ]


async def test_what_a_browser_brings_back_must_belong_to_its_log_in(
    idp: IdentityProvider, api: RunningApi, admin: str
) -> None:
    """A forged state, a code of the provider that was used before, and a browser without the cookie are refused."""
    await configure(api, admin, idp)
    back = f"{api.url}{ROOT}/oidc/callback"
    async with browser() as visitor:
        status, _, url = await visitor.visit(authorize_url(api), stop=back)
        assert status == 0
        forged = re.sub(r"state=[^&]+", "state=forged", url)
        assert (await visitor.visit(forged))[0] == 400
        status, text, _ = await visitor.visit(url)
        assert (status, "the log-in is unknown" in text) == (400, True)
    async with browser() as visitor:
        _, _, url = await visitor.visit(authorize_url(api), stop=back)
        cookies = visitor.session.cookie_jar.filter_cookies(aiohttp.client.URL(url))
        kept = {"Cookie": f"sensu-oidc={cookies['sensu-oidc'].value}"}
        assert (await visitor.visit(url))[2].startswith(CALLBACK)
        replayed = await api.call("GET", url.removeprefix(api.url), **kept)
        assert (replayed.status, b"does not accept the code: invalid_grant" in replayed.body) == (400, True)
    async with browser() as stranger:
        assert (await stranger.visit(url))[0] == 400
    reasons = await refusals(api, admin)
    assert len(reasons) == 4
    assert "oidc/idp: the state is not that of the log-in that this browser began" in reasons


async def test_codes_and_tokens_of_another_client_are_refused(
    idp: IdentityProvider, api: RunningApi, admin: str
) -> None:
    """A provider signs tokens for all its clients; those of another one do not log in here, even with the nonce."""
    await configure(api, admin, idp)
    back = f"{api.url}{ROOT}/oidc/callback"
    for swaps_code in (True, False):
        async with browser() as visitor:
            url = (await visitor.visit(authorize_url(api), stop=back))[2]
            asked = next(each for each in visitor.visited if "nonce=" in each)
            code, id_token = await of_other_client(idp, visitor, parse_qs(urlsplit(asked).query)["nonce"][0])
            if swaps_code:
                url = re.sub(r"code=[^&]+", f"code={code}", url)
            idp.swap_id_tokens("" if swaps_code else id_token)
            assert (await visitor.visit(url))[0] == 400
        idp.swap_id_tokens("")
    token_refused, code_refused = await refusals(api, admin)
    assert token_refused == "oidc/idp: the ID token is for another client"
    assert code_refused.startswith("oidc/idp: the provider does not accept the code: invalid_grant")


async def of_other_client(idp: IdentityProvider, visitor: Browser, nonce: str) -> tuple[str, str]:
    """A code that the client `other` has not redeemed, and an ID token of it with a nonce."""
    redirect = f"http://127.0.0.1{ROOT}/oidc/callback"
    query = {
        "client_id": "other",
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": "openid groups",
        "nonce": nonce,
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    codes = [code_in((await visitor.visit(f"{idp.url}/auth?{urlencode(query)}", stop=redirect))[2]) for _ in range(2)]
    form = {"grant_type": "authorization_code", "code": codes[1], "redirect_uri": redirect, "code_verifier": VERIFIER}
    client = {"Authorization": aiohttp.encode_basic_auth("other", "other-secret")}
    async with visitor.session.post(f"{idp.url}/token", data=form, headers=client) as answer:
        return codes[0], str((await answer.json())["id_token"])


async def test_refused_log_ins_of_an_address_are_limited(api: RunningApi, admin: str, clock: MovedClock) -> None:
    """After 30 refusals within a minute, further log-ins of the address are answered with 429, and are not audited."""
    back = f"{ROOT}/oidc/callback?state=forged&code=forged"
    for number in range(GUESSES_MAX):
        refused = await (api.call("GET", back) if number % 2 else api.call("POST", *FORGED))
        assert refused.status == (400 if number % 2 else 401)
    limited = await api.call("POST", *FORGED)
    assert (limited.status, limited.headers["Retry-After"]) == (429, "60")
    assert b"too many refused log-ins from this address" in limited.body
    assert (await api.call("GET", back)).status == 429
    assert len(await refusals(api, admin)) == GUESSES_MAX
    clock.moved_s = GUESSES_S + 1
    assert (await api.call("GET", back)).status == 400


FORGED = (f"{ROOT}/oidc/token", {"code": "forged", "code_verifier": "forged"})


async def test_a_provider_that_is_down_rests(
    idp: IdentityProvider, api: RunningApi, admin: str, clock: MovedClock
) -> None:
    """After three failures in a row no log-in waits for the provider for ten seconds, and then it is asked again."""
    await configure(api, admin, idp)
    idp.stop()
    try:
        for _ in range(FAILURES_MAX):
            assert (await api.call("GET", authorize_url(api).removeprefix(api.url))).status == 503
    finally:
        idp.start()
    assert (await api.call("GET", authorize_url(api).removeprefix(api.url))).status == 503
    clock.moved_s = REST_S + 1
    assert (await api.call("GET", authorize_url(api).removeprefix(api.url))).status == 302


async def test_a_wrong_client_secret_is_said(idp: IdentityProvider, api: RunningApi, admin: str) -> None:
    """The provider's refusal of the backend is in the answer and in the audit log."""
    await configure(api, admin, idp, client_secret="wrong")
    async with browser() as visitor:
        status, text, _ = await visitor.visit(authorize_url(api))
    assert (status, "invalid_client" in text) == (400, True)
    assert "invalid_client" in (await refusals(api, admin))[0]


async def test_a_missing_claim_is_named(idp: IdentityProvider, api: RunningApi, admin: str) -> None:
    """The answer says which claim was not found among which, in the words of the reference."""
    await configure(api, admin, idp, groups_claim="okta:groups")
    async with browser() as visitor:
        status, text, _ = await visitor.visit(authorize_url(api))
    assert status == 400
    message = json.loads(text)["message"]
    assert message.startswith('could not find the groups claim "okta:groups" in the user\'s claims: [')


async def test_claims_that_the_token_lacks_are_asked_for(idp: IdentityProvider, api: RunningApi, admin: str) -> None:
    """A claim that is not in the ID token is in the user information."""
    await configure(api, admin, idp, username_claim="email")
    assert claims(await log_in(api, "erin"))["sub"] == "idp:erin@example.org"


async def test_clocks_that_differ_by_ten_minutes_are_said(
    idp: IdentityProvider, api: RunningApi, admin: str, clock: MovedClock
) -> None:
    """A token from the past or the future is refused, and the reason names the clocks."""
    await configure(api, admin, idp)
    for moved_s, words in ((-600, "s in the future; compare the clocks"), (600, "s ago; compare the clocks")):
        clock.moved_s = moved_s
        async with browser() as visitor:
            status, text, _ = await visitor.visit(authorize_url(api))
        assert (status, words in text) == (400, True), text


async def test_groups_are_those_of_the_provider_at_each_refresh(
    idp: IdentityProvider, api: RunningApi, admin: str, clock: MovedClock
) -> None:
    """New groups act from the next refresh on, many times in a row; a deleted user is logged out."""
    await configure(api, admin, idp)
    tokens = await log_in(api, "bob")
    for number in range(3):
        idp.set_groups("bob", f"team-{number}")
        clock.moved_s += 61
        status, tokens = await refresh(api, tokens)
        assert (status, claims(tokens)["groups"]) == (200, [f"idp:team-{number}", "system:users"])
    idp.remove("bob")
    assert (await refresh(api, tokens))[0] == 401
    (entry, *_) = json.loads((await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body)
    assert (entry["username"], entry["action"]) == ("idp:bob", "session ended")
    assert entry["reason"] == "oidc/idp: the provider no longer accepts the user"
    verified = await api.call("GET", "/api/core/v2/namespaces", Authorization=f"Bearer {tokens['access_token']}")
    assert verified.status == 401


async def test_without_offline_access_a_session_lasts_five_minutes(
    idp: IdentityProvider, api: RunningApi, admin: str, clock: MovedClock
) -> None:
    """The access token ends after five minutes and cannot be refreshed."""
    await configure(api, admin, idp, disable_offline_access=True)
    tokens = await log_in(api, "dora")
    assert tokens["expires_at"] - clock.now() == pytest.approx(300, abs=5)
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await api.call("GET", "/api/core/v2/namespaces", **header)).status == 200
    clock.moved_s = 301
    assert (await api.call("GET", "/api/core/v2/namespaces", **header)).status == 401
    assert (await refresh(api, tokens))[0] == 401


async def test_a_provider_that_is_away_ends_no_session(
    idp: IdentityProvider, api: RunningApi, admin: str, clock: MovedClock
) -> None:
    """Log-ins and refreshes get 503 meanwhile, and local users log in as ever; rotated keys are found afterwards."""
    await configure(api, admin, idp)
    tokens = await log_in(api, "carol")
    back = f"{api.url}{ROOT}/oidc/callback"
    async with browser() as visitor:
        _, _, url = await visitor.visit(authorize_url(api), stop=back)
        idp.stop()
        try:
            status, text, _ = await visitor.visit(url)
            assert (status, "identity provider is unavailable" in text) == (503, True)
            assert (await refresh(api, tokens))[0] == 503
            header = {"Authorization": f"Bearer {tokens['access_token']}"}
            assert (await api.call("GET", "/api/core/v2/namespaces", **header)).status == 200
            assert (await api.token()).startswith("Bearer ey")
        finally:
            idp.keys = [new_key("second"), *idp.keys]
            idp.start()
    clock.moved_s = 31
    signed_with_the_new_key = await log_in(api, "frank")
    assert claims(signed_with_the_new_key)["sub"] == "idp:frank"
    assert "oidc/idp" in (await refusals(api, admin))[0]


def signed(claims: dict[str, Any], key: dict[str, Any]) -> str:
    return jwt.encode(claims, jwt.PyJWK(key).key, algorithm="RS256", headers={"kid": "first"})


async def test_forged_tokens_are_refused(idp: IdentityProvider) -> None:
    """Unsigned tokens, those signed with a shared secret, and those of a stranger's key are not read."""
    published = Published(idp.url, ProviderConnection(ssl.create_default_context, SystemClock()), SystemClock())
    endpoints = await published.endpoints()
    assert isinstance(endpoints, Endpoints)
    claims = {"sub": "alice", "iss": idp.url}
    own = next(key for key in idp.keys if key["kid"] == "first")
    assert await published.claims_of(signed(claims, own), endpoints) == (claims, "RS256")
    for token, reason in (
        (jwt.encode(claims, None, algorithm="none"), 'signed with "none", which is not accepted'),
        (jwt.encode(claims, "s" * 32, algorithm="HS256", headers={"kid": "first"}), "which is not accepted"),
        (signed(claims, new_key("first")), "the signature of the ID token is wrong"),
        ("not.a.token", "cannot be read"),
    ):
        found = await published.claims_of(token, endpoints)
        assert isinstance(found, Mistake)
        assert reason in found.why


async def test_several_providers_are_a_choice(idp: IdentityProvider, api: RunningApi, admin: str) -> None:
    """Programs are told the names, browsers get links, and the only provider needs no name."""
    query = f"callback={CALLBACK}&code_challenge={challenge_of(VERIFIER)}"
    path = f"{ROOT}/oidc/authorize?{query}"
    assert (await api.call("GET", path)).status == 404
    await configure(api, admin, idp)
    assert (await api.call("GET", path)).status == 302
    await configure(api, admin, idp, "second", client_id="other", client_secret="other-secret")
    refused = await api.call("GET", path)
    assert (refused.status, b"provider must be one of idp, second" in refused.body) == (400, True)
    page = await api.call("GET", path, Accept="text/html")
    assert b"provider=second" in page.body
    assert claims(await log_in(api, "gina", "second"))["provider"]["provider_id"] == "oidc/second"
    elsewhere = path.replace(CALLBACK, "https://evil.example.org/")
    assert (await api.call("GET", elsewhere)).status == 400
