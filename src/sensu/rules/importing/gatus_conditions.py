"""Conditions of Gatus as flags of `sensu-check`.

Source: Gatus, README, "Conditions".
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sensu.errors import InvalidResource
from sensu.rules.go_duration import parse_s
from sensu.rules.importing.check_draft import json_value
from sensu.rules.importing.http_statuses import STATUSES

_CONDITION = re.compile(r"\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*")
_BODY = re.compile(r"(?:(?P<function>len|has)\()?\[BODY\](?P<path>(?:\.?[\w-]+|\[\d+\]|\.)*)(?(function)\))")
_PLACEHOLDER = re.compile(r"(?:len\(|has\()?\[[A-Z_]+\]")
_ANY, _PATTERN = re.compile(r"any\((.*)\)"), re.compile(r"pat\((.*)\)")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DAY_S = 86_400


@dataclass
class Expectations:
    """What all conditions of an endpoint expect together."""

    statuses: set[int] = field(default_factory=lambda: set(STATUSES))
    slowest_ms: float | None = None
    expires_s: float | None = None
    json: list[str] = field(default_factory=list)
    body: str = ""
    """A pattern for the whole body."""
    records: list[str] = field(default_factory=list)
    """The values of a DNS answer."""
    unknown: list[str] = field(default_factory=list)
    """Conditions that no flag can express."""


def expectations_of(conditions: Iterable[str], *, of_dns: bool = False) -> Expectations:
    """What conditions expect; those that cannot be expressed are `unknown`."""
    found = Expectations()
    for condition in conditions:
        parts = _CONDITION.fullmatch(condition)
        if parts is None or not _add(found, *parts.groups(), of_dns=of_dns):
            found.unknown.append(condition)
    return found


def _add(found: Expectations, left: str, sign: str, right: str, *, of_dns: bool) -> bool:
    """Add a condition; returns whether it can be expressed."""
    if left == "[CONNECTED]":
        return (sign, right.lower()) == ("==", "true")
    if left == "[STATUS]":
        return _add_statuses(found, sign, right)
    if left == "[RESPONSE_TIME]" and sign in ("<", "<=") and re.fullmatch(r"\d+", right):
        found.slowest_ms = min(float(right), found.slowest_ms or float(right))
        return True
    if left == "[CERTIFICATE_EXPIRATION]" and sign in (">", ">="):
        return _add_expiry(found, right)
    if left == "[DNS_RCODE]":
        return (sign, right.upper()) == ("==", "NOERROR")
    body = _BODY.fullmatch(left)
    if body is None or _PLACEHOLDER.match(right):
        return False
    if of_dns:
        return sign == "==" and not body["path"] and _add_record(found, right)
    if body["path"] or body["function"]:
        return _add_json(found, body["function"] or "", body["path"].lstrip("."), sign, right)
    return _add_body(found, sign, right)


def _add_statuses(found: Expectations, sign: str, right: str) -> bool:
    several = _ANY.fullmatch(right)
    wanted = [word.strip() for word in (several[1] if several else right).split(",")]
    if not all(word.isdecimal() for word in wanted) or (several and sign not in ("==", "!=")):
        return False
    if several and sign == "==":
        found.statuses &= {int(word) for word in wanted}
    else:
        for word in wanted:
            found.statuses = {one for one in found.statuses if _COMPARISONS[sign](one, int(word))}
    return True


def _add_expiry(found: Expectations, right: str) -> bool:
    try:
        seconds = parse_s(right)
    except InvalidResource:
        return False
    found.expires_s = max(seconds, found.expires_s or 0.0)
    return True


def _add_record(found: Expectations, right: str) -> bool:
    if _ANY.fullmatch(right) or _PATTERN.fullmatch(right):
        return False
    found.records.append(right)
    return True


def _add_json(found: Expectations, function: str, path: str, sign: str, right: str) -> bool:
    several, pattern = _ANY.fullmatch(right), _PATTERN.fullmatch(right)
    place = f"{function}({path})" if function else path
    if not path or (function and (several or pattern)):
        return False
    if pattern or several:
        words = [word.strip() for word in several[1].split(",")] if several else []
        if sign != "==" or any(json_value(word) == word for word in words):
            return False  # a pattern matches texts alone
        choice = "|".join(re.escape(word) for word in words) if several else _as_regex(pattern[1] if pattern else "")
        found.json.append(f"{place} =~ ^(?:{choice})$")
    else:
        found.json.append(f"{place} {sign} {json_value(right)}")
    return True


def _add_body(found: Expectations, sign: str, right: str) -> bool:
    pattern = _PATTERN.fullmatch(right)
    if sign != "==" or found.body or _ANY.fullmatch(right):
        return False
    found.body = rf"(?s)\A{_as_regex(pattern[1]) if pattern else re.escape(right)}\Z"
    return True


def _as_regex(pattern: str) -> str:
    """A pattern in which `*` stands for any characters, and `?` for one."""
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)


def days_range(seconds: float) -> str:
    """The range of days that alerts below a time."""
    return f"{round(seconds / _DAY_S, 3):g}d:"


def shown(conditions: Sequence[str]) -> Iterator[str]:
    """What to review about conditions that no flag can express."""
    return (f"condition not taken: {condition}" for condition in conditions)
