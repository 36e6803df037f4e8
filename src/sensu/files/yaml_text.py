"""YAML as the reference reads and writes it: lists are not indented, ambiguous texts are quoted.

Source: recorded sensuctl sessions (colour, entity-details, check-set).
"""

import math
import re
from typing import Any

import yaml

from sensu.terminal_text import is_safe

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOOK_ALIKE = re.compile(
    r"""
    | ~ | null | Null | NULL | <<
    | y | Y | yes | Yes | YES | n | N | no | No | NO | on | On | ON | off | Off | OFF
    | true | True | TRUE | false | False | FALSE
    | [-+]? (?: 0b[01_]+ | 0o?[0-7_]+ | 0x[0-9a-fA-F_]+ | [0-9][0-9_]* )
    | [-+]? (?: \.[0-9_]+ | [0-9][0-9_]* (?: \.[0-9_]* )? ) (?: [eE][-+]?[0-9]+ )?
    | [-+]? \.(?: inf | Inf | INF ) | \.(?: nan | NaN | NAN )
    | [-+]? [0-9][0-9_]* (?: :[0-5]?[0-9] )+ (?: \.[0-9_]* )?
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?: (?: [Tt]|[ \t]+ ) [0-9]{1,2}:[0-9]{2}:[0-9]{2} .* )?
    """,
    re.VERBOSE,
)
"""Texts that would be read as another type: null, booleans, numbers (also in base 60) and times."""


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_NUMBER = re.compile(
    r"""
    [-+]? (?: 0b[01]+ | 0o?[0-7]+ | 0x[0-9a-fA-F]+ | (?: \.[0-9]+ | [0-9]+ (?:\.[0-9]*)? ) (?:[eE][-+]?[0-9]+)? )
    | [-+]? \.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
    """,
    re.VERBOSE,
)
_NO_TEXT_IN_JSON = ("int", "float", "timestamp", "value")


class Loader(_Loader):  # type: ignore[misc]
    """A safe loader that reads YAML like the reference: y and n are booleans, numbers are those of Go, times are texts.

    For example, 1:30 is a text, 1e3 and 1000.0 are 1000, 08 is 8 and 010 is 8.
    """

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag.removeprefix(_TAG) not in _NO_TEXT_IN_JSON]
        for first, found in _Loader.yaml_implicit_resolvers.items()
    }
    bool_values = {**_Loader.bool_values, "y": True, "n": False}


class _Number:
    """Matches plain texts that are numbers; underscores are ignored."""

    @staticmethod
    def match(text: str) -> bool:
        """Whether a text is a number."""
        return _NUMBER.fullmatch(text.replace("_", "")) is not None


def _number(loader: Any, node: Any) -> int | float | str:
    """The number in a text, whole if it has no fraction; the text itself if it is too large."""
    shown = loader.construct_scalar(node)
    text = shown.replace("_", "")
    if re.fullmatch("[-+]?0[0-7]+", text):
        return int(text, 8)
    try:
        return int(text, 0)
    except ValueError:
        value = float(text.replace(".", "", 1) if text[-1:].isalpha() else text)
    if value in (math.inf, -math.inf) and not text[-1:].isalpha():
        return str(shown)
    return int(value) if value.is_integer() else value


Loader.add_implicit_resolver(_TAG + "bool", re.compile("[yYnN]$"), ["y", "Y", "n", "N"])
Loader.add_implicit_resolver(_TAG + "float", _Number, list("-+.0123456789"))
Loader.add_constructor(_TAG + "float", _number)
Loader.add_constructor(_TAG + "int", _number)
Loader.add_constructor(_TAG + "merge", _Loader.construct_scalar)


_PLAIN_KEY = re.compile("[a-z_]+")
_KEY_PARTS = re.compile("[0-9]+|.", re.DOTALL)


class _Style(_Dumper):  # type: ignore[misc]
    """The dumper with our quoting."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write repeated values in full."""
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = None
    if "\n" in text:
        style = "|"
    elif _LOOK_ALIKE.fullmatch(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Style.add_representer(str, _represent_text)


def in_natural_order(value: Any) -> Any:
    """A value with the keys of every object in the order of the reference's YAML: k2 before k10."""
    if isinstance(value, dict):
        plain = all(_PLAIN_KEY.fullmatch(key) for key in value)
        return {key: in_natural_order(value[key]) for key in sorted(value, key=None if plain else _natural)}
    return [in_natural_order(item) for item in value] if isinstance(value, list) else value


def _natural(key: str) -> list[tuple[int, int, int]]:
    """The sort key of a key: numbers by value, letters after them, other characters before."""
    parts = []
    for part in _KEY_PARTS.findall(key):
        if part[0] in "0123456789":
            parts.append((1, int(part), len(part)))
        else:
            parts.append((2 if part.isalpha() else 0, ord(part), 0))
    return parts


def to_yaml(value: Any) -> str:
    """One YAML document with the keys in the given order; control and format characters are escaped."""
    text = _dumped(value, allow_unicode=True)
    if not is_safe(text):  # escapes are then used for all that is not ASCII
        text = _dumped(value, allow_unicode=False)
    return text.removesuffix("...\n") if text.endswith("\n...\n") else text


def _dumped(value: Any, *, allow_unicode: bool) -> str:
    text: str = yaml.dump(value, Dumper=_Style, sort_keys=False, allow_unicode=allow_unicode, default_flow_style=False)
    return text


def nesting(text: str, limit: int) -> int:
    """The nesting depth of a value; more than the limit for anything deeper.

    It stops at the limit, because deeper texts would exceed the library's recursion.
    """
    depth = deepest = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > limit:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest
