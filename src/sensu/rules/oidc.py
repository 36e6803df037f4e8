"""Decisions about log-ins by OpenID Connect: what is asked of a provider, and which of its answers are accepted.

Source: docs, "OIDC reference" (claims, prefixes, wording of errors); OpenID Connect Core 1.0; RFC 7636 (the code
challenge), RFC 9207 (`iss` in the answer).
"""

import base64
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from sensu.resources.oidc import OIDCProvider
from sensu.rules.directory import NAME_CHARACTERS_MAX, RESERVED, Mistake, named_groups, prefixed
from sensu.rules.web_urls import is_loopback, is_web_url

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""The signatures that are accepted: those with a public key. Neither `none` nor a shared secret is among them."""
LEEWAY_S = 60.0
"""How far the clocks of the provider and of the backend may be apart."""
CALLBACK_CHARACTERS_MAX = 1_024
SECRET_BASIC, SECRET_POST = "client_secret_basic", "client_secret_post"
OFFLINE_ACCESS = "offline_access"

_DIGESTS = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What a provider publishes about itself."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str = ""
    methods: tuple[str, ...] = (SECRET_BASIC,)
    names_issuer: bool = False

    @property
    def method(self) -> str:
        """How the client proves who it is: as the standard prefers it, unless only the other way is offered."""
        return SECRET_POST if SECRET_POST in self.methods and SECRET_BASIC not in self.methods else SECRET_BASIC


@dataclass(frozen=True, slots=True)
class ClaimedUser:
    """A user as a provider describes it, under its name here; `subject` is its id there."""

    subject: str
    username: str
    groups: tuple[str, ...]


def endpoints_in(server: str, document: Mapping[str, Any]) -> Endpoints | Mistake:
    """The addresses in the configuration that a provider publishes; it must be that of the configured server."""
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or issuer.rstrip("/") != server.rstrip("/"):
        return Mistake(f"the provider names itself {json.dumps(issuer)}; set server to that, if it is the right one")
    found: dict[str, str] = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        url = document.get(name, "")
        if not isinstance(url, str) or (url and not is_web_url(url)) or (not url and name != "userinfo_endpoint"):
            return Mistake(f"the configuration of the provider has no usable {name}")
        if url and urlsplit(server).scheme == "https" and urlsplit(url).scheme != "https":
            return Mistake(f"the {name} of the provider has no TLS, although its server has")
        found[name] = url
    methods = document.get("token_endpoint_auth_methods_supported") or (SECRET_BASIC,)
    return Endpoints(
        issuer,
        found["authorization_endpoint"],
        found["token_endpoint"],
        found["jwks_uri"],
        found["userinfo_endpoint"],
        tuple(one for one in methods if isinstance(one, str)) if isinstance(methods, Sequence) else (SECRET_BASIC,),
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a code verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def answers_challenge(verifier: str, challenge: str) -> bool:
    """Whether a verifier is the one that a challenge was made from."""
    return verifier.isascii() and compare_digest(challenge_of(verifier), challenge)


def is_challenge(text: str) -> bool:
    """Whether a text has the form of an S256 challenge."""
    return len(text) == 43 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def authorization_url(
    endpoints: Endpoints, provider: OIDCProvider, redirect_uri: str, secrets: Mapping[str, str], *, consent: bool
) -> str:
    """Where a browser goes to log in; `secrets` are `state`, `nonce` and `code_challenge`.

    With `consent`, the provider asks the user, without which some give no refresh token (OpenID Connect Core, 11).
    """
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes_of(provider)),
        "code_challenge_method": "S256",
        **secrets,
        **({"prompt": "consent"} if consent else {}),
    }
    return f"{endpoints.authorization}{'&' if '?' in endpoints.authorization else '?'}{urlencode(query)}"


def scopes_of(provider: OIDCProvider) -> tuple[str, ...]:
    """The scopes that are asked for, each once."""
    wanted = ["openid", *provider.additional_scopes]
    kept = [scope for scope in wanted if scope != OFFLINE_ACCESS]
    return tuple(dict.fromkeys(kept if provider.disable_offline_access else [*kept, OFFLINE_ACCESS]))


def callback_problem(callback: str, own: Iterable[str]) -> str:
    """Why a browser is not sent to a URL after the log-in, empty if it is: `own` are the origins of this backend.

    A program of the user listens on the loopback interface, on any port (RFC 8252, 7.3).
    """
    if not callback:
        return "callback must be set: the URL to return to after the log-in"
    if len(callback) > CALLBACK_CHARACTERS_MAX or not is_web_url(callback) or not _is_plain(callback):
        return "callback must be an http or https URL without user, fragment and control characters"
    parts = urlsplit(callback)
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return ""
    if _origin(callback) in {_origin(url) for url in own if is_web_url(url)}:
        return ""
    return "callback must be a URL of the API, of the web UI, or of this computer (http://localhost:PORT/…)"


def page_path(text: str) -> str:
    """The path of the web UI that a browser returns to: `text` if it is one, else that of the first page."""
    plain = text.startswith("/") and len(text) <= CALLBACK_CHARACTERS_MAX and _is_plain(text)
    return text if plain and not text.startswith("//") else "/"


def _is_plain(url: str) -> bool:
    return all("!" <= one <= "~" and one != "\\" for one in url) and "@" not in urlsplit(url).netloc and "#" not in url


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def with_parameters(url: str, **parameters: str) -> str:
    """A URL with further query parameters."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return urlunsplit(parts._replace(query=query))


def answer_problem(endpoints: Endpoints, answer: Mapping[str, str], state: str) -> Mistake | None:
    """Why what a browser brings from a provider is not accepted."""
    if not compare_digest(answer.get("state", "").encode(), state.encode()):
        return Mistake("the state is not that of the log-in that this browser began")
    issuer = answer.get("iss")
    if issuer is None and endpoints.names_issuer:
        return Mistake("the answer does not name its issuer, although the provider announces that it does")
    if issuer is not None and issuer != endpoints.issuer:
        return Mistake("the answer is of another issuer")
    if "error" in answer:
        said = ": ".join(filter(None, (answer["error"], answer.get("error_description", ""))))
        return Mistake(f"the provider refused the log-in: {said[:300]}")
    return None if answer.get("code") else Mistake("the answer has no code")


def key_for(keys: Sequence[Mapping[str, Any]], header: Mapping[str, Any]) -> Mapping[str, Any] | Mistake | None:
    """The key that a token is signed with, by its header; None if the provider may have published it since.

    Keys for encryption are never used to check signatures.
    """
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        return Mistake(f"the ID token is signed with {json.dumps(algorithm)}, which is not accepted")
    family = _KEY_TYPES[str(algorithm)[:2]]
    usable = [
        key
        for key in keys
        if key.get("kty") == family
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
    if kid is None and len(usable) > 1:
        return Mistake("the ID token does not say which key it is signed with")
    return usable[0] if usable else None


def token_problem(
    claims: Mapping[str, Any], issuer: str, client_id: str, now: float, *, nonce: str | None
) -> Mistake | None:
    """Why the claims of an ID token, whose signature is right, are not accepted; `now` in Unix seconds.

    Without a nonce it is the token of a refresh, which need not have one (OpenID Connect Core, 12.2).
    """
    audience = claims.get("aud")
    audiences: Collection[Any] = audience if isinstance(audience, list) else [audience]
    expires, issued, begins = (_number(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if claims.get("iss") != issuer:
        return Mistake("the ID token is of another issuer")
    if client_id not in audiences:
        return Mistake("the ID token is for another client")
    if claims.get("azp", client_id) != client_id or (len(audiences) > 1 and "azp" not in claims):
        return Mistake("the ID token was issued to another client")
    if expires is None or issued is None:
        return Mistake("the ID token does not say when it was issued and when it expires")
    if now >= expires + LEEWAY_S:
        return Mistake(f"the ID token expired {now - expires:.0f} s ago; compare the clocks of provider and backend")
    later = max(issued, issued if begins is None else begins) - now
    if later > LEEWAY_S:
        return Mistake(f"the ID token is from {later:.0f} s in the future; compare the clocks of provider and backend")
    if nonce is not None and not compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        return Mistake("the ID token is not for this log-in: its nonce is another one")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        return Mistake("the ID token names no user")
    return None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def access_token_fits(claims: Mapping[str, Any], algorithm: str, access_token: str) -> bool:
    """Whether an access token is the one that came with an ID token, if that says so (`at_hash`)."""
    expected = claims.get("at_hash")
    if expected is None:
        return True
    digest = _DIGESTS.get(algorithm[-3:], hashlib.sha512)(access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    return compare_digest(str(expected).encode(), half.encode())


def lacks_claims(provider: OIDCProvider, claims: Mapping[str, Any]) -> bool:
    """Whether a claim that is needed is missing."""
    return provider.username_claim not in claims or bool(provider.groups_claim and provider.groups_claim not in claims)


def user_in(provider: OIDCProvider, claims: Mapping[str, Any]) -> ClaimedUser | Mistake:
    """The user that the claims of a provider are about."""
    name = claims.get(provider.username_claim)
    if not isinstance(name, str) or not name:
        return Mistake(_missing("username", provider.username_claim, claims))
    if provider.username_claim == "email" and claims.get("email_verified", True) in (False, "false"):
        return Mistake("the provider has not verified the email address, so that it cannot be used as user name")
    username = prefixed(provider.username_prefix, name)
    if len(username) > NAME_CHARACTERS_MAX or not username.isprintable():
        return Mistake("the name of the user is too long or has control characters")
    if username.startswith(RESERVED):
        return Mistake(f'the name "{username}" is reserved; set another username_prefix')
    groups = _groups_in(provider, claims)
    return groups if isinstance(groups, Mistake) else ClaimedUser(str(claims.get("sub", "")), username, groups)


def _groups_in(provider: OIDCProvider, claims: Mapping[str, Any]) -> tuple[str, ...] | Mistake:
    if not provider.groups_claim:
        return ()
    if provider.groups_claim not in claims:
        return Mistake(_missing("groups", provider.groups_claim, claims))
    value = claims[provider.groups_claim]
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        return Mistake(f'the groups claim "{provider.groups_claim}" must be a list of names')
    return named_groups(provider.groups_prefix, filter(None, names), "have the provider send fewer groups")


def _missing(what: str, claim: str, claims: Mapping[str, Any]) -> str:
    """Source: docs, "OIDC troubleshooting" (the wording)."""
    known = " ".join(json.dumps(one) for one in claims)
    return f"could not find the {what} claim {json.dumps(claim)} in the user's claims: [{known[:1000]}]"
