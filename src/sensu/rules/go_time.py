"""Parses times as Go does: RFC 3339 and the clock form `3:04PM`, with Go's error messages."""

import json
from datetime import UTC, datetime, timedelta, timezone

from sensu.errors import InvalidResource

_RFC3339 = "2006-01-02T15:04:05Z07:00"
_KITCHEN = "3:04PM"
_TEXT_SHOWN_MAX = 200


class _Reader:
    """Reads a time from left to right; `fail` creates the error for the rest."""

    def __init__(self, text: str, layout: str) -> None:
        self.text = text
        self.rest = text
        self.layout = layout

    def fail(self, element: str) -> InvalidResource:
        return InvalidResource(
            f"parsing time {_quoted(self.text)} as {_quoted(self.layout)}: "
            f"cannot parse {_quoted(self.rest)} as {_quoted(element)}"
        )

    def out_of_range(self, what: str) -> InvalidResource:
        return InvalidResource(f"parsing time {_quoted(self.text)}: {what} out of range")

    def literal(self, literal: str) -> None:
        if not self.rest.startswith(literal):
            raise self.fail(literal)
        self.rest = self.rest[len(literal) :]

    def digits(self, element: str, fewest: int, most: int) -> int:
        count = 0
        while count < min(most, len(self.rest)) and self.rest[count] in "0123456789":
            count += 1
        if count < fewest:
            raise self.fail(element)
        number, self.rest = int(self.rest[:count]), self.rest[count:]
        return number

    def end(self) -> None:
        if self.rest:
            raise InvalidResource(f"parsing time {_quoted(self.text)}: extra text: {_quoted(self.rest)}")


def parse_rfc3339(text: str) -> datetime:
    """Parse a time with its offset; raises InvalidResource with the position of the fault."""
    reader = _Reader(text, _RFC3339)
    year = reader.digits("2006", 4, 4)
    reader.literal("-")
    month = _within(reader, "month", reader.digits("01", 2, 2), 1, 12)
    reader.literal("-")
    day = _within(reader, "day", reader.digits("02", 2, 2), 1, 31)
    reader.literal("T")
    hour = _within(reader, "hour", reader.digits("15", 1, 2), 0, 23)
    reader.literal(":")
    minute = _within(reader, "minute", reader.digits("04", 2, 2), 0, 59)
    reader.literal(":")
    second = _within(reader, "second", reader.digits("05", 2, 2), 0, 59)
    microsecond = _fraction(reader)
    zone = _offset(reader)
    reader.end()
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, zone)
    except ValueError as error:
        raise reader.out_of_range("day" if year else "year") from error


def parse_kitchen(text: str) -> int:
    """The minutes since midnight of a clock time like `3:04PM` or `3:04 PM`; raises InvalidResource."""
    reader = _Reader("".join(text.split()), _KITCHEN)
    hour = _within(reader, "hour", reader.digits("3", 1, 2), 0, 12)
    reader.literal(":")
    minute = _within(reader, "minute", reader.digits("04", 2, 2), 0, 59)
    half = reader.rest[:2]
    if half not in ("AM", "PM"):
        raise reader.fail("PM")
    reader.rest = reader.rest[2:]
    reader.end()
    return (hour % 12 + (12 if half == "PM" else 0)) * 60 + minute


def _within(reader: _Reader, what: str, number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise reader.out_of_range(what)
    return number


def _fraction(reader: _Reader) -> int:
    if not (reader.rest[:1] in (".", ",") and reader.rest[1:2] and reader.rest[1:2] in "0123456789"):
        return 0
    digits = ""
    for character in reader.rest[1:]:
        if character not in "0123456789":
            break
        digits += character
    reader.rest = reader.rest[1 + len(digits) :]
    return int(digits[:6].ljust(6, "0"))


def _offset(reader: _Reader) -> timezone:
    if reader.rest.startswith("Z"):
        reader.rest = reader.rest[1:]
        return UTC
    text = reader.rest[:6]
    digits = text[1:3] + text[4:6]
    if (
        text[:1] not in ("+", "-")
        or text[3:4] != ":"
        or len(digits) != 4
        or not (digits.isascii() and digits.isdigit())
    ):
        raise reader.fail("Z07:00")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23:
        raise reader.out_of_range("time zone offset hour")
    if minutes > 59:
        raise reader.out_of_range("time zone offset minute")
    reader.rest = reader.rest[6:]
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _quoted(text: str) -> str:
    return json.dumps(text[:_TEXT_SHOWN_MAX], ensure_ascii=False)
