"""Tables that are cut to a terminal."""

from hypothesis import given
from hypothesis import strategies as st

from sensu.sensuctl.table import Column, display_width, render_table
from sensu.sensuctl.table_fit import fitted

COLUMNS = (
    Column("Name", lambda row: row[0], key=True),
    Column("Command", lambda row: row[1]),
    Column("Interval", lambda row: row[2]),
    Column("Cron", lambda row: row[3], spare=1),
    Column("UUID", lambda row: row[4], spare=2, whole=True),
    Column("On?", lambda row: row[5]),
)
ROWS = [("disk", "check-disk --warning 80 --critical 95 --path /var/lib", 60, "", "0123456789abcdef" * 2, True)]
TEXTS = st.text(max_size=60)


def table(rows: list[tuple[object, ...]], width: int) -> list[str]:
    return render_table(
        COLUMNS, rows, colour=False, fit=lambda columns, cells: fitted(columns, cells, width)
    ).splitlines()


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(), TEXTS, TEXTS, st.booleans()), max_size=5), st.integers(40, 250))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[object, ...]], width: int) -> None:
    """Whatever is in the cells, a row is one line, and none of them wraps."""
    lines = table(rows, width)
    assert max(map(display_width, lines)) <= width
    assert len(lines) - 2 - len(rows) in (0, 1)


def test_a_table_that_fits_is_not_cut() -> None:
    """With room enough the terminal shows what a file would get."""
    assert table(ROWS, 200) == render_table(COLUMNS, ROWS, colour=False).splitlines()


def test_spare_columns_go_before_names_are_cut_and_are_named() -> None:
    """Columns without content go first, then the spare ones; the line below says which, and how to see them."""
    lines = table(ROWS, 66)
    assert lines[0].split() == ["Name", "Command", "Interval", "On?"]
    assert lines[2].split()[:2] == ["disk", "check-disk"]
    assert "…" in lines[2]
    assert lines[3] == "… without UUID: --wide shows everything"


def test_a_cell_of_several_lines_is_one_at_a_terminal() -> None:
    """The first line that says something stands for the output of a check."""
    lines = table([("a", "\n\nCRITICAL: full\nmore", 1, "", "", False)], 80)
    assert len(lines) == 3
    assert "   CRITICAL: full …   " in lines[2]


def test_wide_characters_are_cut_by_their_width() -> None:
    """A cut text never takes more columns than there are, in any script."""
    lines = table([("日本語" * 20, "x" * 100, 1, "", "", True)], 60)
    assert all(display_width(line) <= 60 for line in lines)
    assert "…" in lines[2]
