"""The invariants of a run: what holds whatever dies, freezes or loses its line. Each is a function of the records."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import pairwise

from sensu.resources.check import Check
from sensu.rules.incident import is_incident
from tests.simulation.histories import Decided, fold, kept_after
from tests.simulation.linearizable import is_linearizable
from tests.simulation.records import Answer, Attempt, Kept, Operation, Pair, Report, Request, Run, Timetable

UNEXPLAINED = ("no subscriber", "no entity", "backend stalled", "subdued", "round under way")
"""Reasons of the ledger with which no request was sent."""
RAN = ("executed", "late", "partly")
CALM_SPREAD = 1.5
ALARM_WITHIN_S = 12.0 + 60.0
"""The longest time that an alarm may be late: until a lost host is fenced, and while deadlines pause."""


class Invariant(Enum):
    """What must hold."""

    NOTHING_LOST = 1
    NOTHING_TWICE = 2
    ORDER = 3
    STATE_IS_THE_FOLD = 4
    OWED = 5
    SAME_ID = 6
    ORDER_OF_DELIVERIES = 7
    SLOTS = 8
    ANSWERS_HOLD = 9
    ONE_OWNER = 10
    ALARMS = 11
    CALM = 12


def broken(run: Run) -> dict[Invariant, list[str]]:
    """The invariants that do not hold, each with what breaks it."""
    found = {invariant: list(check(run)) for invariant, check in CHECKS.items()}
    return {invariant: why for invariant, why in found.items() if why}


def nothing_lost(run: Run) -> Iterator[str]:
    """Each result that was acknowledged is in the history of its check."""
    kept = {(each.pair, mark) for each in run.kept for mark in each.marks}
    for report in run.reports:
        if report.answer is Answer.OK and (report.pair, report.mark) not in kept:
            yield f"{report.mark} was acknowledged and is not stored"


def nothing_twice(run: Run) -> Iterator[str]:
    """Each entry of a history was sent and not refused, and none is there twice."""
    sent = {(report.pair, report.mark): report for report in run.reports}
    for each in run.kept:
        for mark, number in Counter(each.marks).items():
            report = sent.get((each.pair, mark))
            if report is None:
                yield f"{mark} is stored and was never sent"
            elif report.answer is Answer.NO:
                yield f"{mark} is stored and was refused"
            elif number > 1:
                yield f"{mark} is stored {number} times"


def order(run: Run) -> Iterator[str]:
    """The results of an agent are in the order sent, except that one which was sent again may come late.

    That one must not have been executed after the result that it follows.
    """
    for reports in _histories(run).values():
        newest: dict[str, Report] = {}
        for report in reports:
            if not report.session:
                continue
            before = newest.get(report.agent)
            if before is None or report.sequence > before.sequence:
                newest[report.agent] = report
            elif report.times == 1 and report.session == before.session:
                yield f"{report.mark} was sent before {before.mark} and is stored after it"
            elif report.executed > before.executed:
                yield f"{report.mark} is stored after {before.mark} although it is late"


def state_is_the_fold(run: Run) -> Iterator[str]:
    """The stored event is what the rules make of the results in its history."""
    for kept, decided in _decided(run):
        if decided:
            expected = kept_after(decided)
            if (kept.status, kept.state, kept.occurrences, kept.watermark, kept.history) != (
                expected.status,
                expected.state,
                expected.occurrences,
                expected.watermark,
                expected.history,
            ):
                yield f"{'/'.join(kept.pair)} is {kept} instead of {expected}"


def owed(run: Run) -> Iterator[str]:
    """Each result that a handler should get was delivered well once, or is still pending or dead."""
    done = {(attempt.mark, attempt.handler) for attempt in run.attempts if attempt.well and attempt.end is not None}
    done |= {(pending.mark, pending.handler) for pending in run.pending}
    for _, decided in _decided(run):
        for each in decided:
            for handler in _handlers(run, each):
                if (each.report.mark, handler) not in done:
                    yield f"{each.report.mark} never reached {handler}, and is not owed to it"


def same_id(run: Run) -> Iterator[str]:
    """All attempts to give a result to a handler have one id, and no other has the same."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    used: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for each in (*run.attempts, *run.pending):
        ids[each.mark, each.handler].add(each.delivery)
        used[each.delivery].add((each.mark, each.handler))
    for (mark, handler), found in ids.items():
        if len(found) > 1:
            yield f"{mark} reached {handler} with the ids {sorted(found)}"
    for delivery, what in used.items():
        if len(what) > 1:
            yield f"the id {delivery} is that of {sorted(what)}"


def order_of_deliveries(run: Run) -> Iterator[str]:
    """First attempts of a handler begin in the order of the history, and not before those of earlier results ended.

    An attempt that a seat began before it was gone may end at any time.
    """
    first: dict[tuple[str, str], Attempt] = {}
    for attempt in sorted(run.attempts, key=lambda each: each.begin):
        first.setdefault((attempt.mark, attempt.handler), attempt)
    for kept in run.kept:
        for handler in sorted({attempt.handler for attempt in run.attempts}):
            begun = [first[mark, handler] for mark in dict.fromkeys(kept.marks) if (mark, handler) in first]
            for earlier, later in pairwise(begun):
                if later.begin < earlier.begin:
                    yield f"{handler} got {later.mark} before {earlier.mark}"
                elif earlier.seat not in run.gone_at and (earlier.end is None or later.begin < earlier.end):
                    yield f"{handler} got {later.mark} while it had {earlier.mark}"


def slots(run: Run) -> Iterator[str]:
    """Each slot time is published at most once, and is in the ledger once, with an outcome that is true."""
    for table in run.timetables:
        for at in table.times:
            yield from _slot(run, table, at)
        known = {round(at, 3) for at in table.times}
        for entry in run.ledger:
            if entry.check == table.check and round(entry.at, 3) not in known:
                yield f"the ledger has {table.check} at {entry.at}, when it was not due"


def _slot(run: Run, table: Timetable, at: float) -> Iterator[str]:
    name = f"{table.check} at {at}"
    entries = [entry for entry in run.ledger if entry.check == table.check and abs(entry.at - at) < 0.001]
    if len(entries) != 1:
        yield f"the ledger has {name} {len(entries)} times"
    requests = [each for each in run.requests if each.check == table.check and _slot_of(table, each) == at]
    reached = Counter(request.agent for request in requests)
    if len({request.issued for request in requests}) > 1:
        yield f"{name} was published more than once"
    elif any(number > 1 for number in reached.values()):
        yield f"{name} reached an agent more than once"
    elif table.round_robin and len(reached) > 1:
        yield f"{name} reached several agents, {sorted(reached)}"
    for entry in entries[:1]:
        yield from _outcome(run, name, entry.outcome, entry.why, requests)


def _outcome(run: Run, name: str, outcome: str, why: str, requests: Sequence[Request]) -> Iterator[str]:
    if outcome in RAN:
        issued = {(request.check, request.issued) for request in requests}
        stored = {mark for kept in run.kept for mark in kept.marks} | run.lost
        if not any((each.check, each.issued) in issued and each.mark in stored for each in run.reports):
            yield f"the ledger says {outcome} of {name}, and no result is stored"
    elif why in UNEXPLAINED and requests:
        yield f"the ledger says {why} of {name}, which was published"
    elif outcome == "requested":
        yield f"the ledger says nothing of {name}"


def _slot_of(table: Timetable, request: Request) -> float | None:
    """The slot of a request: the last one that was due when it was sent."""
    due = [at for at in table.times if at <= request.sent_at < table.until]
    return due[-1] if due else None


def answers_hold(run: Run) -> Iterator[str]:
    """Reads and writes of a resource fit into one order; after a log-out was answered, its session is refused."""
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for operation in run.operations:
        by_key[operation.key].append(operation)
    for key, operations in by_key.items():
        if not is_linearizable(operations):
            yield f"the reads and writes of {key} fit into no order"
    for revocation in run.revocations:
        for use in run.uses:
            if use.credential == revocation.credential and use.allowed and use.begin > revocation.end:
                yield f"{use.credential} was accepted {use.begin - revocation.end:.3f} s after it ended"


def one_owner(run: Run) -> Iterator[str]:
    """A slot is written only by its owner of the time, and has one owner at a time."""
    terms: dict[int, list[tuple[int, float, int]]] = defaultdict(list)
    for term in run.terms:
        terms[term.slot].append((term.begin, float("inf") if term.end is None else term.end, term.seat))
    for slot, of_slot in terms.items():
        for (_, end, seat), (begin, _, other) in pairwise(sorted(of_slot)):
            if begin < end:
                yield f"slot {slot} is owned by seats {seat} and {other} at {begin}"
    for write in run.written:
        if not any(begin <= write.place < end and seat == write.seat for begin, end, seat in terms[write.slot]):
            yield f"seat {write.seat} wrote slot {write.slot} at {write.place} without owning it"


def alarms(run: Run) -> Iterator[str]:
    """An agent that kept sending raised no alarm; one that stopped raised one in time."""
    for life in run.agents:
        raised = sorted(alarm.at for alarm in run.alarms if alarm.agent == life.agent)
        if life.stopped_at is None:
            if raised and life.longest_pause_s < life.timeout_s:
                yield f"{life.agent} raised an alarm at {raised[0]} and never paused"
            continue
        due = [at for at in raised if at >= life.stopped_at]
        latest = life.stopped_at + life.timeout_s + run.outages_s + ALARM_WITHIN_S
        if not due or due[0] > latest:
            yield f"{life.agent} stopped at {life.stopped_at} and raised no alarm until {latest}"
        elif len(due) > 1:
            yield f"{life.agent} raised {len(due)} alarms"


def calm(run: Run) -> Iterator[str]:
    """After the last fault everything runs, nothing is pending, and sessions are spread."""
    seats = {member.seat for member in run.members}
    for slot, seat in run.owners.items():
        if seat not in seats:
            yield f"slot {slot} has no living owner, but {seat}"
    for member in run.members:
        if member.problem:
            yield f"{member.name} is unhealthy: {member.problem}"
        if member.restarts > member.restarts_expected:
            yield f"{member.name} started {member.restarts} times, {member.restarts_expected} expected"
    if run.owed:
        yield f"{run.owed} deliveries are pending"
    sessions = [member.sessions for member in run.members]
    if sessions and max(sessions) > CALM_SPREAD * max(1, min(sessions)):
        yield f"sessions are {sessions}"


def _histories(run: Run) -> Mapping[Pair, Sequence[Report]]:
    """The known results of each history, each in its first place."""
    sent = {(report.pair, report.mark): report for report in run.reports}
    return {
        kept.pair: [sent[kept.pair, mark] for mark in dict.fromkeys(kept.marks) if (kept.pair, mark) in sent]
        for kept in run.kept
    }


def _decided(run: Run) -> Iterator[tuple[Kept, list[Decided]]]:
    histories = _histories(run)
    for kept in run.kept:
        yield kept, list(fold(histories[kept.pair]))


def _handlers(run: Run, decided: Decided) -> Iterator[str]:
    """The handlers whose filters a result passes; a late one is only part of the history."""
    if not decided.late:
        for handler in decided.report.handlers:
            if all(_passes(name, decided.check) for name in run.filters.get(handler, ())):
                yield handler


def _passes(name: str, check: Check) -> bool:
    if name != "is_incident":
        raise ValueError(f"the checker does not know the filter {name}")
    return is_incident(check)


CHECKS: Mapping[Invariant, Callable[[Run], Iterator[str]]] = {
    Invariant.NOTHING_LOST: nothing_lost,
    Invariant.NOTHING_TWICE: nothing_twice,
    Invariant.ORDER: order,
    Invariant.STATE_IS_THE_FOLD: state_is_the_fold,
    Invariant.OWED: owed,
    Invariant.SAME_ID: same_id,
    Invariant.ORDER_OF_DELIVERIES: order_of_deliveries,
    Invariant.SLOTS: slots,
    Invariant.ANSWERS_HOLD: answers_hold,
    Invariant.ONE_OWNER: one_owner,
    Invariant.ALARMS: alarms,
    Invariant.CALM: calm,
}
