"""Numbers as JavaScript writes them."""

from sensu.resources.metrics import Number
from sensu.rules.go_number import format_plain, shortest_digits

_WHOLE_MAX = 2**53


def as_number(value: float) -> Number:
    """The number as an integer if it is one, as in JSON that JavaScript writes."""
    return int(value) if value == int(value) and abs(value) <= _WHOLE_MAX else value


def number_text(value: Number) -> str:
    """The text of a finite number: the shortest digits, an exponent below 1e-6 and from 1e21 on."""
    as_float = float(value)
    if as_float == 0:
        return "0"
    sign, digits, point = shortest_digits(as_float)
    if -6 < point <= 21:
        return format_plain(as_float)
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{'-' if point < 1 else '+'}{abs(point - 1)}"
