"""Events on a screen."""

from pathlib import Path
from typing import Any

from sensu.sensuctl.event_board import EventBoard, TerminalSize, age, screen
from sensu.sensuctl.nouns.event_watch import NOTE_CHARACTERS_MAX, note_now
from sensu.sensuctl.table import display_width

NOW = 1_700_000_000


def event(entity: str, status: int, *, at: int = NOW, output: str = "fine", silenced: bool = False) -> Any:
    return {
        "timestamp": at,
        "entity": {"metadata": {"name": entity, "namespace": "default"}},
        "check": {"metadata": {"name": "disk"}, "status": status, "output": output, "is_silenced": silenced},
    }


def board(*events: Any) -> EventBoard:
    made = EventBoard()
    made.replace(events)
    return made


def entities(one: EventBoard) -> list[str]:
    return [found["entity"]["metadata"]["name"] for found in one.in_order()]


def test_what_is_urgent_stands_first() -> None:
    """Critical before unknown before warning before ok, later before earlier, silenced at the end."""
    found = board(
        event("fine", 0),
        event("warned", 1),
        event("old", 2, at=NOW - 60),
        event("new", 2),
        event("odd", 127),
        event("hushed", 2, silenced=True),
    )
    assert entities(found) == ["new", "old", "odd", "warned", "fine", "hushed"]
    assert found.summary() == "6 events: 3 critical, 1 unknown, 1 warning, 1 ok"


def test_a_later_result_takes_the_place_of_an_earlier_one() -> None:
    """There is one row for each entity and check, and none once the event is deleted."""
    found = board(event("a", 2), event("b", 2))
    assert found.update(event("a", 0))
    assert not found.update(event("a", 0))
    assert found.summary() == "2 events: 1 critical, 1 ok"
    assert found.remove({"namespace": "default", "entity": "b", "check": "disk"})
    assert not found.remove({"namespace": "other", "entity": "a", "check": "disk"})
    assert entities(found) == ["a"]


def test_a_list_read_again_tells_what_happened_meanwhile() -> None:
    """What is gone and what changed are told, what stayed is not."""
    found = board(event("gone", 0), event("same", 0), event("changed", 0))
    gone, changed = found.replace([event("same", 0), event("changed", 2), event("new", 0)])
    assert gone == [("default", "gone", "disk")]
    assert changed == [event("changed", 2), event("new", 0)]


def test_a_screen_is_never_overfull() -> None:
    """What does not fit is counted; no line is wider than the terminal, whatever the output holds."""
    output = "\n\x1b[2J 日本語\t" + "x" * 200
    found = board(*(event(f"host-{number:02}", 2, output=output) for number in range(20)))
    lines = screen(found, "about", NOW + 5, TerminalSize(40, 10), colour=False)
    assert len(lines) == 9
    assert lines[-1] == "… 14 more"
    assert all(display_width(line) <= 40 for line in lines)
    assert lines[1].split() == ["Entity", "Check", "State", "Age", "Output"]
    assert lines[2].startswith("host-00  disk   critical  5s   \\x1b[2J …")


def test_a_note_is_shown_below_the_events_and_can_be_copied() -> None:
    """The note is whole at the bottom of the screen, wrapped where it is wider, and takes no more than half of it."""
    found = board(*(event(f"host-{number:02}", 2) for number in range(20)))
    note = "try  sensuctl event list --format json --all-namespaces\x1b[2J\nCtrl-C ends"
    lines = screen(found, "about", NOW + 5, TerminalSize(30, 16), colour=False, note=note)
    assert len(lines) <= 15
    assert "".join(lines[-4:-1]) == "try  sensuctl event list --format json --all-namespaces\\x1b[2J"
    assert lines[-1] == "Ctrl-C ends"
    assert all(display_width(line) <= 30 for line in lines)
    assert "Ctrl-C ends" not in screen(found, "about", NOW + 5, TerminalSize(30, 8), colour=False, note=note)


def test_a_note_of_a_file_is_what_the_file_says_now(tmp_path: Path) -> None:
    """A program that shows the table can change the text below it; a file that is not there is named."""
    file = tmp_path / "note"
    assert "cannot be read" in note_now(f"@{file}")
    file.write_text("building")
    assert note_now(f"@{file}") == "building"
    file.write_text("built " * NOTE_CHARACTERS_MAX)
    assert len(note_now(f"@{file}")) == NOTE_CHARACTERS_MAX


def test_colours_tell_the_state() -> None:
    """Red is critical, where colour is wanted."""
    line = screen(board(event("a", 2)), "", NOW, TerminalSize(80, 24), colour=True)[2]
    assert line.startswith("\x1b[31ma")
    assert line.endswith("\x1b[0m")


def test_an_age_has_one_unit() -> None:
    """It is short, and never below nothing where clocks differ."""
    assert [age(seconds) for seconds in (-3, 0, 59, 60, 7200, 90000)] == ["0s", "0s", "59s", "1m", "2h", "1d"]
