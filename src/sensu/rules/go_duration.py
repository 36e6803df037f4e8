"""Durations in Go's format: `1h30m`, `1.5s`, `300ms`, `0`."""

import json
import re

from sensu.errors import InvalidResource

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # micro sign
    "μs": 1_000,  # Greek letter mu
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"([0-9]*)(\.[0-9]*)?([^0-9.]*)", re.ASCII)
_DURATION_NS_MAX = 2**63 - 1
_DURATION_CHARACTERS_MAX = 200


def parse_ns(text: str) -> int:
    """Parse a duration to nanoseconds; raises InvalidResource."""
    unsigned = text[1:] if text[:1] in ("-", "+") else text
    if unsigned == "0":
        return 0
    if not unsigned or len(text) > _DURATION_CHARACTERS_MAX:
        raise _invalid(text)
    total, at = 0, 0
    while at < len(unsigned):
        match = _PART.match(unsigned, at)
        assert match is not None
        total += _part_ns(text, *match.groups())
        at = match.end()
    if total > _DURATION_NS_MAX:
        raise _invalid(text)
    return -total if text[0] == "-" else total


def _part_ns(text: str, whole: str, fraction: str | None, unit: str) -> int:
    digits = (fraction or "")[1:]
    if not whole and not digits:
        raise _invalid(text)
    if not unit:
        raise InvalidResource(f"time: missing unit in duration {_quoted(text)}")
    scale = _NANOSECONDS.get(unit)
    if scale is None:
        raise InvalidResource(f"time: unknown unit {_quoted(unit)} in duration {_quoted(text)}")
    part = int(whole or 0) * scale
    if digits:
        part += int(digits) * scale // 10 ** len(digits)
    return part


def parse_s(text: str) -> float:
    """Parse a duration to seconds; raises InvalidResource."""
    return parse_ns(text) / 1e9


def format_ns(duration_ns: int) -> str:
    """Format nanoseconds as Go does: `1h30m0s`, `1.5s`, `300ms`, `0s`."""
    sign, rest = ("-", -duration_ns) if duration_ns < 0 else ("", duration_ns)
    if rest == 0:
        return "0s"
    for unit in ("ns", "µs", "ms"):
        if rest < _NANOSECONDS[unit] * 1000:
            return f"{sign}{_decimal(rest, _NANOSECONDS[unit])}{unit}"
    hours, rest = divmod(rest, _NANOSECONDS["h"])
    minutes, rest = divmod(rest, _NANOSECONDS["m"])
    text = f"{_decimal(rest, _NANOSECONDS['s'])}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{sign}{hours}h{text}" if hours else sign + text


def format_s(duration_s: float) -> str:
    """Format seconds as Go does, rounded to nanoseconds."""
    return format_ns(round(duration_s * 1e9))


def _decimal(count: int, scale: int) -> str:
    whole, rest = divmod(count, scale)
    fraction = str(rest).rjust(len(str(scale)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _invalid(text: str) -> InvalidResource:
    return InvalidResource(f"time: invalid duration {_quoted(text)}")
