"""Whether a request that changes something comes from the web UI itself and not from a page of another site.

A browser sends the session cookie with requests that pages of other sites make it send, unless it keeps to SameSite.
So a request with the cookie must say where it comes from: in its Origin header, or by Sec-Fetch-Site. A body must be of
a type that a form cannot send.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sensu.backend.api.request import header

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_TYPES = frozenset(
    (
        "application/json",
        "application/merge-patch+json",
        "application/yaml",
        "application/x-yaml",
        "text/yaml",
    )
)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
FOREIGN = "the request does not come from the web UI: its Origin is not the host that it is sent to"
WRONG_TYPE = "a request with a session cookie must send JSON, a merge patch or YAML, and say so in its Content-Type"


def refusal_of(scope: Mapping[str, Any], *, has_cookie: bool) -> str:
    """Why a request is refused, empty if it is accepted; without a cookie, only what it says of its origin counts."""
    if scope["method"] in SAFE:
        return ""
    origin = header(scope, b"origin")
    site = header(scope, b"sec-fetch-site")
    if origin is not None:
        if not _is_of_host(origin, header(scope, b"host") or ""):
            return FOREIGN
    elif (site is not None or has_cookie) and site != "same-origin":
        return FOREIGN
    return WRONG_TYPE if has_cookie and not _has_safe_body(scope) else ""


def _is_of_host(origin: str, host: str) -> bool:
    """Whether an Origin header names the host and port of a Host header."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None or not parts.netloc or parts.path or parts.query:
        return False
    return parts.netloc.lower().removesuffix(default) == host.lower().removesuffix(default)


def _has_safe_body(scope: Mapping[str, Any]) -> bool:
    """Whether there is no body, or one that no form can send."""
    media_type = header(scope, b"content-type")
    if media_type is not None:
        return media_type.partition(";")[0].strip().lower() in _TYPES
    return (header(scope, b"content-length") or "0") == "0" and header(scope, b"transfer-encoding") is None
