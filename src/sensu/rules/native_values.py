"""JavaScript's values and operators in Python, for `rules/native_expression.py`.

Undefined is `UNDEFINED` and null is None; booleans, numbers, strings, lists and dicts are Python's, as in parsed JSON.
Operations that convert objects to strings or numbers, or have large values, raise `Unsure`: the engine is used instead.
"""

import math
import re
from collections.abc import Callable
from typing import Any

TEXT_CHARACTERS_MAX, LIST_ITEMS_MAX = 10_000, 1_000
"""Searching and joining longer values is left to the engine, which runs in another process."""
_EXACT_MAX = 2**53
_DATE_S_MAX = 8.64e12
_BLANKS = "".join(map(chr, (*range(9, 14), 32, 160, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029)))
_BLANKS += "\u202f\u205f\u3000\ufeff"
_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_NUMBER_CHARACTERS_MAX = 300
_INTEGER_TEXT_MAX = 10**15


class _Undefined:
    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = _Undefined()


class Unsure(Exception):
    """The engine is needed."""


class Thrown(Exception):
    """The expression throws an error; the message is the engine's."""


def truthy(value: Any) -> bool:
    """Whether a value is true in JavaScript."""
    if value is True or value is False:
        return bool(value)
    if value is None or value is UNDEFINED:
        return False
    if isinstance(value, int | float):
        return value != 0 and value == value  # NaN
    return len(value) > 0 if isinstance(value, str) else True


def type_name(value: Any) -> str:
    """The result of `typeof`."""
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "object"


def member(holder: Any, key: str | int) -> Any:
    """The property of a value, UNDEFINED if it does not have it."""
    kind = type(holder)
    if kind is dict:
        found = holder.get(key if isinstance(key, str) else str(key), UNDEFINED)
    elif holder is UNDEFINED or holder is None:
        raise Thrown(f"TypeError: cannot read property '{key}' of {'null' if holder is None else 'undefined'}")
    elif key == "length" and kind in (str, list):
        return (
            len(holder) if kind is list or holder.isascii() else len(holder.encode("utf-16-le", "surrogatepass")) // 2
        )
    elif kind is list and isinstance(key, int):
        found = holder[key] if key < len(holder) else UNDEFINED
    else:
        raise Unsure
    return _read(found)


def _read(value: Any) -> Any:
    """A value of an event as JavaScript reads it: integers beyond 2^53 lose digits, or are infinite."""
    if type(value) is not int or -_EXACT_MAX <= value <= _EXACT_MAX:
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def to_number(value: Any) -> float | int:
    """A value as a number, NaN if it is not a number."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if value is None:
        return 0
    if value is UNDEFINED:
        return math.nan
    if isinstance(value, str):
        return _number_of(value)
    raise Unsure


def _number_of(text: str) -> float:
    text = text.strip(_BLANKS)
    if not text:
        return 0.0
    if len(text) > _NUMBER_CHARACTERS_MAX or text[:1] == "0" and text[1:2] in "xXoObB" and len(text) > 1:
        raise Unsure
    return float(text) if _DECIMAL.fullmatch(text) else math.nan


def strictly_equal(one: Any, other: Any) -> bool:
    """`===`."""
    name = type_name(one)
    if name != type_name(other):
        return False
    if name == "object":
        if one is None or other is None:
            return one is other
        raise Unsure
    return True if name == "undefined" else bool(one == other)


def loosely_equal(one: Any, other: Any) -> bool:
    """`==`."""
    one_is_nothing, other_is_nothing = one is None or one is UNDEFINED, other is None or other is UNDEFINED
    if one_is_nothing or other_is_nothing:
        return one_is_nothing and other_is_nothing
    if type_name(one) == type_name(other):
        return strictly_equal(one, other)
    return to_number(one) == to_number(other)


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def operate(one: Any, other: Any) -> bool:
        if isinstance(one, str) and isinstance(other, str):
            if one.isascii() and other.isascii():
                return compare(one, other)
            return compare(one.encode("utf-16-be", "surrogatepass"), other.encode("utf-16-be", "surrogatepass"))
        return compare(to_number(one), to_number(other))

    return operate


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, str) or isinstance(other, str):
        joined = _text_of(one) + _text_of(other)
        if len(joined) > TEXT_CHARACTERS_MAX:
            raise Unsure
        return joined
    return float(to_number(one)) + float(to_number(other))


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        if len(value) > TEXT_CHARACTERS_MAX:
            raise Unsure
        return value
    if value is None or value is UNDEFINED:
        return "null" if value is None else "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and abs(value) < _INTEGER_TEXT_MAX and value == int(value):
        return str(int(value))
    raise Unsure


def _quotient(one: Any, other: Any) -> float:
    dividend, divisor = float(to_number(one)), float(to_number(other))
    if divisor:
        return dividend / divisor
    if not dividend or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)


def _remainder(one: Any, other: Any) -> float:
    dividend, divisor = float(to_number(one)), float(to_number(other))
    return math.fmod(dividend, divisor) if divisor and math.isfinite(dividend) else math.nan


def negated(value: Any) -> float:
    """Unary minus."""
    return -float(to_number(value))


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "==": loosely_equal,
    "!=": lambda one, other: not loosely_equal(one, other),
    "===": strictly_equal,
    "!==": lambda one, other: not strictly_equal(one, other),
    "<": _compared(lambda one, other: one < other),
    ">": _compared(lambda one, other: one > other),
    "<=": _compared(lambda one, other: one <= other),
    ">=": _compared(lambda one, other: one >= other),
    "+": _sum,
    "-": lambda one, other: float(to_number(one)) - float(to_number(other)),
    "*": lambda one, other: float(to_number(one)) * float(to_number(other)),
    "/": _quotient,
    "%": _remainder,
}
"""The binary operators that evaluate both sides."""


def index_of(holder: Any, wanted: Any) -> int:
    """`indexOf` of a string or a list, with JavaScript's indexes."""
    if isinstance(holder, str) and isinstance(wanted, str) and len(holder) <= TEXT_CHARACTERS_MAX:
        at = holder.find(wanted)
        return at + sum(character > "\uffff" for character in holder[:at]) if at > 0 and not holder.isascii() else at
    if isinstance(holder, list) and len(holder) <= LIST_ITEMS_MAX:
        return next((at for at, item in enumerate(holder) if strictly_equal(_read(item), wanted)), -1)
    raise Unsure


def has_own_property(holder: Any, name: Any) -> bool:
    """`hasOwnProperty` of an object."""
    if type(holder) is dict and isinstance(name, str) and "hasOwnProperty" not in holder:
        return name in holder
    raise Unsure


def _seconds(value: Any) -> float:
    return float(value) if type_name(value) == "number" and value == value else 0.0  # NaN


def _of_day(unit_s: int, count: int) -> Callable[[Any, float], float]:
    def part(value: Any, now: float) -> float:
        seconds = _seconds(value)
        if not abs(seconds) <= _DATE_S_MAX:
            return math.nan
        return math.floor(seconds) // unit_s % count

    return part


def _weekday(value: Any, now: float) -> float:
    seconds = _seconds(value)
    return (math.floor(seconds) // 86_400 + 4) % 7 if abs(seconds) <= _DATE_S_MAX else math.nan


FUNCTIONS: dict[str, Callable[[Any, float], float]] = {
    "hour": _of_day(3_600, 24),
    "minute": _of_day(60, 60),
    "second": _of_day(1, 60),
    "weekday": _weekday,
    "seconds_since": lambda value, now: now - _seconds(value),
}
"""Sensu's functions of a time in Unix seconds, in UTC."""
