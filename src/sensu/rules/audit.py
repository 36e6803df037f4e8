"""What an audit log keeps of a change or a log-in, and what it must not keep."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sensu.resources.kinds import API_KEY, Kind
from sensu.resources.wire import Wire, always_int, always_str
from sensu.rules.redaction import REDACTED, names_secret
from sensu.rules.selectors.selectable import Selectable, as_text, own

DOCUMENT_BYTES_MAX = 64 * 1024
"""Of a longer resource the log says only how long it was."""

KEY_CHARACTERS_SHOWN = 8
"""The beginning of an API key tells which one it is, and is no key."""

TEXT_CHARACTERS_MAX = 256
"""What somebody called himself at a failed log-in is cut after so many characters."""

_PASSWORDS = frozenset(("password", "password_hash"))
_URL = re.compile(r"(?<=://)[^\s\"'`<>|]+")
_USER_INFO = re.compile(r"^[^/?#]+(?=@)")
_QUERY_MARK = re.compile(r"[?#]")
_QUERY_VALUE = re.compile(r"(?<==)[^&;#]+")


_SELECTED = ("username", "address", "via", "action", "type", "namespace", "name", "batch")
SELECTABLE = Selectable("audit", own(as_text, *_SELECTED), ())
"""What selectors can compare of entries."""


class AuditRecord(Wire, frozen=True):
    """Who did what, from where; `at` in Unix seconds.

    `action` is create, update, delete, execute (a check), resolve (an event), retry or discard (a delivery), end (a
    session), login, logout or login refused. `before` and `after` are the resource without its secrets;
    `secrets_changed` says that they differ in what is not shown. What a bulk request did has the same `batch`.
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
    suppressed: int = 0
    batch: str = ""


class ListedRecord(AuditRecord, frozen=True):
    """A record as it is listed: with the id that orders it among the others."""

    id: int = always_int()


def shown_name(kind: Kind, name: str) -> str:
    """The name of a resource as the log may show it: that of an API key is the key."""
    if kind is not API_KEY or len(name) <= KEY_CHARACTERS_SHOWN:
        return name
    return f"{name[:KEY_CHARACTERS_SHOWN]}…"


def document(kind: Kind, body: bytes | None) -> Any:
    """A resource without its secrets, from what readers get of it; None where there is none."""
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
    if isinstance(value, Mapping):
        return {key: _member(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return _URL.sub(_without_credentials, value) if isinstance(value, str) else value


def _without_credentials(url: re.Match[str]) -> str:
    """What follows `://` in a URL without user and password, and without the values of its query and fragment."""
    mark = _QUERY_MARK.search(url[0])
    end = len(url[0]) if mark is None else mark.end()
    place, query = _USER_INFO.sub(REDACTED, url[0][:end]), url[0][end:]
    return place + (_QUERY_VALUE.sub(REDACTED, query) if "=" in query or not query else REDACTED)


def _member(key: str, value: Any) -> Any:
    hide = _HIDING.get(key)
    if hide is not None:
        return hide(value)
    if isinstance(value, str) and value and (key in _PASSWORDS or names_secret(key)):
        return REDACTED
    return _without_secrets(value)


def _hidden_variables(value: Any) -> Any:
    """`NAME=value` without the values."""
    return [f"{str(one).partition('=')[0]}={REDACTED}" for one in value] if isinstance(value, list) else value


def _hidden_values(value: Any) -> Any:
    return dict.fromkeys(value, REDACTED) if isinstance(value, Mapping) else value


_HIDING: dict[str, Callable[[Any], Any]] = {"env_vars": _hidden_variables, "headers": _hidden_values}


def cut(text: str) -> str:
    """A text from outside, not longer than the log keeps."""
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[:TEXT_CHARACTERS_MAX] + "…"
