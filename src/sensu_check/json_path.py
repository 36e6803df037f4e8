"""Conditions about a value in a JSON body: `items[0].name == "a"`, `count > 3`, or `ready` alone.

`len(items) > 3` is about the length of a list, a text or an object, and `has(error) == false` about whether there is
such a value.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

_PATH = re.compile(
    r"""(?P<key>[A-Za-z_][\w-]*)|\[(?P<index>-?\d+)\]|\[(?P<quote>["'])(?P<quoted>.*?)(?P=quote)\]|(?P<dot>\.)"""
)
_CONDITION = re.compile(
    r"""(?:(?P<function>len|has)\()?(?P<path>(?:\[(?:"[^"]*"|'[^']*'|-?\d+)\]|[\w.-])+)(?(function)\))\s*(?:(?P<operator>==|!=|>=|<=|>|<|=~)\s*(?P<value>.+))?"""
)
_MISSING = object()
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class BadPath(ValueError):
    """A text that is not a condition; the message says why."""


class Condition(NamedTuple):
    """A path into a JSON value, and what the value there must be."""

    text: str
    path: tuple[str | int, ...]
    operator: str
    value: Any
    function: str = ""

    @classmethod
    def parsed(cls, text: str) -> Condition:
        """The condition that a text describes.

        Raises BadPath.
        """
        import json  # noqa: PLC0415 - costs 7 ms at each start, and only conditions need it

        match = _CONDITION.fullmatch(text.strip())
        if match is None:
            raise BadPath(f'"{text}" is not a condition: use for example items[0].name == "a", or count > 3')
        sign, value = match["operator"] or "", None
        if sign == "=~":
            try:
                value = re.compile(match["value"].strip("\"'"))
            except re.error as err:
                raise BadPath(f'"{text}" has an invalid pattern: {err}') from None
        elif sign:
            try:
                value = json.loads(match["value"])
            except ValueError:
                raise BadPath(f'"{text}": {match["value"]} is not a JSON value; put texts into double quotes') from None
        return cls(text, tuple(_steps(match["path"])), sign, value, match["function"] or "")

    def problem(self, body: Any) -> str | None:
        """Why the condition does not hold for a body; None if it does."""
        found = self._found(body)
        if self.function == "has":
            found = found is not _MISSING
        elif found is _MISSING:
            return f"the JSON body has no {self._place}"
        elif self.function == "len":
            if not isinstance(found, list | str | dict):
                return f"{self._place} has no length"
            found = len(found)
        match self.operator:
            case "":
                holds = bool(found)
            case "==":
                holds = found == self.value and isinstance(found, bool) == isinstance(self.value, bool)
            case "!=":
                holds = found != self.value
            case "=~":
                holds = isinstance(found, str) and self.value.search(found) is not None
            case sign:
                try:
                    holds = _ORDER[sign](found, self.value)
                except TypeError:
                    holds = False
        what = f"{self.function}({self._place})" if self.function else self._place
        return None if holds else f"{what} is {_shown(found)}, expected {self.text}"

    def _found(self, body: Any) -> Any:
        """The value at the path, or _MISSING."""
        for step in self.path:
            try:
                body = body[step]
            except (KeyError, IndexError, TypeError):
                return _MISSING
        return body

    @property
    def _place(self) -> str:
        return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).removeprefix(".")


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        match = _PATH.match(path, position)
        if match is None:
            raise BadPath(f'"{path}" is not a path: use names, dots and [0]')
        position = match.end()
        if match["index"] is not None:
            steps.append(int(match["index"]))
        elif not match["dot"]:
            steps.append(match["key"] or match["quoted"])
    return steps


def _shown(value: Any) -> str:
    import json  # noqa: PLC0415 - costs 7 ms at each start, and only conditions need it

    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
