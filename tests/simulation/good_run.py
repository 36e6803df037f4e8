"""A run in which every invariant holds, with something of everything that the invariants look at."""

from collections.abc import Iterable

from tests.simulation.histories import fold, kept_after
from tests.simulation.records import (
    AgentLife,
    Alarm,
    Answer,
    Attempt,
    Kept,
    LedgerSlot,
    MemberLeft,
    Operation,
    Pending,
    Report,
    Request,
    Revocation,
    Run,
    Term,
    Timetable,
    Use,
    Written,
)

AGENTS = ("web1", "web2")
STATUSES = (0, 2, 2, 1, 0, 0, 2, 2)
OK, NO, PERHAPS = Answer.OK, Answer.NO, Answer.PERHAPS


def reports() -> Iterable[Report]:
    """Results of two agents; one is sent again and comes late, one is refused, of one the answer was lost."""
    for agent in AGENTS:
        for number, status in enumerate(STATUSES):
            issued = 60 * number if agent == "web1" else 0
            handlers = ("page", "log")
            yield Report(
                f"{agent}-{number}", agent, "http", agent, 7, number + 2, 60 * number + 1, status, OK, handlers, issued
            )
    yield Report("web1-lost", "web1", "http", "web1", 7, 90, 700, 0, PERHAPS, ("log",))
    yield Report("web1-late", "web1", "http", "web1", 7, 3, 60, 1, OK, ("log",), times=2)
    yield Report("web2-perhaps", "web2", "http", "web2", 8, 20, 900, 2, PERHAPS, ("page", "log"))
    yield Report("web2-refused", "web2", "http", "web2", 8, 21, 901, 2, NO, ("page", "log"))
    yield Report("proxy-0", "proxy", "ping", "", 0, 0, 5, 1, OK, ("log",))


def kept(sent: Iterable[Report]) -> Iterable[Kept]:
    """The histories: everything that was stored, in an order that is allowed."""
    by_mark = {report.mark: report for report in sent}
    first = [f"web1-{number}" for number in range(len(STATUSES))]
    yield kept_after(list(fold([by_mark[mark] for mark in (*first[:5], "web1-late", *first[5:])])))
    second = [f"web2-{number}" for number in range(len(STATUSES))]
    yield kept_after(list(fold([by_mark[mark] for mark in (*second, "web2-perhaps")])))
    yield kept_after(list(fold([by_mark["proxy-0"]])))


def good_run() -> Run:
    """The run."""
    sent = tuple(reports())
    histories = tuple(kept(sent))
    filters = {"page": ("is_incident",)}
    wanted: list[tuple[str, str]] = []
    for history in histories:
        by_mark = {report.mark: report for report in sent}
        for each in fold([by_mark[mark] for mark in history.marks]):
            incident = each.check.status or (
                len(each.check.history or ()) > 1 and (each.check.history or ())[-2].status
            )
            for handler in each.report.handlers:
                if not each.late and (handler != "page" or incident):
                    wanted.append((each.report.mark, handler))
    attempts = [
        Attempt(mark, handler, f"{10 + place}:{handler}", 1, 10.0 * place, 10.0 * place + 2)
        for place, (mark, handler) in enumerate(wanted)
    ]
    pending = (Pending(attempts[-1].mark, attempts[-1].handler, attempts[-1].delivery, dead=True),)
    # The second attempt comes after a member was killed during the first one.
    cut_off = Attempt(attempts[0].mark, attempts[0].handler, attempts[0].delivery, 2, -5.0, None, well=False)
    return Run(
        reports=sent,
        kept=histories,
        filters=filters,
        attempts=(cut_off, *attempts[:-1]),
        pending=pending,
        gone_at={2: -4.0},
        timetables=(
            Timetable("http", tuple(60.0 * number for number in range(8)), 450.0),
            Timetable("ring", (0.0, 60.0, 120.0), 170.0, round_robin=True),
        ),
        requests=(
            *(Request("http", 60 * number, "web1", 60.0 * number) for number in range(8)),
            Request("ring", 0, "web1", 0.5),
        ),
        ledger=(
            *(LedgerSlot("http", 60.0 * number, "executed") for number in range(8)),
            LedgerSlot("ring", 0.0, "missed", "no answer"),
            LedgerSlot("ring", 60.0, "missed", "backend down"),
            LedgerSlot("ring", 120.0, "missed", "no subscriber"),
        ),
        operations=(
            Operation("check a", True, "1", 0.0, 1.0),
            Operation("check a", False, "1", 2.0, 3.0),
            Operation("check a", True, "2", 4.0, 9.0, PERHAPS),
            Operation("check a", False, "1", 5.0, 6.0),
            Operation("check a", False, "2", 10.0, 11.0),
            Operation("check a", True, None, 12.0, 13.0),
            Operation("check a", False, None, 14.0, 15.0),
        ),
        revocations=(Revocation("session 1", 20.0),),
        uses=(Use("session 1", 19.0, True), Use("session 1", 21.0, False), Use("session 2", 22.0, True)),
        written=(Written(1, 5, 1), Written(2, 5, 1), Written(4, 5, 2), Written(2, 6, 2)),
        terms=(Term(5, 1, 0, 3), Term(5, 2, 3), Term(6, 2, 1)),
        agents=(AgentLife("web1", 60.0, 20.0), AgentLife("web2", 60.0, 20.0, stopped_at=950.0)),
        alarms=(Alarm("web2", 1015.0),),
        outages_s=10.0,
        members=(MemberLeft("a", 1, sessions=3, restarts=1, restarts_expected=1), MemberLeft("b", 2, sessions=2)),
        owners={5: 2, 6: 2},
    )
