"""Which events notify handlers send a message about: the messages to a service in the course of a check's results."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.resources.check import Check, CheckHistory
from sensu.rules.notify.incidents import Announced
from sensu.rules.notify.occasions import (
    EVERY,
    INCIDENT,
    OCCASIONS,
    PROBLEM,
    RESOLVE,
    RESOLVED,
    NoMessage,
    Wishes,
    after_message,
    known_from_history,
    occasion_of,
    without_message,
)
from sensu.testing.factories import make_check

MINUTE_S = 60.0


def checks(course: str) -> list[Check]:
    """Results a minute apart: `0`, `1` and `2` are statuses, a following `s` means silenced, `f` flapping."""
    found: list[Check] = []
    statuses: list[int] = []
    for letter in course:
        if letter.isdigit():
            statuses.append(int(letter))
            history = tuple(CheckHistory(status=status, executed=60 * at) for at, status in enumerate(statuses, 1))[
                -21:
            ]
            found.append(make_check(status=int(letter), history=history))
        else:
            change = {"state": "flapping"} if letter == "f" else {"is_silenced": True}
            found[-1] = msgspec.structs.replace(found[-1], **change)  # type: ignore[arg-type]
    return found


def messages_in(course: str, *when: str, repeat_s: float = 0.0) -> str:
    """The message to a service at each result: its first letter, `!` for repeated ones, `-` for none."""
    wishes, last, letters = Wishes(when or (INCIDENT, RESOLVE), repeat_s), None, ""
    for place, check in enumerate(checks(course)):
        happened = occasion_of(check, wishes, last, place * MINUTE_S)
        if isinstance(happened, NoMessage):
            last = without_message(check, last, happened)
            letters += "-"
        else:
            last = after_message(check, happened, place * MINUTE_S)
            letters += {"repeated": "!", "resolved": "o", "result": "."}.get(happened, happened[0])
    return letters


@pytest.mark.parametrize(
    ("course", "when", "letters"),
    [
        ("000", (), "---"),
        ("0222200", (), "-p---o-"),
        ("2", (), "p"),
        ("01220", (), "-pc-o"),
        ("022s20", (), "-p--o"),
        ("02s2s200", (), "---po-"),
        ("0220s0", (), "-p--o"),
        ("02020", (), "-popo"),
        ("0220", (INCIDENT,), "-p--"),
        ("02202", (INCIDENT,), "-p--p"),
        ("0220", (RESOLVE,), "---o"),
        ("00220", (EVERY,), "..p.o"),
        ("02f0f2f0f00", ("flapping",), "-f-----"),
        ("022f0f2f0f0", (INCIDENT, RESOLVE, "flapping"), "-pf---o"),
        ("0f2f0f00", ("flapping",), "f----"),
        ("02f020", (), "-popo"),
    ],
)
def test_what_a_service_is_told(course: str, when: tuple[str, ...], letters: str) -> None:
    """A service gets one message about the beginning, each change and the end of an incident."""
    assert messages_in(course, *when) == letters


def test_reminders() -> None:
    """While an incident goes on, it is announced again after the time that the handler asks for."""
    assert messages_in("02222222", repeat_s=180) == "-p--!--!"
    assert messages_in("02222222") == "-p------"


def test_metrics_alone_are_no_occasion() -> None:
    """An event without a check sends no message, whatever the handler asks for."""
    assert occasion_of(None, Wishes((EVERY,)), None, 0.0) == NoMessage("the event has metrics only")


@given(st.text(st.sampled_from("012"), min_size=1, max_size=40), st.sampled_from([0.0, 120.0]))
def test_each_problem_is_announced_once_and_ended_once(course: str, repeat_s: float) -> None:
    """Whatever the results, beginnings and ends alternate, and after each result the service knows how it is."""
    letters = messages_in(course, repeat_s=repeat_s)
    assert letters.replace("-", "").replace("c", "").replace("!", "").replace("po", "") in ("", "p")
    assert (letters.count("p") > letters.count("o")) == (course[-1] != "0")


@given(st.text(st.sampled_from("012"), min_size=1, max_size=40), st.sets(st.sampled_from(OCCASIONS), min_size=1))
def test_a_sender_without_a_memory_knows_the_result_before(course: str, when: set[str]) -> None:
    """The history of an event is enough to tell the beginning and the end of an incident."""
    check = checks(course)[-1]
    happened = occasion_of(check, Wishes(tuple(when)), known_from_history(check), 0.0)
    before = course[-2] if len(course) > 1 else "0"
    if course[-1] == "0" and before != "0" and when & {RESOLVE, EVERY}:
        assert happened == RESOLVED
    if course[-1] != "0" and before == "0" and when & {INCIDENT, EVERY}:
        assert happened == PROBLEM


def test_what_was_announced_has_its_reference() -> None:
    """The reference of a service to its first message is kept until the incident ends."""
    failing, passing = checks("20")
    assert after_message(failing, PROBLEM, 5.0, "ts-1", "7:x") == Announced(2, 5.0, "ts-1", delivery="7:x")
    assert after_message(passing, RESOLVED, 5.0, "ts-1", "8:x") is None
