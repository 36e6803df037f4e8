"""Durations of Prometheus: `1h30m`, `2d`, `1w`."""

import re

from sensu.errors import InvalidResource

_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
LENGTH_MAX = 60
_PART = re.compile(r"(\d+)(ms|[smhdwy])")


def duration_s(text: str) -> float:
    """The seconds of a duration; raises InvalidResource."""
    parts = _PART.findall(text) if len(text) <= LENGTH_MAX else []
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text:
        raise InvalidResource(f'"{text}" is not a duration: use for example 1h30m')
    return float(sum(int(number) * _UNITS_S[unit] for number, unit in parts))
