"""`nagios_perfdata`: `text | 'label'=value[unit];warn;crit;min;max …`, by the Monitoring Plugins guidelines."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sensu.rules.metrics.points import Point, RefusedLine, Tag, point

_ITEM = re.compile(r"(?:'((?:[^'\n]|'')++)'|((?:[^\s='|]|'')++))=([^\s;|]*+)(?:;([^\s|]*+))?(?![^\s|])")
_WORD = re.compile(r"\||[^\s|]++")
_VALUE = re.compile(r"([+-]?(?:\d+(?:[.,]\d+)?|\d+\.|[.,]\d+)(?:[eE][+-]?\d+)?)[^\d\s;'\",.+=-]*,?", re.ASCII)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*", re.ASCII)
_DECIMAL_COMMA = re.compile(r"0\d*,\d+|\d*,\d{1,2}|\d*,\d{4,}|\d{4,},\d+", re.ASCII)
_COMMA_OF_EITHER_KIND = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}(?:[eE].*)?", re.ASCII)
_UNKNOWN = "U"
_UNITS = frozenset({"s", "ms", "us", "%", "B", "KB", "MB", "GB", "TB", "c"})


@dataclass(slots=True)
class _Item:
    """One word of performance data: a label with its value, or text that is not an item (`label` is None)."""

    line: int
    label: str | None
    value: str
    bounds: str | None = None
    is_refused: bool = False


def points(output: str, executed: int, tags: list[Tag]) -> Iterator[Point | RefusedLine]:
    """A point for each valid item of performance data, with the time of the check's execution; others are refused.

    Performance data is the text after the first `|` of the first line, and everything after the first `|` of the other
    lines. Labels with spaces or `=` are in single quotes, `''` is a quote. Values can have an exponent and a decimal
    comma; the unit is ignored. `U` is an unknown value and yields no point. Ambiguous items are refused: a comma that
    may separate thousands (`1,234`), and items next to a word that may belong to them (`1 234`).
    Source: Monitoring Plugins Development Guidelines, "Performance data"; recorded nagios cases.
    """
    items = list(_items(_performance_data(output)))
    _refuse_neighbours(items)
    comma_is_decimal = _has_decimal_commas(items)
    for item in items:
        if item.label is None and item.value == "|":
            continue
        if item.label is None or item.is_refused:
            yield RefusedLine(item.line, "an item is `label=value`; a label with spaces must be in single quotes")
        elif item.value != _UNKNOWN:
            value = _value(item.value, comma_is_decimal)
            if value is None:
                yield RefusedLine(item.line, "a value is an unambiguous number with an optional unit")
            else:
                yield point(item.label, value, executed, tags)


def _performance_data(output: str) -> Iterator[tuple[int, str]]:
    """The lines of performance data, with their numbers."""
    begun = False
    for number, line in enumerate(output.strip().split("\n"), 1):
        if begun:
            yield number, line
            continue
        _, separator, data = line.partition("|")
        if separator:
            yield number, data
            begun = number > 1


def _items(lines: Iterable[tuple[int, str]]) -> Iterator[_Item]:
    for number, line in lines:
        at = 0
        while word := _WORD.search(line, at):
            item = _ITEM.match(line, word.start())
            if item is None:
                at = word.end()
                yield _Item(number, None, word.group())
            else:
                at = item.end()
                label = item[2] if item[1] is None else item[1]
                yield _Item(number, label.replace("''", "'"), item[3], item[4], is_refused=not label.strip())


def _refuse_neighbours(items: list[_Item]) -> None:
    """Refuse items next to a stray word, which may belong to the value before it or to the label after it."""
    for place, stray in enumerate(items):
        if stray.label is not None or stray.value == "|":
            continue
        before = items[place - 1] if place and items[place - 1].line == stray.line else None
        after = items[place + 1] if place + 1 < len(items) and items[place + 1].line == stray.line else None
        if stray.value[0].isdigit() and before is not None:
            before.is_refused = before.is_refused or before.bounds is None
        elif after is not None and not (stray.value in _UNITS and before is not None and before.label is not None):
            after.is_refused = True


def _has_decimal_commas(items: list[_Item]) -> bool:
    """Whether the output contains numbers with decimal commas, and none with decimal points."""
    texts = [text for item in items if item.label is not None for text in (item.value, item.bounds or "")]
    numbers = [number for text in texts for number in _NUMBER.findall(text)]
    return any(_DECIMAL_COMMA.fullmatch(one) for one in numbers) and not any("." in one for one in numbers)


def _value(text: str, comma_is_decimal: bool) -> float | None:
    match = _VALUE.fullmatch(text)
    if match is None:
        return None
    number = match[1]
    if _COMMA_OF_EITHER_KIND.fullmatch(number) and not comma_is_decimal:
        return None
    value = float(number.replace(",", "."))
    return None if value in (float("inf"), float("-inf")) else value
