"""Cuts a table to the width of a terminal."""

from collections.abc import Sequence

from sensu.sensuctl.table import Cell, Column, character_width, display_width

CUT = "…"
TEXT_WIDTH_MIN, NAME_WIDTH_MIN, TITLE_WIDTH_MIN = 8, 20, 8
"""The minimum widths of a column of text, the column of names and a title before a column is left out."""


def fitted(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int
) -> tuple[list[Column], list[list[Cell]], str]:
    """The columns and cells of a table that fit into `width`, and a note on what is not shown.

    Columns without content go first, then those with the highest `spare`, the rightmost first; names always stay.
    """
    cells = [[_one_line(cell) for cell in row] for row in rows]
    natural = [
        max([len(column.title), *(display_width(row[i].lines[0]) for row in cells)]) for i, column in enumerate(columns)
    ]
    filled = [not rows or any(row[i].lines[0] for row in cells) for i in range(len(columns))]
    kept = list(range(len(columns)))
    if _total(natural) > width:
        kept = [i for i in kept if columns[i].key or i == 0 or filled[i]]
    least = [_least(column, natural[i], [row[i] for row in cells], first=i == 0) for i, column in enumerate(columns)]
    for i in sorted(range(1, len(columns)), key=lambda i: (columns[i].key, -columns[i].spare, -i)):
        if _total([least[k] for k in kept]) > width and i in kept:
            kept.remove(i)
    widths = _widened({k: least[k] for k in kept}, natural, width)
    shown = [_with_title(columns[k], widths[k]) for k in kept]
    missing = [column.title for i, column in enumerate(columns) if i not in kept and filled[i]]
    note = f"{CUT} without {', '.join(missing)}: --wide shows everything" if missing and rows else ""
    return shown, [[_cut_cell(row[k], widths[k]) for k in kept] for row in cells], cut(note, width)


def cut(text: str, width: int) -> str:
    """The text cut to `width` columns, ending in `…` if it is longer."""
    if display_width(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += character_width(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept).rstrip() + CUT if width > 0 else ""


def _total(widths: Sequence[int]) -> int:
    """The width of a table, with the blanks around and between columns."""
    return sum(widths) + 3 * len(widths) + 1


def _least(column: Column, natural: int, cells: Sequence[Cell], *, first: bool) -> int:
    if column.whole:
        return natural
    title = min(len(column.title), TITLE_WIDTH_MIN)
    if cells and all(cell.right or cell.colour for cell in cells):  # numbers and truth values are never cut
        return max([title, *(display_width(cell.lines[0]) for cell in cells)])
    return min(natural, NAME_WIDTH_MIN if first else TEXT_WIDTH_MIN)


def _widened(widths: dict[int, int], natural: Sequence[int], width: int) -> dict[int, int]:
    """The widths after sharing out the remaining room among the columns that need it, the narrowest first."""
    room = width - _total(list(widths.values()))
    while room > 0:
        wanting = [k for k, now in widths.items() if now < natural[k]]
        if not wanting:
            break
        narrowest = min(wanting, key=lambda k: widths[k])
        widths[narrowest] += 1
        room -= 1
    if room < 0:  # not even the names fit
        first = next(iter(widths))
        widths[first] = max(1, widths[first] + room)
    return widths


def _with_title(column: Column, width: int) -> Column:
    return column._replace(title=cut(column.title, width))


def _one_line(cell: Cell) -> Cell:
    """The first line that is not blank, marked if there are more."""
    lines = [line.replace("\t", " ").strip() for line in cell.lines]
    said = [line for line in lines if line]
    if not said:
        return cell._replace(lines=[""])
    return cell._replace(lines=[said[0] if len(said) == 1 else f"{said[0]} {CUT}"])


def _cut_cell(cell: Cell, width: int) -> Cell:
    return cell._replace(lines=[cut(cell.lines[0], width)])
