"""Parses and formats numbers as Go does, for metric values, thresholds and templates."""

import math
import re

_FLOAT = re.compile(r"[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+)?", re.ASCII)
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d{1,5}", re.ASCII)
_INFINITY = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE | re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_INT64_MAX = 2**63 - 1
_INT64_MIN = -(2**63)
_NUMBER_CHARACTERS_MAX = 400


def parse_float(text: str) -> float | None:
    """Parse a float as Go does, or return None: no spaces, `_` between digits, `0x1p4`, `inf`, `NaN`.

    A number that is too large for a float is invalid.
    Source: recorded graphite values (`1_000` is 1000, `0x10` is refused).
    """
    if len(text) > _NUMBER_CHARACTERS_MAX:
        return None
    if _FLOAT.fullmatch(text):
        value = float(text)
        return None if math.isinf(value) else value
    if _INFINITY.fullmatch(text) or text.lower() == "nan":
        return float(text)
    if _HEX_FLOAT.fullmatch(text):
        try:
            return float.fromhex(text)
        except OverflowError:
            return None
    return None


def parse_int64(text: str) -> int | None:
    """Parse a decimal 64-bit integer, or return None (for spaces, other bases, and numbers that are too large)."""
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if _INT64_MIN <= value <= _INT64_MAX else None


def format_plain(value: float) -> str:
    """The shortest decimal form of `value` without an exponent: `95.5`, `1000000000000`, `+Inf`, `NaN`."""
    special = _special(value)
    if special:
        return special
    sign, digits, point = shortest_digits(value)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}" if digits != "0" else f"{sign}0"
    if point >= len(digits):
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"


def format_general(value: float) -> str:
    """The shortest form of `value` as Go prints it by default: an exponent below 1e-4 and from 1e21 on."""
    special = _special(value)
    if special:
        return special
    sign, digits, point = shortest_digits(value)
    exponent = point - 1
    if -4 <= exponent < 21:
        return format_plain(value)
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def shortest_digits(value: float) -> tuple[str, str, int]:
    """Sign, significant digits and position of the decimal point of a finite float: 12.5 gives ("", "125", 2)."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    return (sign, digits, point) if digits else (sign, "0", 1)


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return ""
