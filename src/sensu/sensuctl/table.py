"""Tables and titled lists, in the layout of the reference, which scripts parse.

Source: recorded sensuctl sessions (check, event, entity-details, colour).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sensu.terminal_text import clean

HEADER = "\x1b[1;99m"
KEY = "\x1b[1;34m"
TRUE = "\x1b[34m"
FALSE = "\x1b[31m"
RESET = "\x1b[0m"


class Column(NamedTuple):
    """A column: its title, the cell of a row, and whether it names the row.

    On a terminal that is too narrow, columns with the highest `spare` are left out first. `extra` columns exist only
    where the output is not read by a script: at a terminal, or with --wide. `whole` ones are never cut.
    """

    title: str
    cell: Callable[[Any], Any]
    key: bool = False
    spare: int = 0
    extra: bool = False
    whole: bool = False


def display_width(text: str) -> int:
    """The width of a text at a terminal: wide characters count two, tabs and combining ones none."""
    if text.isascii() and "\t" not in text:
        return len(text)
    return sum(character_width(character) for character in text)


def character_width(character: str) -> int:
    """The width of a character at a terminal."""
    if " " <= character <= "~":
        return 1
    import unicodedata  # noqa: PLC0415 - most texts are plain

    if character == "\t" or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Cell(NamedTuple):
    """The lines of a cell, whether they are right-aligned, and their colour."""

    lines: list[str]
    right: bool = False
    colour: str = ""


Cells = Sequence[Sequence[Cell]]
Fit = Callable[[Sequence[Column], Cells], tuple[Sequence[Column], Cells, str]]
"""Chooses the columns and cells to show, with a note on what is left out."""


def render_table(columns: Sequence[Column], rows: Sequence[Any], *, colour: bool, fit: Fit | None = None) -> str:
    """Centred titles over a rule, then the rows; numbers are right-aligned, a cell may have several lines."""
    cells: Cells = [[_lines(column.cell(row)) for column in columns] for row in rows]
    note = ""
    if fit is not None:
        columns, cells, note = fit(columns, cells)
    widths = [
        max([len(column.title), *(display_width(line) for row in cells for line in row[i].lines)])
        for i, column in enumerate(columns)
    ]
    titles = [_centre(c.title, w, HEADER if colour else "") for c, w in zip(columns, widths, strict=True)]
    lines = [_join(titles), _rule(widths)]
    for row in cells:
        lines.extend(_row_lines(columns, row, widths, colour))
    return "\n".join([*lines, *([note] if note else [])]) + "\n"


def _lines(value: Any) -> Cell:
    if isinstance(value, bool):
        return Cell(["true" if value else "false"], False, TRUE if value else FALSE)
    if isinstance(value, int | float):
        return Cell([str(value)], True, "")
    return Cell(clean(str(value)).split("\n"), False, "")


def _row_lines(columns: Sequence[Column], row: Sequence[Cell], widths: list[int], colour: bool) -> list[str]:
    height = max(len(cell.lines) for cell in row)
    result = []
    for number in range(height):
        texts = []
        for column, cell, width in zip(columns, row, widths, strict=True):
            text = cell.lines[number] if number < len(cell.lines) else ""
            padding = " " * (width - display_width(text))
            painted = _painted(text, (KEY if column.key else cell.colour) if colour else "")
            texts.append(padding + painted if cell.right else painted + padding)
        result.append(_join(texts))
    return result


def _join(cells: Sequence[str]) -> str:
    return " " + " ".join(f" {cell} " for cell in cells) + " "


def _rule(widths: Sequence[int]) -> str:
    lengths = [width + 2 for width in widths]
    lengths[0] += 1
    lengths[-1] += 1
    return " ".join("─" * length for length in lengths)


def _centre(text: str, width: int, code: str) -> str:
    left = (width - len(text)) // 2
    return " " * left + _painted(text, code) + " " * (width - len(text) - left)


def _painted(text: str, code: str) -> str:
    """The text in a colour; unchanged if the text or the code is empty."""
    return f"{code}{text}{RESET}" if code and text else text


def render_title(title: str, *, colour: bool) -> str:
    """The line `=== title`."""
    return f"=== {_painted(clean(title), HEADER if colour else '')}\n"


def render_details(title: str, rows: Sequence[tuple[str, Any]], *, colour: bool) -> str:
    """`=== title`, then `Label: value` lines with aligned values."""
    labels = [f"{clean(label)}:" for label, _ in rows]
    width = max((display_width(label) for label in labels), default=0)
    lines = []
    for label, (_, value) in zip(labels, rows, strict=True):
        cell = _lines(value)
        text = _painted("\n".join(cell.lines), cell.colour if colour else "")
        lines.append(f"{label}{' ' * (width - display_width(label))} {text}\n")
    return render_title(title, colour=colour) + "".join(lines)
