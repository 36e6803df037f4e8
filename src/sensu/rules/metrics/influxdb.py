"""`influxdb_line`: InfluxDB's line protocol, `measurement,tag=value field=value,… timestamp`."""

import re
from collections.abc import Iterator

from sensu.rules.metrics.points import Point, RefusedLine, Tag, as_seconds, point

_BLANKS = re.compile(r"[ \t]*+")
_SPACE = re.compile(r"[ \t\r\n]*+")
_REST_OF_LINE = re.compile(r"[^\n]*+\n?")
_LINE_END = re.compile(r"[ \t\r]*+(?:\n|\Z)")
_MEASUREMENT = re.compile(r"(?:\\[, ]|[^, \t\r\n])++")
_KEY = re.compile(r"(?:\\[,= ]|[^,= \t\r\n])++")
_STRING = re.compile(r'"(?:\\["\\]|[^"])*+"')
_SCALAR = re.compile(r'[^, \t\r\n"]++')
_TIMESTAMP = re.compile(r"-?\d{1,19}(?=[ \t\r]*+(?:\n|\Z))", re.ASCII)

_ESCAPED_IN_MEASUREMENT = re.compile(r"\\([, ])")
_ESCAPED_IN_KEY = re.compile(r"\\([,= ])")
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"([+-]?\d{1,20})i|(\d{1,20})u", re.ASCII)
_BOOLEANS = frozenset({"t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"})


class _Fault(Exception):
    """A line that violates the protocol; the message is the rule."""


def points(output: str, now: float, tags: list[Tag]) -> Iterator[Point | RefusedLine]:
    """A point `measurement.field` for each number of each sound line; other lines are refused.

    Strings and booleans yield no points. A line without a timestamp gets `now`; others are seconds,
    milliseconds, microseconds or nanoseconds by their magnitude.
    Source: InfluxDB docs, "Line protocol"; recorded influx cases.
    """
    reader = _Reader(output)
    number, counted_to = 1, 0
    while reader.skip_to_line():
        start = reader.at
        number, counted_to = number + output.count("\n", counted_to, start), start
        try:
            name, own, fields, timestamp = reader.line()
        except _Fault as fault:
            reader.at = start
            reader.take(_REST_OF_LINE)
            yield RefusedLine(number, str(fault))
            continue
        seconds = int(now) if timestamp is None else as_seconds(timestamp)
        for field, value in fields:
            yield point(f"{name}.{field}", value, seconds, own + tags)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip_to_line(self) -> bool:
        """Skip blank lines and comments; returns whether another line follows."""
        self.take(_SPACE)
        while self.text.startswith("#", self.at):
            self.take(_REST_OF_LINE)
            self.take(_SPACE)
        return self.at < len(self.text)

    def take(self, pattern: re.Pattern[str]) -> str:
        """The text at this position that matches a pattern, empty if it does not match."""
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match.group()

    def needed(self, pattern: re.Pattern[str], rule: str) -> str:
        """The text at this position, which must match a pattern."""
        text = self.take(pattern)
        if not text:
            raise _Fault(rule)
        return text

    def takes(self, sign: str) -> bool:
        """Skip a character if it is at this position; returns whether it was."""
        found = self.text.startswith(sign, self.at)
        self.at += found
        return found

    def line(self) -> tuple[str, list[Tag], list[tuple[str, float]], int | None]:
        """Measurement, tags, numeric fields and timestamp."""
        name = _ESCAPED_IN_MEASUREMENT.sub(r"\1", self.needed(_MEASUREMENT, "a line starts with a measurement"))
        tags: list[Tag] = []
        while self.takes(","):
            key, value = self.key("a tag is `name=value`"), self.key_text("a tag is `name=value`")
            tags.append({"name": key, "value": value})
        if not self.take(_BLANKS):
            raise _Fault("a space separates the tags from the fields")
        fields = [self.field()]
        while self.takes(","):
            fields.append(self.field())
        numbers = [(key, value) for key, value in fields if value is not None]
        if self.text[self.at : self.at + 1] in (" ", "\t"):
            self.take(_BLANKS)
            timestamp = self.take(_TIMESTAMP)
        else:
            timestamp = ""
        if self.at < len(self.text):
            self.needed(_LINE_END, "a line ends with its fields, or with an integer as timestamp")
        return name, tags, numbers, int(timestamp) if timestamp else None

    def key(self, rule: str) -> str:
        """The name before a `=`."""
        text = self.key_text(rule)
        if not self.takes("="):
            raise _Fault(rule)
        return text

    def key_text(self, rule: str) -> str:
        """A name or the value of a tag, with escapes resolved."""
        return _ESCAPED_IN_KEY.sub(r"\1", self.needed(_KEY, rule))

    def field(self) -> tuple[str, float | None]:
        """A field, and its value if that is a number."""
        key = self.key("a field is `name=value`")
        if self.take(_STRING):
            return key, None
        text = self.needed(_SCALAR, "a field is `name=value`")
        if text in _BOOLEANS:
            return key, None
        value = _number(text)
        if value is None:
            raise _Fault("the value of a field is a number, a string in double quotes or a boolean")
        return key, value


def _number(text: str) -> float | None:
    value: float | None = None
    integer = _INTEGER.fullmatch(text)
    if integer and integer[1]:
        value = _within(int(integer[1]), -(2**63), 2**63 - 1)
    elif integer:
        value = _within(int(integer[2]), 0, 2**64 - 1)
    elif _FLOAT.fullmatch(text):
        value = float(text)
    return None if value is None or value in (float("inf"), float("-inf")) else value


def _within(number: int, least: int, most: int) -> float | None:
    return float(number) if least <= number <= most else None
