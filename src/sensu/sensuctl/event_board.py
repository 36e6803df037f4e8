"""The live view of events, the most urgent first."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sensu.sensuctl.forms import get
from sensu.sensuctl.table import FALSE, HEADER, KEY, RESET, display_width
from sensu.terminal_text import clean

WARNING_COLOUR, OK_COLOUR = "\x1b[33m", "\x1b[32m"
_WORDS = ("ok", "warning", "critical")
_COLOURS = {"ok": OK_COLOUR, "warning": WARNING_COLOUR, "critical": FALSE, "unknown": FALSE}
_URGENCY = {"critical": 0, "unknown": 1, "warning": 2, "ok": 3}
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
FIXED_LINES = 4
"""Lines of a screen that are not events: heading, titles, number of other events, and the line of the cursor."""

BoardKey = tuple[str, str, str]


class TerminalSize(NamedTuple):
    """The size of a terminal."""

    columns: int
    lines: int


def key_of(event: Mapping[str, Any]) -> BoardKey:
    """Namespace, entity and check of an event."""
    places = ("entity.metadata.namespace", "entity.metadata.name", "check.metadata.name")
    namespace, entity, check = (str(get(event, place) or "") for place in places)
    return namespace, entity, check


def state_of(event: Mapping[str, Any]) -> str:
    """`ok`, `warning`, `critical` or `unknown`."""
    status = get(event, "check.status") or 0
    return _WORDS[status] if status in range(len(_WORDS)) else "unknown"


def first_line(event: Mapping[str, Any]) -> str:
    """The first line of a check's output that is not blank."""
    lines = str(get(event, "check.output") or "").splitlines()
    return clean(next((line.strip() for line in lines if line.strip()), "")).replace("\t", " ")


class EventBoard:
    """The events by namespace, entity and check."""

    def __init__(self) -> None:
        self._events: dict[BoardKey, Any] = {}

    def replace(self, events: Iterable[Any]) -> tuple[list[BoardKey], list[Any]]:
        """Hold these and no others; the places of those that are gone, and the events that are new or changed."""
        before, self._events = self._events, {key_of(event): event for event in events}
        changed = [event for key, event in self._events.items() if event != before.get(key)]
        return [key for key in before if key not in self._events], changed

    def update(self, event: Any) -> bool:
        """Hold an event, in the place of an earlier one; whether it is another."""
        key = key_of(event)
        before, self._events[key] = self._events.get(key), event
        return bool(before != event)

    def remove(self, place: Mapping[str, Any]) -> bool:
        """Hold an event no longer; `place` has its namespace, entity and check. Whether it was there."""
        key = (place.get("namespace", ""), place.get("entity", ""), place.get("check", ""))
        return self._events.pop(key, None) is not None

    def in_order(self) -> list[Any]:
        """The events, the most urgent first, the latest first among those."""

        def order(event: Any) -> tuple[bool, int, float, BoardKey]:
            silenced = bool(get(event, "check.is_silenced"))
            return silenced, _URGENCY[state_of(event)], -(event.get("timestamp") or 0), key_of(event)

        return sorted(self._events.values(), key=order)

    def summary(self) -> str:
        """`5 events: 1 critical, 1 warning, 3 ok`."""
        states = [state_of(event) for event in self._events.values()]
        counts = ", ".join(f"{states.count(state)} {state}" for state in _URGENCY if state in states)
        noun = "event" if len(states) == 1 else "events"
        return f"{len(states)} {noun}" + (f": {counts}" if counts else "")


def screen(board: EventBoard, about: str, now: float, size: TerminalSize, *, colour: bool, note: str = "") -> list[str]:
    """The lines of a full screen: a heading, the events that fit, the number of others, and the note at the bottom.

    A note wider than the screen is wrapped, not cut, so that it can be copied.
    """
    events = board.in_order()
    footer = _footer(note, size)
    room = max(size.lines - FIXED_LINES - len(footer), 1)
    rows = [_row(event, now) for event in events[:room]]
    titles = ("Entity", "Check", "State", "Age", "Output")
    widths = [max(map(display_width, column)) for column in zip(titles, *rows, strict=True)]
    lines = [_cut(f"{about}   {board.summary()}", size.columns), _painted(_line(titles, widths, size), HEADER, colour)]
    for event, row in zip(events, rows, strict=False):
        code = KEY if get(event, "check.is_silenced") else _COLOURS[state_of(event)]
        lines.append(_painted(_line(row, widths, size), code, colour))
    left = len(events) - len(rows)
    if left > 0:
        lines.append(f"… {left} more")
    return lines + footer


def _footer(note: str, size: TerminalSize) -> list[str]:
    """A note as lines that fit, below an empty one; empty without a note, and when it would fill half of the screen."""
    lines = [""] if note else []
    for rest in map(clean, note.splitlines()):
        while display_width(rest) > size.columns:
            start = _start(rest, size.columns)
            lines.append(start)
            rest = rest[len(start) :]
        lines.append(rest)
    return lines if len(lines) <= size.lines // 2 else []


def _row(event: Any, now: float) -> tuple[str, ...]:
    _, entity, check = key_of(event)
    state = state_of(event) + (" (silenced)" if get(event, "check.is_silenced") else "")
    return clean(entity), clean(check), state, age(now - (event.get("timestamp") or 0)), first_line(event)


def age(seconds: float) -> str:
    """`5s`, `3m`, `7h` or `12d`."""
    for length_s, letter in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "m")):
        if seconds >= length_s:
            return f"{int(seconds // length_s)}{letter}"
    return f"{max(int(seconds), 0)}s"


def _line(cells: Iterable[str], widths: Iterable[int], size: TerminalSize) -> str:
    padded = (cell + " " * (width - display_width(cell)) for cell, width in zip(cells, widths, strict=True))
    return _cut("  ".join(padded).rstrip(), size.columns)


def _cut(text: str, columns: int) -> str:
    """The text cut to a width, with an ellipsis if it is longer."""
    return text if display_width(text) <= columns else _start(text, columns - 1) + "…"


def _start(text: str, columns: int) -> str:
    """The longest start of a text that fits; at least one character, however narrow the columns."""
    end = len(text)
    while end > 1 and display_width(text[:end]) > columns:
        end -= 1
    return text[:end]


def _painted(text: str, code: str, colour: bool) -> str:
    return f"{code}{text}{RESET}" if colour else text
