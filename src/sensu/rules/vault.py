"""What is asked of a Vault server, and which of its answers are accepted.

Source: docs, "Secrets reference" (ids); Vault's HTTP API (KV versions 1 and 2, leases, tokens, status codes); a Vault
server 1.21.4, which answers version 1 with a duration of 32 days for a value that has no lease.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

KEPT_S = 30.0
"""How long a value without a lease is used."""
PAUSE_S, PAUSE_MAX_S = 0.2, 30.0
RENEWED_AT, SPREAD = 2 / 3, 0.1
"""The part of a token's life after which it is renewed, and how far members may be apart."""
RENEWAL_MIN_S = 1.0

_PASSING = frozenset({412, 429})
"""Statuses that may pass: a standby that has not caught up yet, and a rate limit. So may those of 500 and more."""


class VaultPlace(NamedTuple):
    """The path of a secret in the API, and the field of it that is the value."""

    path: str
    field: str


def place_of(secret_id: str, version: str) -> VaultPlace | str:
    """The place that an id names, or what is wrong with it.

    `secret/database#password` for version 1; `engine/path#secret#field` for version 2, where an id with one `#` begins
    with an engine of one name.
    """
    *where, field = secret_id.split("#")
    if version == "v2" and len(where) == 1:
        where = list(where[0].partition("/")[::2])
    expected = 2 if version == "v2" else 1
    if len(where) != expected or not field or not all(map(_is_path, where)):
        form = "engine/path#secret#field" if version == "v2" else "engine/secret#field"
        return f"{secret_id} is not an id of the form {form}"
    return VaultPlace("/data/".join(quote(one, safe="/") for one in where), field)


def _is_path(path: str) -> bool:
    return all(step not in ("", ".", "..") for step in path.split("/"))


def field_in(document: Any, version: str, field: str) -> str | None:
    """The value of a field in the answer of a server; None if it has none. Values other than text are JSON."""
    data = _object(_object(document).get("data"))
    value = (_object(data.get("data")) if version == "v2" else data).get(field)
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def kept_s(document: Any) -> float:
    """How long a value may be used: as long as its lease if it has one."""
    duration = _object(document).get("lease_duration")
    return float(duration) if has_lease(document) and isinstance(duration, int | float) and duration > 0 else KEPT_S


def has_lease(document: Any) -> bool:
    """Whether a value belongs to a lease, as the credentials that Vault makes for each reading do."""
    answer = _object(document)
    return bool(answer.get("lease_id") or answer.get("renewable"))


class Life(NamedTuple):
    """How long a token is valid, infinitely if 0, and whether it can be renewed."""

    seconds: float = 0.0
    renewable: bool = False


def life_in(document: Any) -> Life:
    """The life of a token in the answer to a look-up, a log-in or a renewal."""
    answer = _object(document)
    auth = _object(answer.get("auth")) or _object(answer.get("data"))
    seconds = auth.get("lease_duration", auth.get("ttl"))
    life_s = float(seconds) if isinstance(seconds, int | float) else 0.0
    if life_s <= 0 and auth.get("expire_time"):
        life_s = RENEWAL_MIN_S  # it ends within this second
    return Life(life_s, auth.get("renewable") is True)


def token_in(document: Any) -> str:
    """The token in the answer to a log-in, empty if there is none."""
    found = _object(_object(document).get("auth")).get("client_token")
    return found if isinstance(found, str) and found.isascii() and found.isprintable() else ""


def renewal_after_s(life_s: float, roll: float) -> float:
    """When a token is renewed; `roll` from 0 to 1 spreads the members of a cluster."""
    return max(RENEWAL_MIN_S, life_s * RENEWED_AT * (1 - SPREAD + 2 * SPREAD * roll))


def may_pass(status: int) -> bool:
    """Whether a request that was answered with this status may succeed soon."""
    return status >= 500 or status in _PASSING


def pause_s(attempt: int, retry_after: str = "") -> float:
    """The pause before another attempt (from 0): doubled each time, or as the server says."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after[:9]), PAUSE_MAX_S)
    return float(min(PAUSE_S * 2**attempt, PAUSE_MAX_S))


def refusal(status: int, path: str) -> str:
    """What a status says about a secret."""
    if status == 403:
        return f"permission denied for {path}: the token is not valid, or its policy does not allow to read it"
    if status == 404:
        return f"{path} does not exist"
    if status == 503:
        return "Vault is sealed or in maintenance (status 503)"
    return f"Vault answered with status {status} for {path}"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
