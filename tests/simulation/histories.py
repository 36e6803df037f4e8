"""What the history of an entity and a check must be, given the results that were sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sensu.resources.check import Check
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.rules import check_state
from sensu.rules.check_state import CheckState, Sender
from tests.simulation.records import Kept, Report


@dataclass(frozen=True)
class Decided:
    """A result in its place in a history; `late` if a newer one was decided before it."""

    report: Report
    check: Check
    late: bool


def fold(reports: Sequence[Report]) -> Iterator[Decided]:
    """The decision about each result, if they are decided in this order by the rules of the product."""
    previous: CheckState | None = None
    stored: Check | None = None
    for report in reports:
        check = Check(
            metadata=ObjectMeta(name=report.check), status=report.status, executed=report.executed, issued=report.issued
        )
        event = Event(check=check, sequence=report.sequence)
        sender = Sender(report.agent, report.session, True) if report.session else None
        late = previous is not None and check_state.outdated(previous, event, sender)
        if late:
            assert previous is not None
            assert stored is not None
            stored = check_state.with_late_result(stored, check)
            kept = Event(check=stored, sequence=previous.sequence)
            previous = check_state.state_of(kept, previous.agent, previous.session, previous.newest)
        else:
            stored = check_state.merge(previous, check)
            newest = max(report.executed, 0 if previous is None else previous.newest)
            merged = Event(check=stored, sequence=report.sequence)
            previous = check_state.state_of(merged, report.agent if report.session else "", report.session, newest)
        yield Decided(report, stored, late)


def kept_after(decided: Sequence[Decided]) -> Kept:
    """The event that is stored after these decisions."""
    last = decided[-1]
    check, marks = last.check, tuple(each.report.mark for each in decided)
    return Kept(
        *last.report.pair,
        marks,
        check.status,
        check.state,
        check.occurrences,
        check.occurrences_watermark,
        tuple((entry.status, entry.executed) for entry in check.history or ()),
    )
