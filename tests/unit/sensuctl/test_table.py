"""Tables and titled lists as scripts have learnt to cut them."""

from sensu.sensuctl.table import Column, display_width, render_details, render_table
from sensu.terminal_text import clean

COLUMNS = (
    Column("Name", lambda row: row[0], key=True),
    Column("Timeout", lambda row: row[1]),
    Column("On?", lambda row: row[2]),
)


def test_an_empty_table_has_titles_and_a_rule() -> None:
    """Nothing to list still shows what would be listed."""
    assert render_table(COLUMNS, [], colour=False) == "  Name   Timeout   On?  \n─────── ───────── ──────\n"


def test_titles_are_centred_and_numbers_stand_to_the_right() -> None:
    """A column is as wide as its widest cell, and figures can be compared by eye."""
    rows = [("a-long-name", 5, True), ("b", 100, False)]
    assert render_table(COLUMNS, rows, colour=False).splitlines() == [
        "     Name       Timeout    On?   ",
        "────────────── ───────── ────────",
        "  a-long-name         5   true   ",
        "  b                 100   false  ",
    ]


def test_a_cell_of_several_lines_makes_a_higher_row() -> None:
    """Output of several lines stays in its column, a last line break included."""
    table = render_table(COLUMNS[:1], [("one\ntwo\n",)], colour=False)
    assert table.splitlines()[2:] == ["  one   ", "  two   ", "        "]


def test_wide_characters_take_two_columns() -> None:
    """Columns stay straight below texts in any script; tabs and combining marks take no room."""
    assert display_width("日本") == 4
    assert display_width("e\u0301") == 1
    assert display_width("a\tb") == 2
    table = render_table(COLUMNS[:1], [("日本語",), ("abc",)], colour=False)
    assert table.splitlines()[2:] == ["  日本語  ", "  abc     "]


def test_colours_surround_texts_and_change_no_widths() -> None:
    """Without the escape sequences a coloured table is the plain one."""
    rows = [("a", 1, True), ("b", 2, False)]
    coloured, plain = (render_table(COLUMNS, rows, colour=colour) for colour in (True, False))
    assert "\x1b[1;99mName\x1b[0m" in coloured
    assert "\x1b[1;34ma\x1b[0m" in coloured
    assert "\x1b[34mtrue\x1b[0m" in coloured
    for code in ("\x1b[1;99m", "\x1b[1;34m", "\x1b[34m", "\x1b[31m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_output_of_checks_cannot_command_the_terminal() -> None:
    """Control characters in a resource are spelt out; line breaks and tabs stay."""
    assert clean("a\x1b[31mb\x07\x9bc\td\n") == "a\\x1b[31mb\\x07\\x9bc\td\n"


def test_details_are_aligned_below_a_title() -> None:
    """Values stand below each other, whatever the labels' lengths."""
    rows = [("Name", "disk"), ("Handlers", "a, b"), ("Cron", "")]
    assert render_details("disk", rows, colour=False) == "=== disk\nName:     disk\nHandlers: a, b\nCron:     \n"
