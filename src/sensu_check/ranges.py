"""Ranges: the values for which a check warns or is critical.

`10` alerts outside 0 to 10, `10:` below 10, `~:10` above 10, `10:20` outside 10 to 20, and `@10:20` inside them. Both
ends count as inside. A number may have a unit, such as `80%`, `500ms` or `2Gi`.
Source: Monitoring Plugins Development Guidelines, "Threshold and Ranges"; units are an addition.
"""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

Units = Mapping[str, float]
"""Units that a number may have, and by what each multiplies the number."""

PLAIN: Units = {}
PERCENT: Units = {"%": 1}
SECONDS: Units = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400}
MILLISECONDS: Units = {"us": 1e-3, "ms": 1, "s": 1000}
DAYS: Units = {"h": 1 / 24, "d": 1, "w": 7}
BYTES: Units = {
    **{f"{prefix}{end}": 1000.0**power for power, prefix in enumerate(("", "k", "M", "G", "T")) for end in ("", "B")},
    **{
        f"{prefix}{end}": 1024.0**power for power, prefix in enumerate(("Ki", "Mi", "Gi", "Ti"), 1) for end in ("", "B")
    },
}


_NUMBER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)([A-Za-z%]*)")


class BadRange(ValueError):
    """A text that is not a range; the message says why."""


class Range(NamedTuple):
    """The values from `start` to `end`; a value outside them alerts, or a value `inside` them."""

    start: float
    end: float
    inside: bool = False

    def alerts(self, value: float) -> bool:
        """Whether a value alerts."""
        return (self.start <= value <= self.end) is self.inside

    def __str__(self) -> str:
        """The shortest form, without units."""
        start = "" if self.start == 0 else "~:" if self.start == -math.inf else f"{plain(self.start)}:"
        end = "" if self.end == math.inf else plain(self.end)
        if not end and not start:
            start = "0:"
        return f"{'@' if self.inside else ''}{start}{end}"


def plain(number: float) -> str:
    """A number as the performance data have it: without an exponent, and without zeros at the end."""
    text = f"{number:.9f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def parse_range(text: str, units: Units = PLAIN) -> Range:
    """The range that a text describes, with its numbers multiplied by their units.

    Raises BadRange.
    """
    inside = text.startswith("@")
    start_text, colon, end_text = text.removeprefix("@").rpartition(":")
    if colon and not start_text:
        raise BadRange(f'"{text}" is not a range: a number or ~ must precede the colon, for example 0{text}')
    if not colon and not end_text:
        raise BadRange(f'"{text}" is not a range: use 10, 10:, ~:10, 10:20 or @10:20')
    start = 0.0
    if colon:
        start = -math.inf if start_text == "~" else parse_number(start_text, units)
    end = math.inf if not end_text else parse_number(end_text, units)
    if start > end:
        raise BadRange(f'"{text}" is not a range: its start is greater than its end')
    return Range(start, end, inside)


def parse_number(text: str, units: Units = PLAIN) -> float:
    """A number with an optional unit.

    Raises BadRange.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise BadRange(f'"{text}" is not a number, so it cannot be used in a range: use 10, 10:, ~:10, 10:20 or @10:20')
    number, unit = match.groups()
    if unit and unit not in units:
        allowed = f"the units are {', '.join(filter(None, units))}" if units else "it must be a number without a unit"
        raise BadRange(f'"{text}" has the unknown unit "{unit}": {allowed}')
    return float(number) * (units[unit] if unit else 1)
