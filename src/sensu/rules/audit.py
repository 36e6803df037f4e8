"""The content of audit log entries, without secrets."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from sensu.resources.kinds import API_KEY, Kind
from sensu.resources.wire import Wire, always_int, always_str
from sensu.rules.redaction import REDACTED, names_secret
from sensu.rules.selectors.selectable import Selectable, as_text, own

DOCUMENT_BYTES_MAX = 64 * 1024
"""For a longer resource, only its length is logged."""

DOCUMENT_BYTES_REMEMBERED_MAX = 4 * 1024
DOCUMENTS_REMEMBERED_MAX = 4096

KEY_CHARACTERS_SHOWN = 8
"""The beginning of an API key identifies it, and cannot be used as a key."""

TEXT_CHARACTERS_MAX = 256
"""The user name of a failed login is truncated to this number of characters."""
REASON_CHARACTERS_MAX = 2_048
"""The limit for the reasons of a failed login."""

_KEY_CHARACTERS_REMEMBERED_MAX = 256
_PASSWORDS = frozenset(("password", "password_hash"))
_URL = re.compile(r"(?<=://)[^\s\"'`<>|]+")
_USER_INFO = re.compile(r"^[^/?#]+(?=@)")
_QUERY_MARK = re.compile(r"[?#]")
_QUERY_VALUE = re.compile(r"(?<==)[^&;#]+")


_SELECTED = ("username", "address", "via", "action", "type", "namespace", "name", "batch")
SELECTABLE = Selectable("audit", own(as_text, *_SELECTED), ())
"""The fields of entries that selectors can compare."""


class AuditRecord(Wire, frozen=True):
    """Who did what, and from which address; `at` is in Unix seconds.

    `action` is create, update, delete, execute (a check), resolve (an event), retry or discard (a delivery), end (a
    session), test (a log-in at a provider), login, logout or login refused. `before` and `after` are the resource
    without its secrets; `secrets_changed` is set if secrets changed. `reason` says why a login was refused, and by
    which provider. What a bulk request did has the same `batch`.
    """

    at: float = 0.0
    username: str = always_str()
    address: str = always_str()
    via: str = ""
    action: str = always_str()
    type: str = ""
    api_version: str = ""
    namespace: str = ""
    name: str = ""
    before: Any = None
    after: Any = None
    secrets_changed: bool = False
    reason: str = ""
    suppressed: int = 0
    batch: str = ""


class ListedRecord(AuditRecord, frozen=True):
    """A record in a list, with its id, which determines the order."""

    id: int = always_int()


def shown_name(kind: Kind, name: str) -> str:
    """The name of a resource as it can be logged; that of an API key is shortened, because it is the key."""
    if kind is not API_KEY or len(name) <= KEY_CHARACTERS_SHOWN:
        return name
    return f"{name[:KEY_CHARACTERS_SHOWN]}…"


def document_json(kind: Kind, body: bytes | None) -> msgspec.Raw | None:
    """The JSON of `document`; that of small ones is remembered, because an update shows what the one before it left."""
    if body is None:
        return None
    return (_remembered_json if len(body) <= DOCUMENT_BYTES_REMEMBERED_MAX else _document_json)(kind, body)


def _document_json(kind: Kind, body: bytes) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(document(kind, body)))


_remembered_json = lru_cache(DOCUMENTS_REMEMBERED_MAX)(_document_json)


def document(kind: Kind, body: bytes | None) -> Any:
    """A resource without its secrets, from its public JSON; None if there is no resource."""
    if body is None:
        return None
    if len(body) > DOCUMENT_BYTES_MAX:
        return {"omitted_bytes": len(body)}
    resource = _without_secrets(msgspec.json.decode(body))
    if kind is API_KEY:
        metadata = resource["metadata"]
        metadata["name"] = shown_name(kind, metadata["name"])
    return resource


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return _URL.sub(_without_credentials, value) if "://" in value else value
    if isinstance(value, dict):
        return {key: _member(key, item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _without_credentials(url: re.Match[str]) -> str:
    """The rest of a URL after `://`, without user, password, and the values of query and fragment."""
    mark = _QUERY_MARK.search(url[0])
    end = len(url[0]) if mark is None else mark.end()
    place, query = _USER_INFO.sub(REDACTED, url[0][:end]), url[0][end:]
    return place + (_QUERY_VALUE.sub(REDACTED, query) if "=" in query or not query else REDACTED)


def _member(key: str, value: Any) -> Any:
    if not value or value is True:
        return value
    return (_remembered_hiding if len(key) <= _KEY_CHARACTERS_REMEMBERED_MAX else _hiding)(key)(value)


def _hiding(key: str) -> Callable[[Any], Any]:
    """What hides the secrets in the value of a member."""
    secret = key in _PASSWORDS or names_secret(key)
    return _HIDING.get(key, _hidden_text if secret else _without_secrets)


_remembered_hiding = lru_cache(4096)(_hiding)


def _hidden_text(value: Any) -> Any:
    return REDACTED if isinstance(value, str) else _without_secrets(value)


def _hidden_variables(value: Any) -> Any:
    """`NAME=value` without the values."""
    return [f"{str(one).partition('=')[0]}={REDACTED}" for one in value] if isinstance(value, list) else value


def _hidden_values(value: Any) -> Any:
    return dict.fromkeys(value, REDACTED) if isinstance(value, Mapping) else value


_HIDING: dict[str, Callable[[Any], Any]] = {"env_vars": _hidden_variables, "headers": _hidden_values}


def cut(text: str, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """A string from a client or a provider, truncated to the limit."""
    return text if len(text) <= characters_max else text[:characters_max] + "…"
