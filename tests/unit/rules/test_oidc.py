"""Decisions about log-ins by OpenID Connect."""

import base64
import hashlib
from typing import Any

import pytest

from sensu.resources.metadata import ObjectMeta
from sensu.resources.oidc import OIDCProvider
from sensu.rules.directory import GROUPS_MAX, Mistake
from sensu.rules.oidc import (
    ClaimedUser,
    Endpoints,
    access_token_fits,
    answer_problem,
    answers_challenge,
    authorization_url,
    callback_problem,
    challenge_of,
    endpoints_in,
    is_challenge,
    key_for,
    token_problem,
    user_in,
    with_parameters,
)

ISSUER, CLIENT, NOW = "https://idp.example.org", "sensu", 1_800_000_000.0
ENDPOINTS = Endpoints(ISSUER, f"{ISSUER}/auth", f"{ISSUER}/token", f"{ISSUER}/keys")
CONFIGURATION = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


def provider(**spec: Any) -> OIDCProvider:
    """A provider that takes names and groups from the usual claims."""
    usual = {"server": ISSUER, "client_id": CLIENT, "username_claim": "email", "groups_claim": "groups"}
    return OIDCProvider(metadata=ObjectMeta(name="idp"), **{**usual, **spec})


def why(found: object) -> str:
    """The reason of a refusal."""
    assert isinstance(found, Mistake), found
    return found.why


def test_the_configuration_must_be_that_of_the_server() -> None:
    """Another issuer, missing addresses, and addresses without TLS below one with TLS are refused."""
    assert endpoints_in(ISSUER, CONFIGURATION) == ENDPOINTS
    assert endpoints_in(f"{ISSUER}/", CONFIGURATION) == ENDPOINTS
    assert "names itself" in why(endpoints_in(ISSUER, {**CONFIGURATION, "issuer": "https://evil.example.org"}))
    assert "no usable token_endpoint" in why(endpoints_in(ISSUER, {**CONFIGURATION, "token_endpoint": "file:///x"}))
    assert "has no TLS" in why(endpoints_in(ISSUER, {**CONFIGURATION, "jwks_uri": "http://idp.example.org/keys"}))


@pytest.mark.parametrize(
    ("methods", "method"),
    [
        (None, "client_secret_basic"),
        (["client_secret_post", "client_secret_basic"], "client_secret_basic"),
        (["client_secret_post", "private_key_jwt"], "client_secret_post"),
    ],
)
def test_the_secret_is_sent_as_the_provider_takes_it(methods: list[str] | None, method: str) -> None:
    """The secret is in the header, unless the provider takes it in the form alone."""
    found = endpoints_in(ISSUER, {**CONFIGURATION, "token_endpoint_auth_methods_supported": methods})
    assert isinstance(found, Endpoints)
    assert found.method == method


def test_a_verifier_answers_its_own_challenge_alone() -> None:
    """The challenge is that of RFC 7636, appendix B."""
    verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert challenge_of(verifier) == challenge
    assert is_challenge(challenge)
    assert not is_challenge(challenge[:-1])
    assert answers_challenge(verifier, challenge)
    assert not answers_challenge(verifier + "x", challenge)


def test_scopes_are_asked_for_once_and_offline_access_only_if_it_is_wanted() -> None:
    """`openid` and `offline_access` are added to the configured scopes, the latter unless it is disabled."""
    named = {"state": "s", "nonce": "n", "code_challenge": "c"}
    wanted = provider(additional_scopes=("email", "openid", "groups"))
    url = authorization_url(ENDPOINTS, wanted, "https://a.example.org/cb", named, consent=False)
    assert url.startswith(f"{ISSUER}/auth?response_type=code&client_id=sensu&")
    assert "scope=openid+email+groups+offline_access&code_challenge_method=S256&state=s&nonce=n&code_challenge=c" in url
    assert "prompt" not in url
    kept = provider(additional_scopes=("offline_access",), disable_offline_access=True)
    url = authorization_url(ENDPOINTS, kept, "https://a.example.org/cb", named, consent=True)
    assert "scope=openid&" in url
    assert url.endswith("&prompt=consent")


@pytest.mark.parametrize(
    ("callback", "accepted"),
    [
        ("http://localhost:8000/callback", True),
        ("http://127.0.0.1:51234/x?state=y", True),
        ("http://[::1]:8000/", True),
        ("https://sensu.example.org/", True),
        ("https://sensu.example.org:443/", True),
        ("", False),
        ("https://sensu.example.org:8443/", False),
        ("http://sensu.example.org/", False),
        ("https://evil.example.org/", False),
        ("http://localhost.evil.example.org/", False),
        ("http://localhost@evil.example.org/", False),
        ("http://localhost:8000\\@evil.example.org/", False),
        ("https://sensu.example.org@evil.example.org/", False),
        ("javascript:alert(1)//localhost", False),
        ("//evil.example.org/", False),
        ("http://localhost:8000/\r\nX: y", False),
    ],
)
def test_browsers_are_sent_nowhere_else_after_a_log_in(callback: str, accepted: bool) -> None:
    """A code goes to this computer and to the origins of the backend alone."""
    assert (callback_problem(callback, ["https://sensu.example.org", ""]) == "") is accepted


def test_parameters_are_added_to_those_that_a_url_has() -> None:
    """The query of a callback stays."""
    assert (
        with_parameters("http://localhost:8000/cb?state=a", code="x y") == "http://localhost:8000/cb?state=a&code=x+y"
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"code": "c", "state": "s"}, None),
        ({"code": "c", "state": "s", "iss": ISSUER}, None),
        ({"code": "c", "state": "forged"}, "the state is not that"),
        ({"code": "c"}, "the state is not that"),
        ({"code": "c", "state": "s", "iss": "https://evil.example.org"}, "of another issuer"),
        ({"error": "access_denied", "error_description": "no", "state": "s"}, "refused the log-in: access_denied: no"),
        ({"state": "s"}, "has no code"),
    ],
)
def test_an_answer_belongs_to_its_log_in(answer: dict[str, str], reason: str | None) -> None:
    """The state is that of the log-in, and the issuer, where it is named, that of the provider."""
    found = answer_problem(ENDPOINTS, answer, "s")
    assert found is None if reason is None else reason in why(found)


def test_a_provider_that_names_its_issuer_always_does() -> None:
    """An answer without `iss` is refused if the provider announces it (RFC 9207)."""
    named = Endpoints(ISSUER, "", "", "", names_issuer=True)
    assert "does not name its issuer" in why(answer_problem(named, {"code": "c", "state": "s"}, "s"))


KEYS = [
    {"kid": "a", "kty": "RSA", "use": "enc"},
    {"kid": "b", "kty": "RSA", "use": "sig"},
    {"kid": "c", "kty": "EC"},
]


@pytest.mark.parametrize(
    ("header", "kid"),
    [
        ({"alg": "RS256", "kid": "b"}, "b"),
        ({"alg": "RS256"}, "b"),
        ({"alg": "ES256", "kid": "c"}, "c"),
        ({"alg": "RS256", "kid": "a"}, None),
        ({"alg": "RS256", "kid": "c"}, None),
        ({"alg": "RS256", "kid": "new"}, None),
    ],
)
def test_the_key_is_chosen_by_its_id_and_its_use(header: dict[str, str], kid: str | None) -> None:
    """A key of another type, for encryption, or with another id is not used."""
    found = key_for(KEYS, header)
    assert not isinstance(found, Mistake)
    assert (None if found is None else found["kid"]) == kid


@pytest.mark.parametrize("algorithm", ["none", "HS256", "None", None, "RS1"])
def test_signatures_without_a_public_key_are_refused(algorithm: str | None) -> None:
    """Neither an unsigned token nor one that is signed with a shared secret is accepted."""
    assert "which is not accepted" in why(key_for(KEYS, {"alg": algorithm, "kid": "b"}))


CLAIMS = {"iss": ISSUER, "aud": CLIENT, "exp": NOW + 300, "iat": NOW, "nonce": "n", "sub": "17"}


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({}, None),
        ({"aud": [CLIENT]}, None),
        ({"aud": [CLIENT, "other"], "azp": CLIENT}, None),
        ({"exp": NOW - 59}, None),
        ({"iat": NOW + 59}, None),
        ({"iss": "https://evil.example.org"}, "another issuer"),
        ({"aud": "other"}, "for another client"),
        ({"aud": [CLIENT, "other"]}, "issued to another client"),
        ({"azp": "other"}, "issued to another client"),
        ({"exp": NOW - 600}, "expired 600 s ago; compare the clocks"),
        ({"iat": NOW + 600}, "from 600 s in the future; compare the clocks"),
        ({"nbf": NOW + 600}, "from 600 s in the future; compare the clocks"),
        ({"exp": None}, "does not say when"),
        ({"exp": True}, "does not say when"),
        ({"nonce": "other"}, "its nonce is another one"),
        ({"nonce": None}, "its nonce is another one"),
        ({"sub": ""}, "names no user"),
    ],
)
def test_an_id_token_is_for_this_client_log_in_and_time(claims: dict[str, Any], reason: str | None) -> None:
    """Issuer, client, times and nonce must fit; clocks may be a minute apart."""
    found = token_problem({**CLAIMS, **claims}, ISSUER, CLIENT, NOW, nonce="n")
    assert found is None if reason is None else reason in why(found)


def test_the_token_of_a_refresh_needs_no_nonce() -> None:
    """A refresh has no nonce to compare with."""
    assert token_problem({**CLAIMS, "nonce": None}, ISSUER, CLIENT, NOW, nonce=None) is None


def test_an_access_token_is_the_one_of_its_id_token() -> None:
    """`at_hash` is the first half of the digest that the algorithm uses."""
    half = base64.urlsafe_b64encode(hashlib.sha256(b"token").digest()[:16]).rstrip(b"=").decode()
    assert access_token_fits({}, "RS256", "token")
    assert access_token_fits({"at_hash": half}, "RS256", "token")
    assert not access_token_fits({"at_hash": half}, "RS256", "other")


def test_names_and_groups_come_from_the_claims_with_prefixes() -> None:
    """Prefixes are joined with one colon, one group may be a text, and reserved groups are left out."""
    claims = {"sub": "17", "email": "alice@example.org", "groups": ["ops", "system:masters", ""]}
    assert user_in(provider(), claims) == ClaimedUser("17", "alice@example.org", ("ops",))
    prefixed = provider(username_prefix="oidc:", groups_prefix="oidc")
    assert user_in(prefixed, claims) == ClaimedUser("17", "oidc:alice@example.org", ("oidc:ops", "oidc:system:masters"))
    assert user_in(provider(), {**claims, "groups": "ops"}) == ClaimedUser("17", "alice@example.org", ("ops",))
    assert user_in(provider(groups_claim=""), claims) == ClaimedUser("17", "alice@example.org", ())


@pytest.mark.parametrize(
    ("spec", "claims", "reason"),
    [
        (
            {"groups_claim": "okta:groups"},
            {"email_verified": True},
            'could not find the groups claim "okta:groups" in the user\'s claims: '
            '["sub" "email" "groups" "email_verified"]',
        ),
        ({"username_claim": "upn"}, {}, 'could not find the username claim "upn"'),
        ({}, {"email": 17}, 'could not find the username claim "email"'),
        ({}, {"email_verified": False}, "has not verified the email address"),
        ({}, {"email": "system:admin"}, "is reserved"),
        ({}, {"email": "a\nb"}, "control characters"),
        ({}, {"groups": [1]}, "must be a list of names"),
        ({}, {"groups": {"ops": 1}}, "must be a list of names"),
        ({}, {"groups": [str(n) for n in range(GROUPS_MAX + 1)]}, "at most 1000 are possible"),
    ],
)
def test_claims_that_name_no_user_are_refused(spec: dict[str, Any], claims: dict[str, Any], reason: str) -> None:
    """A refusal says which claim is missing or wrong; email addresses must not be unverified."""
    usual = {"sub": "17", "email": "alice@example.org", "groups": ["ops"]}
    assert reason in why(user_in(provider(**spec), {**usual, **claims}))
