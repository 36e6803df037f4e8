"""Decides which requests are passed on to another cluster, and what of requests and answers goes along.

Source: docs, "Multi-cluster visibility with federation" (a gateway, and the name of the cluster that is asked).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from sensu.rules.web_urls import is_loopback

LOCAL = "local-cluster"
"""The name of the cluster that is asked, among the others."""
ROOT = "/api/sensu/v1/clusters"
ALL = "/api/sensu/v1/all-clusters"
CLOCKS_APART_S = 60.0

_PASSED_ON = re.compile(r"/api/[^/?].*|/(?:graphql|health|version)")
_NOWHERE = re.compile(
    r"//|/(?:\.|%2[Ee]){1,2}(?:/|$)|%(?![0-9A-Fa-f]{2})|%(?:[01][0-9A-Fa-f]|7[Ff])|[\x00-\x20\x7f-\uffff\\]"
)
_SENT = ("accept", "content-type", "if-match", "if-none-match", "last-event-id")
_RETURNED = ("etag", "retry-after", "cache-control", "allow")
_RETURNED_PREFIX = "sensu-"
_TYPES = ("application/json", "text/event-stream", "text/plain", "application/yaml")
_OTHER_TYPE = "application/octet-stream"


def refusal_of(path: str) -> str:
    """Why an encoded path is not passed on, empty if it is."""
    if _NOWHERE.search(path):
        return "the path has an empty, dotted or broken segment"
    if not _PASSED_ON.fullmatch(path):
        return "only requests to /api/, /graphql, /health and /version are passed on to other clusters"
    if f"{path}/".startswith((f"{ROOT}/", f"{ALL}/")):
        return "a cluster cannot be asked through another one"
    return ""


def may_be_asked(url: str) -> bool:
    """Whether tokens may be sent to a URL: over TLS, or within this host."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def order_of(urls: Sequence[str], answered: str) -> tuple[str, ...]:
    """The URLs of a cluster that may be asked, the one that answered last first."""
    fit = [url.rstrip("/") for url in urls if may_be_asked(url)]
    return tuple(sorted(dict.fromkeys(fit), key=lambda url: url != answered))


def sent_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of a request that go along: never credentials."""
    named = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)
    return {name: value for name, value in named if name in _SENT}


def returned_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that go along, in lower case: no cookies, and no media type that a browser runs."""
    kept = {name: value for name, value in headers.items() if name in _RETURNED or name.startswith(_RETURNED_PREFIX)}
    media_type = headers.get("content-type", "")
    if media_type:
        plain = media_type.partition(";")[0].strip().lower()
        kept["content-type"] = media_type if plain in _TYPES else _OTHER_TYPE
    return kept


def token_refused(cluster: str, apart_s: float) -> str:
    """Why another cluster does not accept this one's tokens; its clock is `apart_s` ahead of ours."""
    why = f"the cluster {cluster} does not accept the tokens of this cluster: "
    if abs(apart_s) >= CLOCKS_APART_S:
        return f"{why}its clock is {abs(apart_s):.0f} s {'ahead of' if apart_s > 0 else 'behind'} the clock here"
    keys = "give both the same jwt-private-key-file and jwt-public-key-file"
    return f"{why}{keys}, and enable the user there; a cluster cannot be registered in itself"
