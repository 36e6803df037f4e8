"""The checker of runs with faults: it accepts a good run, and each fault is found by the invariant that is meant."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from tests.simulation.good_run import good_run
from tests.simulation.invariants import Invariant, broken
from tests.simulation.linearizable import is_linearizable
from tests.simulation.records import Alarm, Answer, Operation, Record, Run


def change(records: Sequence[Any], which: Callable[[Any], bool], **fields: Any) -> tuple[Any, ...]:
    """The records, with fields of the first match changed."""
    place = next(place for place, each in enumerate(records) if which(each))
    return (*records[:place], msgspec.structs.replace(records[place], **fields), *records[place + 1 :])


def changed(name: str, which: Callable[[Any], bool], **fields: Any) -> Callable[[Run], Run]:
    """A run with one record changed."""
    return lambda run: msgspec.structs.replace(run, **{name: change(getattr(run, name), which, **fields)})


def without(name: str, which: Callable[[Any], bool]) -> Callable[[Run], Run]:
    """A run that lacks one record."""

    def lacking(run: Run) -> Run:
        lost = next(each for each in getattr(run, name) if which(each))
        return msgspec.structs.replace(run, **{name: tuple(each for each in getattr(run, name) if each is not lost)})

    return lacking


def doubled(name: str, which: Callable[[Any], bool], **fields: Any) -> Callable[[Run], Run]:
    """A run that has one record twice, the second time with other fields."""

    def twice(run: Run) -> Run:
        found: Record = next(each for each in getattr(run, name) if which(each))
        return msgspec.structs.replace(run, **{name: (*getattr(run, name), msgspec.structs.replace(found, **fields))})

    return twice


def with_history(
    change_marks: Callable[[tuple[str, ...]], tuple[str, ...]], entity: str = "web2"
) -> Callable[[Run], Run]:
    """A run in which the history of an entity has other entries."""

    def other(run: Run) -> Run:
        kept = next(each for each in run.kept if each.entity == entity)
        return changed("kept", lambda each: each is kept, marks=change_marks(kept.marks))(run)

    return other


def marked(mark: str) -> Callable[[Any], bool]:
    return lambda each: each.mark == mark


def at(seconds: float) -> Callable[[Any], bool]:
    return lambda each: each.at == seconds


def first(_: Any) -> bool:
    return True


FAULTS: Sequence[tuple[str, Invariant, Callable[[Run], Run]]] = (
    (
        "an acknowledged result is lost",
        Invariant.NOTHING_LOST,
        changed("reports", marked("web1-lost"), answer=Answer.OK),
    ),
    ("a result is stored twice", Invariant.NOTHING_TWICE, with_history(lambda marks: (*marks, marks[-1]))),
    ("a result is invented", Invariant.NOTHING_TWICE, with_history(lambda marks: (*marks, "nobody's"))),
    ("a refused result is stored", Invariant.NOTHING_TWICE, changed("reports", marked("web2-3"), answer=Answer.NO)),
    ("a result overtakes another", Invariant.ORDER, changed("reports", marked("web2-4"), sequence=60)),
    ("a result is late and newer", Invariant.ORDER, changed("reports", marked("web2-perhaps"), sequence=3, times=2)),
    ("occurrences count one too many", Invariant.STATE_IS_THE_FOLD, changed("kept", first, occurrences=3)),
    ("the state is another", Invariant.STATE_IS_THE_FOLD, changed("kept", first, state="passing", status=0)),
    ("a result reaches no handler", Invariant.OWED, without("attempts", marked("web2-3"))),
    ("an attempt has no end", Invariant.OWED, changed("attempts", marked("web2-3"), well=False)),
    ("a dead letter is lost", Invariant.OWED, without("pending", first)),
    ("a retry has another id", Invariant.SAME_ID, changed("attempts", first, delivery="99:page")),
    ("an id is used twice", Invariant.SAME_ID, changed("attempts", marked("web2-3"), delivery="10:log")),
    (
        "deliveries are swapped",
        Invariant.ORDER_OF_DELIVERIES,
        changed("attempts", marked("web2-3"), begin=1e6, end=1e6),
    ),
    ("deliveries overlap", Invariant.ORDER_OF_DELIVERIES, changed("attempts", marked("web2-3"), end=1e6)),
    ("a slot is published twice", Invariant.SLOTS, doubled("requests", first)),
    ("a slot is published again later", Invariant.SLOTS, doubled("requests", first, issued=20, sent_at=20.0)),
    (
        "a ring reaches two agents",
        Invariant.SLOTS,
        doubled("requests", lambda each: each.check == "ring", agent="web2"),
    ),
    ("a slot is not in the ledger", Invariant.SLOTS, without("ledger", first)),
    ("a slot is in the ledger twice", Invariant.SLOTS, doubled("ledger", first)),
    (
        "a slot was published after all",
        Invariant.SLOTS,
        changed("ledger", first, outcome="missed", why="no subscriber"),
    ),
    ("a slot was not answered", Invariant.SLOTS, changed("ledger", at(120.0), check="ring", outcome="executed")),
    ("a read is stale", Invariant.ANSWERS_HOLD, changed("operations", lambda each: each.begin == 14.0, value="2")),
    (
        "a session outlives its log-out",
        Invariant.ANSWERS_HOLD,
        changed("uses", lambda each: not each.allowed, allowed=True),
    ),
    ("a former owner writes", Invariant.ONE_OWNER, changed("written", lambda each: each.place == 4, seat=1)),
    ("a slot has two owners", Invariant.ONE_OWNER, changed("terms", first, end=None)),
    ("a false alarm", Invariant.ALARMS, doubled("alarms", first, agent="web1")),
    ("a missing alarm", Invariant.ALARMS, without("alarms", first)),
    ("an alarm twice", Invariant.ALARMS, doubled("alarms", first, at=1016.0)),
    ("a late alarm", Invariant.ALARMS, lambda run: msgspec.structs.replace(run, alarms=(Alarm("web2", 2000.0),))),
    ("a slot without an owner", Invariant.CALM, lambda run: msgspec.structs.replace(run, owners={5: 2, 6: 0})),
    ("an unhealthy member", Invariant.CALM, changed("members", first, problem="the store does not answer")),
    ("a restart too many", Invariant.CALM, changed("members", first, restarts=2)),
    ("deliveries that nobody handles", Invariant.CALM, lambda run: msgspec.structs.replace(run, owed=1)),
    ("sessions at one member", Invariant.CALM, changed("members", first, sessions=9)),
)


def test_a_good_run_breaks_nothing() -> None:
    """A run with lost answers, late results, retries and missed slots that are explained is accepted."""
    assert broken(good_run()) == {}


@pytest.mark.parametrize(("invariant", "fault"), [each[1:] for each in FAULTS], ids=[each[0] for each in FAULTS])
def test_a_fault_is_found_by_its_invariant(invariant: Invariant, fault: Callable[[Run], Run]) -> None:
    """One record that is lost, doubled, swapped or has another id breaks exactly the invariant that is meant."""
    found = broken(fault(good_run()))
    assert set(found) == {invariant}, found


def test_every_invariant_has_a_fault() -> None:
    """No invariant is accepted untested."""
    assert {invariant for _, invariant, _ in FAULTS} == set(Invariant)


def test_a_write_without_an_answer_may_come_late_or_never() -> None:
    """Until a write without an answer is seen, the old value is right; afterwards it is not."""
    unanswered = Operation("a", True, "2", 1.0, 2.0, Answer.PERHAPS)
    old, new = Operation("a", False, None, 5.0, 6.0), Operation("a", False, "2", 7.0, 8.0)
    assert is_linearizable([unanswered, old])
    assert is_linearizable([unanswered, old, new])
    assert not is_linearizable([unanswered, new, msgspec.structs.replace(old, begin=9.0, end=10.0)])
