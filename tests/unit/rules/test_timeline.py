from sensu.rules.audit import AuditRecord
from sensu.rules.explain import DELIVERED, FILTERED, GIVEN_UP, Handling
from sensu.rules.timeline import (
    StateChange,
    bands_of,
    mark_of_audit,
    marks_of_changes,
    marks_of_silence,
    span_of_silence,
    spans_within,
)
from sensu.testing.factories import make_silence


def test_bands_cover_the_period_without_gaps() -> None:
    """The status that began before the period belongs to it, and what ended before it or began later does not."""
    changes = [StateChange(at, status, False) for at, status in ((500, 0), (300, 2), (200, 0), (100, 1))]
    found = list(bands_of("http", changes, 250, 400))
    assert [(band.start, band.end, band.status) for band in found] == [(300, 500, 2), (200, 300, 0)]
    assert [band.end for band in bands_of("http", changes, 0, 1000)] == [0, 500, 300, 200]


def test_deliveries_are_marked_and_filters_are_not() -> None:
    """A mark says who was informed or why not; an event that a filter kept back leaves none."""
    handlings = (
        Handling(handler="pager", outcome=DELIVERED, at=110, attempts=2),
        Handling(handler="chat", outcome=FILTERED, at=105),
        Handling(handler="mail", outcome=GIVEN_UP, at=120, why="timed out"),
    )
    marks = list(marks_of_changes("http", [StateChange(100, 2, False, handlings)]))
    assert [(mark.at, mark.text) for mark in marks] == [
        (110, "delivered to pager after 2 attempts"),
        (120, "mail: timed out"),
    ]


def test_keepalives_say_when_an_agent_was_away() -> None:
    """A failing keepalive marks the time from which an agent was away, a passing one its return."""
    changes = [StateChange(200, 0, False), StateChange(100, 1, False)]
    assert [(mark.at, mark.sort) for mark in marks_of_changes("keepalive", changes)] == [
        (200, "connected"),
        (100, "away"),
    ]


def test_silences_begin_and_end() -> None:
    """A silence has a mark at its begin and at its end; the end of a deleted one is when it was deleted."""
    silence = make_silence("linux", "http", begin=100, expire_at=500, creator="ann", reason="disk")
    assert [(mark.at, mark.sort, mark.text) for mark in marks_of_silence(silence)] == [
        (100, "silence-begins", "ann: linux:http (disk)"),
        (500, "silence-ends", "linux:http"),
    ]
    assert [mark.at for mark in marks_of_silence(silence, 300, "bob")] == [100, 300]
    assert [mark.at for mark in marks_of_silence(make_silence("linux", begin=100))] == [100]


def test_a_silence_that_began_before_a_period_applies_in_it() -> None:
    """Silences that overlap a period are in it, the oldest first; others are not."""
    silences = [
        span_of_silence(make_silence("late", begin=900)),
        span_of_silence(make_silence("open", "http", begin=200, creator="ann", reason="disk")),
        span_of_silence(make_silence("deleted", begin=100, expire_at=800), 300),
        span_of_silence(make_silence("over", begin=100, expire_at=250)),
    ]
    found = spans_within(silences, 300, 600)
    assert [(span.name, span.check, span.start, span.end) for span in found] == [
        ("deleted:*", "", 100, 300),
        ("open:http", "http", 200, 0),
    ]
    assert (found[1].creator, found[1].reason) == ("ann", "disk")


def test_a_configuration_change_says_who_changed_what() -> None:
    """The text names the user, the resource and the fields."""
    record = AuditRecord(
        at=5.0,
        username="ann",
        action="update",
        type="CheckConfig",
        name="http",
        before={"timeout": 10},
        after={"timeout": 2},
    )
    assert mark_of_audit(record).text == "ann changed check http: timeout 10 → 2"
    assert (
        mark_of_audit(AuditRecord(username="ann", action="delete", type="Asset", name="a")).text
        == "ann deleted asset a"
    )
