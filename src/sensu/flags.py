"""Parses flags as the reference's programs do, anywhere among the words: `--name value`, `--name=value`, `-nvalue`.

A flag that is true or false takes a value only with `=`. Lists are comma-separated and may be repeated.
Source: recorded scenarios bad-flags, configure, check-errors.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sensu.errors import ConfigurationError, InvalidResource
from sensu.rules.go_duration import parse_s

UINT_MAX = 2**32 - 1
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)


class Flag(NamedTuple):
    """One flag; `kind` is string, strings, stringArray, int, bool, float, map, duration, seconds or ignored.

    `stringArray` may be repeated and keeps commas. `seconds` takes a duration or a bare number, `ignored` a value only
    where one follows.
    """

    name: str
    kind: str = "string"
    default: Any = None
    help: str = ""
    short: str = ""
    required: bool = False
    hidden: bool = False

    @property
    def shown(self) -> str:
        """`-i, --interval`, or `--interval` without a short form."""
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


class Parsed(NamedTuple):
    """A parsed command line: the values of its flags, and the other words in order."""

    values: dict[str, Any]
    words: list[str]


class UnknownFlag(ConfigurationError):
    """The command line has a flag that the program does not know; `name` is without dashes."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown flag: --{name}")
        self.name = name


class HelpAsked(Exception):
    """The command line asks for help."""


def parse(flags: Sequence[Flag], arguments: Sequence[str]) -> Parsed:
    """The flags and words of a command line; raises ConfigurationError with the reference's text, or HelpAsked."""
    by_name = {flag.name: flag for flag in flags}
    by_short = {flag.short: flag for flag in flags if flag.short}
    found, waiting = Parsed({}, []), list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            found.words.extend(waiting)
            break
        if word.startswith("--"):
            _take_long(word, by_name, waiting, found.values)
        elif word.startswith("-") and word != "-":
            _take_short(word, by_short, waiting, found.values)
        else:
            found.words.append(word)
    return found


def _take_long(word: str, by_name: dict[str, Flag], waiting: list[str], values: dict[str, Any]) -> None:
    name, equals, text = word[2:].partition("=")
    flag = by_name.get(name)
    if flag is None:
        if name == "help":
            raise HelpAsked
        raise UnknownFlag(name)
    if not equals:
        text = _next_text(flag, waiting, f"flag needs an argument: --{name}")
    _store(values, flag, text)


def _take_short(word: str, by_short: dict[str, Flag], waiting: list[str], values: dict[str, Any]) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        flag = by_short.get(letter)
        if flag is None:
            if letter == "h":
                raise HelpAsked
            raise ConfigurationError(f"unknown shorthand flag: '{letter}' in {word}")
        if letters.startswith("="):
            text, letters = letters[1:], ""
        elif flag.kind == "bool":
            text = "true"
        elif letters:
            text, letters = letters, ""
        else:
            text = _next_text(flag, waiting, f"flag needs an argument: '{letter}' in {word}")
        _store(values, flag, text)


def _next_text(flag: Flag, waiting: list[str], missing: str) -> str:
    if flag.kind == "bool":
        return "true"
    if flag.kind == "ignored" and (not waiting or waiting[0].startswith("-")):
        return ""
    if not waiting:
        raise ConfigurationError(missing)
    return waiting.pop(0)


def _store(values: dict[str, Any], flag: Flag, text: str) -> None:
    """Repeated lists and maps are combined; for other kinds the last value counts."""
    value = convert(flag.kind, text, f'"{flag.shown}" flag')
    before = values.get(flag.name)
    if before is not None and flag.kind in ("strings", "stringArray"):
        value = [*before, *value]
    elif before is not None and flag.kind == "map":
        value = {**before, **value}
    values[flag.name] = value


def convert(kind: str, text: str, where: str) -> Any:
    """Parse a value; raises ConfigurationError, which names `where` and the rule."""
    try:
        return _CONVERTERS[kind](text)
    except ValueError as err:
        raise ConfigurationError(f'invalid argument "{text}" for {where}: {_REASONS[kind].format(text=text)}') from err
    except InvalidResource as err:
        raise ConfigurationError(f'invalid argument "{text}" for {where}: {err}') from err


def convert_bool(text: str) -> bool:
    """Parse a Boolean; raises ConfigurationError."""
    return bool(_plainly("bool", text))


def convert_int(text: str) -> int:
    """Parse an integer; raises ConfigurationError."""
    return int(_plainly("int", text))


def convert_uint(text: str) -> int:
    """Parse an unsigned 32-bit integer; raises ConfigurationError."""
    if not (text.isascii() and text.isdecimal()):
        raise ConfigurationError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if int(text) > UINT_MAX:
        raise ConfigurationError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def _plainly(kind: str, text: str) -> Any:
    try:
        return _CONVERTERS[kind](text)
    except ValueError as err:
        raise ConfigurationError(_REASONS[kind].format(text=text)) from err


def _bool(text: str) -> bool:
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise ValueError(text)


def _int(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _strings(text: str) -> list[str]:
    """The items of a comma-separated list; an item with a comma is in double quotes, as in a CSV file."""
    return [item.strip() for item in _items(text) if item.strip()]


def _items(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    import csv  # noqa: PLC0415 - rarely needed, and start-up time counts

    try:
        return next(csv.reader([text], strict=True, skipinitialspace=True), [])
    except csv.Error as err:
        raise ValueError(text) from err


def _map(text: str) -> dict[str, str]:
    """Parse `k=v,k2=v2` or a JSON object of strings; the value of a single pair may have commas, others need quotes."""
    if text.lstrip().startswith("{"):
        import json  # noqa: PLC0415 - rarely needed, and start-up time counts

        content = json.loads(text)
        if not all(isinstance(value, str) for value in content.values()):
            raise ValueError(text)
        return dict(content)
    items = [text.strip('"')] if text.count("=") == 1 else _strings(text)
    pairs = [item.partition("=") for item in items]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError(text)
    return {key.strip(): value for key, _, value in pairs}


def _seconds(text: str) -> float:
    """Seconds from a duration such as `1m30s`; a bare number is in seconds."""
    return float(text) if text.replace(".", "", 1).isdecimal() else parse_s(text)


_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "ignored": str,
    "strings": _strings,
    "stringArray": lambda text: [text],
    "int": _int,
    "float": float,
    "bool": _bool,
    "duration": parse_s,
    "seconds": _seconds,
    "map": _map,
}
_REASONS = {
    "strings": "double quotes must enclose a whole item",
    "int": 'strconv.ParseInt: parsing "{text}": invalid syntax',
    "float": 'strconv.ParseFloat: parsing "{text}": invalid syntax',
    "bool": 'strconv.ParseBool: parsing "{text}": invalid syntax',
    "seconds": "must be a duration",
    "map": "{text} must be formatted as key=value",
}
