"""The functions of templates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from sensu.rules.asset_variables import path_variable
from sensu.rules.templates.faults import CallFault
from sensu.rules.templates.formatting import sprint, sprintf, type_name

_HTML = str.maketrans(
    {"\0": "\N{REPLACEMENT CHARACTER}", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
_INCOMPATIBLE = "incompatible types for comparison"


@dataclass(frozen=True, slots=True)
class Function:
    """A function with the number of arguments it takes (`most` None: any number)."""

    call: Callable[..., Any]
    fewest: int = 0
    most: int | None = None


def truth(value: Any) -> bool:
    """Whether a value is true as a condition: everything except nil, false, zero and empty values."""
    return bool(value)


def _default(*arguments: Any) -> Any:
    """The first argument if no value follows it. Any other number of arguments yields no value."""
    if len(arguments) == 1:
        return arguments[0]
    if len(arguments) != 2:
        return None
    fallback, value = arguments
    return fallback if value is None else value


def asset_path(name: Any) -> str:
    """The environment variable that holds the path of an asset. Source: docs, assets, environment variables."""
    if not isinstance(name, str):
        raise CallFault(f"wrong type for value; expected string; got {type_name(name)}")
    return path_variable(name)


def _index(item: Any, *keys: Any) -> Any:
    if item is None:
        raise CallFault("index of untyped nil")
    for key in keys:
        item = _indexed(item, key)
    return item


def _indexed(item: Any, key: Any) -> Any:
    if isinstance(item, Mapping):
        if not isinstance(key, str):
            raise CallFault(f"value has type {type_name(key)}; should be string")
        return item.get(key)
    if not isinstance(item, list | tuple | str):
        raise CallFault("index of nil pointer" if item is None else f"can't index item of type {type_name(item)}")
    at = _whole(key, "index")
    items = item.encode() if isinstance(item, str) else item
    if not 0 <= at < len(items):
        raise CallFault(f"index out of range: {at}")
    return items[at]


def _whole(key: Any, verb: str) -> int:
    if isinstance(key, int) and not isinstance(key, bool):
        return key
    raise CallFault(f"cannot {verb} slice/array with {'nil' if key is None else f'type {type_name(key)}'}")


def _slice(item: Any, *bounds: Any) -> Any:
    if not isinstance(item, list | tuple | str):
        raise CallFault("slice of untyped nil" if item is None else f"can't slice item of type {type_name(item)}")
    items: Any = item.encode() if isinstance(item, str) else item
    if len(bounds) > 3 or (len(bounds) == 3 and isinstance(item, str)):
        raise CallFault(
            "cannot 3-index slice a string" if isinstance(item, str) else f"too many slice indexes: {len(bounds)}"
        )
    ends = [_whole(bound, "slice") for bound in bounds]
    for end in ends:
        if not 0 <= end <= len(items):
            raise CallFault(f"index out of range: {end}")
    start, stop = (ends + [0])[0], (ends[1:] + [len(items)])[0]
    if start > stop:
        raise CallFault(f"invalid slice index: {start} > {stop}")
    cut = items[start:stop]
    return cut.decode(errors="replace") if isinstance(item, str) else cut


def _len(item: Any) -> int:
    if isinstance(item, str):
        return len(item.encode())
    if isinstance(item, Mapping | list | tuple):
        return len(item)
    raise CallFault("len of nil pointer" if item is None else f"len of type {type_name(item)}")


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise CallFault("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(first: Any, other: Any) -> bool:
    if first is None or other is None:
        return first is None and other is None
    if _kind(first) != _kind(other):
        raise CallFault(_INCOMPATIBLE)
    return bool(first == other)


def _kind(value: Any) -> str:
    if isinstance(value, bool | str | int | float):
        return type_name(value)
    raise CallFault("invalid type for comparison")


def _lt(first: Any, other: Any) -> bool:
    kind = _kind(first)
    if kind != _kind(other):
        raise CallFault(_INCOMPATIBLE)
    if kind == "bool":
        raise CallFault("invalid type for comparison")
    return bool(first < other)


def _text(*arguments: Any) -> str:
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], str) else sprint(arguments)


def _html(*arguments: Any) -> str:
    return _text(*arguments).translate(_HTML)


def _js(*arguments: Any) -> str:
    return "".join(_js_character(character) for character in _text(*arguments))


def _js_character(character: str) -> str:
    if character in _JS:
        return _JS[character]
    printable = character == " " or character.isprintable()
    return character if printable else f"\\u{ord(character):04X}"


def _printf(template: Any, *arguments: Any, characters_max: int) -> str:
    if not isinstance(template, str):
        raise CallFault(f"wrong type for value; expected string; got {type_name(template)}")
    return sprintf(template, arguments, characters_max)


def _println(*arguments: Any) -> str:
    return " ".join(sprint([argument]) for argument in arguments) + "\n"


def _and(*arguments: Any) -> Any:
    return next((value for value in arguments if not truth(value)), arguments[-1])


def _or(*arguments: Any) -> Any:
    return next((value for value in arguments if truth(value)), arguments[-1])


def _call(*_: Any) -> Any:
    raise CallFault("call of nil")


FUNCTIONS = {
    "and": Function(_and, 1),
    "assetPath": Function(asset_path, 1, 1),
    "call": Function(_call, 1),
    "default": Function(_default),
    "eq": Function(_eq, 1),
    "ge": Function(lambda first, other: not _lt(first, other), 2, 2),
    "gt": Function(lambda first, other: _lt(other, first), 2, 2),
    "html": Function(_html),
    "index": Function(_index, 1),
    "js": Function(_js),
    "le": Function(lambda first, other: not _lt(other, first), 2, 2),
    "len": Function(_len, 1, 1),
    "lt": Function(_lt, 2, 2),
    "ne": Function(lambda first, other: not _equal(first, other), 2, 2),
    "not": Function(lambda value: not truth(value), 1, 1),
    "or": Function(_or, 1),
    "print": Function(lambda *arguments: sprint(arguments)),
    "printf": Function(_printf, 1),
    "println": Function(_println),
    "slice": Function(_slice, 1),
    "urlquery": Function(lambda *arguments: quote_plus(_text(*arguments).encode(errors="replace"))),
}

PRINTING = frozenset({"html", "js", "print", "printf", "println", "urlquery"})
"""The functions that print any value."""
