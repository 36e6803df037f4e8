"""Prints values as Go does: `print`, `println`, `printf` and plain actions."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sensu.rules.go_number import format_general
from sensu.rules.templates.faults import CallFault
from sensu.rules.templates.quoting import quote

NO_VALUE = "<no value>"
_WIDTH_MAX = 1_000_000
_DIRECTIVE = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<index>\[\d+\])?(?P<width>\d+|\*)?"
    r"(?:\.(?P<precision>\d+|\*)?)?(?P<last_index>\[\d+\])?(?P<verb>.)?",
    re.DOTALL,
)


def type_name(value: Any) -> str:
    """Go's name for the type of a value."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "bool"
    for kind, name in ((str, "string"), (int, "int"), (float, "float64")):
        if isinstance(value, kind):
            return name
    return "map[string]interface {}" if isinstance(value, Mapping) else "[]interface {}"


def plain(value: Any) -> str:
    """The value as `%v` prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_general(value)
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{key}:{plain(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list | tuple):
        return f"[{' '.join(map(plain, value))}]"
    return str(value)


def sprint(values: Sequence[Any]) -> str:
    """The values concatenated, with a space between two if neither is a string."""
    parts: list[str] = []
    for at, value in enumerate(values):
        if at and not isinstance(value, str) and not isinstance(values[at - 1], str):
            parts.append(" ")
        parts.append(plain(value))
    return "".join(parts)


@dataclass(slots=True)
class _Directive:
    flags: str
    width: int | None
    precision: int | None
    verb: str


class _Arguments:
    """The arguments of a printf, and which of them were used."""

    def __init__(self, values: Sequence[Any], characters_max: int) -> None:
        self.values = values
        self.at = 0
        self.reordered = False
        self.characters_left = characters_max

    def count(self, text: str) -> str:
        """The text, if all texts together are within the limit."""
        self.characters_left -= len(text)
        if self.characters_left < 0:
            raise CallFault("the result is too long")
        return text

    def select(self, index: str | None) -> bool:
        """Select the argument `[n]`; false if it does not exist."""
        if index is None:
            return True
        self.reordered = True
        number = int(index[1:-1])
        self.at = number - 1
        return 1 <= number <= len(self.values)

    def star(self) -> int | None:
        """The next argument as a width or precision, None if it is not valid as one."""
        value = self.values[self.at] if self.at < len(self.values) else None
        self.at += 1
        is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _WIDTH_MAX
        return value if is_number else None


def sprintf(template: str, values: Sequence[Any], characters_max: int) -> str:
    """`template` with its verbs replaced; mistakes appear in the text as in Go (`%!d(string=x)`).

    Raises CallFault if the result is longer than `characters_max`.
    """
    arguments = _Arguments(values, characters_max)
    text = _DIRECTIVE.sub(lambda match: arguments.count(_directive(match, arguments)), template)
    if not arguments.reordered and arguments.at < len(values):
        extra = ", ".join(_typed(value) for value in values[arguments.at :])
        text += f"%!(EXTRA {extra})"
    return text


def _typed(value: Any) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={plain(value)}"


def _directive(match: re.Match[str], arguments: _Arguments) -> str:
    verb = match["verb"]
    if verb is None:
        return "%!(NOVERB)"
    sound = arguments.select(match["index"])
    width, width_fault = _amount(match["width"], arguments, "%!(BADWIDTH)")
    precision, precision_fault = _amount(match["precision"], arguments, "%!(BADPREC)")
    if "." in match.group()[: -len(verb)] and precision is None and not precision_fault:
        precision = 0
    sound = arguments.select(match["last_index"]) and sound
    faults = width_fault + precision_fault
    if verb == "%":
        return faults + "%"
    if not sound:
        return f"{faults}%!{verb}(BADINDEX)"
    if arguments.at >= len(arguments.values):
        return f"{faults}%!{verb}(MISSING)"
    value = arguments.values[arguments.at]
    arguments.at += 1
    flags = match["flags"] + ("-" if width is not None and width < 0 else "")
    return faults + _formatted(_Directive(flags, abs(width) if width else width, precision, verb), value)


def _amount(text: str | None, arguments: _Arguments, fault: str) -> tuple[int | None, str]:
    if text is None:
        return None, ""
    amount = arguments.star() if text == "*" else int(text[:8])
    if amount is None or abs(amount) > _WIDTH_MAX:
        return None, fault
    return amount, ""


def _formatted(directive: _Directive, value: Any) -> str:
    if directive.verb == "T":
        return _padded(type_name(value), directive)
    if isinstance(value, list | tuple) and not (directive.verb in "sxXq" and not value):
        return f"[{' '.join(_formatted(directive, item) for item in value)}]"
    if isinstance(value, Mapping):
        keyed = (f"{_formatted(directive, key)}:{_formatted(directive, value[key])}" for key in sorted(value))
        return f"map[{' '.join(keyed)}]"
    formatter = _formatter(directive, value)
    if formatter is None:
        return f"%!{directive.verb}({_typed(value)})"
    return formatter(directive, value)


def _formatter(directive: _Directive, value: Any) -> Callable[[_Directive, Any], str] | None:
    verb = directive.verb
    if value is None:
        return (lambda directive, _: _padded("<nil>", directive)) if verb == "v" else None
    if isinstance(value, bool):
        return (lambda directive, flag: _padded(plain(flag), directive)) if verb in "tv" else None
    if isinstance(value, str):
        return _text if verb in "vsqxX" else None
    if isinstance(value, int):
        return _integer if verb in "vdboOxXcqU" else None
    if isinstance(value, float):
        return _float if verb in "veEfFgG" else None
    return None


def _padded(text: str, directive: _Directive, zeros: bool = False) -> str:
    missing = (directive.width or 0) - len(text)
    if missing <= 0:
        return text
    if "-" in directive.flags:
        return text + " " * missing
    if zeros and "0" in directive.flags:
        sign = text[0] if text[:1] in ("+", "-", " ") else ""
        return sign + "0" * missing + text[len(sign) :]
    return ("0" if "0" in directive.flags and not zeros and directive.verb in "sq" else " ") * missing + text


def _text(directive: _Directive, value: str) -> str:
    cut = value if directive.precision is None else value[: directive.precision]
    if directive.verb in "xX":
        pairs = [f"{byte:02x}" for byte in cut.encode()]
        text = (" " if " " in directive.flags else "").join(pairs)
        text = f"0x{text}" if "#" in directive.flags and text else text
        return _padded(text.upper() if directive.verb == "X" else text, directive)
    if directive.verb == "q" or (directive.verb == "v" and "#" in directive.flags):
        if directive.verb == "q" and "#" in directive.flags and "`" not in cut and cut.isprintable():
            return _padded(f"`{cut}`", directive)
        return _padded(quote(cut, ascii_only="+" in directive.flags), directive)
    return _padded(cut, directive)


def _integer(directive: _Directive, value: int) -> str:
    verb = directive.verb
    if verb in "cqU":
        return _padded(_code_point(directive, value), directive)
    base = {"b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}.get(verb, "d")
    digits = format(abs(value), base)
    if directive.precision is not None:
        digits = "" if directive.precision == 0 and value == 0 else digits.rjust(directive.precision, "0")
    prefixes = {"b": "0b", "o": "0", "x": "0x", "X": "0X"} if "#" in directive.flags else {}
    prefix = "0o" if verb == "O" else prefixes.get(verb, "")
    sign = "-" if value < 0 else _plus(directive)
    return _padded(sign + prefix + digits, directive, zeros=directive.precision is None)


def _code_point(directive: _Directive, value: int) -> str:
    character = chr(value) if 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000 else "\N{REPLACEMENT CHARACTER}"
    if directive.verb == "U":
        return f"U+{value:04X}" + (f" '{character}'" if "#" in directive.flags else "")
    return character if directive.verb == "c" else quote(character, "'", "+" in directive.flags)


def _plus(directive: _Directive) -> str:
    return "+" if "+" in directive.flags else " " if " " in directive.flags else ""


def _float(directive: _Directive, value: float) -> str:
    if not math.isfinite(value):
        text = format_general(value)
        text = text.lstrip("+") if "+" not in directive.flags else text if text[0] in "+-" else f"+{text}"
        return _padded(text, directive)
    verb, precision = directive.verb, directive.precision
    if precision is None and verb in "vgG":
        text = format_general(abs(value))
    elif verb in "vgG":
        text = format(abs(value), f".{precision or 1}g")
    else:
        text = format(abs(value), f".{6 if precision is None else precision}{verb.lower()}")
    if verb in "EG":
        text = text.upper()
    sign = "-" if math.copysign(1.0, value) < 0 else _plus(directive)
    return _padded(sign + text, directive, zeros=True)
