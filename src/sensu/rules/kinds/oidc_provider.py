"""The rules of the authentication provider `oidc`.

Source: docs, "OIDC reference" (required fields, the form of names, the path of `redirect_uri`).
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec

from sensu.resources.oidc import OIDCProvider
from sensu.rules.kinds.auth_provider import name_problems
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.redaction import REDACTED
from sensu.rules.selectors.selectable import NAME, Selectable
from sensu.rules.web_urls import is_plain_url

CALLBACK_PATH = "/api/enterprise/authentication/v2/oidc/callback"
SCOPES_MAX = 32

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""The characters of a scope (RFC 6749, 3.3)."""


def problems(provider: OIDCProvider) -> Iterator[FieldProblem]:
    """The rules that a provider breaks."""
    yield from name_problems(provider.metadata.name)
    for field in ("client_id", "client_secret", "username_claim"):
        if not getattr(provider, field):
            yield FieldProblem(field, f"{field} must be set")
    if not is_plain_url(provider.server):
        message = "server must be the https or http URL of the issuer, for example https://idp.example.org"
        yield FieldProblem("server", message)
    uri = provider.redirect_uri
    if uri and not (is_plain_url(uri) and urlsplit(uri).path.endswith(CALLBACK_PATH)):
        yield FieldProblem("redirect_uri", f"redirect_uri must be an https or http URL that ends with {CALLBACK_PATH}")
    scopes = provider.additional_scopes
    if len(scopes) > SCOPES_MAX or not all(map(_SCOPE.fullmatch, scopes)):
        message = f"additional_scopes must be at most {SCOPES_MAX} scopes, without spaces"
        yield FieldProblem("additional_scopes", message)


def secrets(provider: OIDCProvider, change: Callable[[str, str], str]) -> OIDCProvider:
    """The provider with `change(place, secret)` instead of its client secret."""
    if not provider.client_secret:
        return provider
    place = f"the client secret of {provider.client_id} at {provider.server}"
    return msgspec.structs.replace(provider, client_secret=change(place, provider.client_secret))


def _redacted(provider: OIDCProvider) -> OIDCProvider:
    return secrets(provider, lambda place, secret: REDACTED)


def notice(provider: OIDCProvider) -> str:
    """A warning about groups that may be taken for groups of this installation, and about a connection without TLS."""
    warnings = []
    if provider.groups_claim and not provider.groups_prefix:
        warnings.append("without groups_prefix, a group of the provider has the rights of the group of that name here")
    if urlsplit(provider.server).scheme == "http":
        warnings.append("the connection to the server is not encrypted: its URL begins with http")
    return "; ".join(warnings)


RULES = KindRules(
    notice=notice,
    problems=problems,
    shown=_redacted,
    secrets=secrets,
    selectable=Selectable("authprovider", NAME),
)
