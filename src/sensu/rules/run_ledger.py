"""Tracks the outcome of each slot, a time at which a check is due: whether it was requested and run, and if not, why.

Pure functions from one state of a slot to the next; `backend/schedulerd/ledger.py` keeps the slots.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import msgspec

from sensu.resources.check import CheckConfig
from sensu.resources.wire import Wire, always
from sensu.rules.schedule import Timing, next_at, slots_missed, subdued

ON_TIME_LEAST_S = 5.0
ON_TIME_MOST_S = 3600.0
"""Results are on time until the next slot or the check's timeout, within these bounds."""
LATE_LEAST_S = 30.0
LATE_MOST_S = 300.0
"""After that, results are late for the same duration, within these bounds; then the slot is closed."""

SAME_S = 0.01
"""Times closer than this are the same slot."""
MARK_AHEAD_MAX_S = 60.0
"""If everything is entered up to a time that is further ahead than this, the clock was set back in the meantime."""


class SlotOutcome(Enum):
    """The outcome of a slot."""

    REQUESTED = "requested"
    EXECUTED = "executed"
    LATE = "late"
    PARTLY = "partly"
    MISSED = "missed"
    SUBDUED = "subdued"


class Why(Enum):
    """The reason why not every agent ran the check."""

    NOTHING = ""
    NO_SUBSCRIBER = "no subscriber"
    NO_ENTITY = "no entity"
    AGENT_AWAY = "agent away"
    NO_ANSWER = "no answer"
    BACKEND_DOWN = "backend down"
    BACKEND_STALLED = "backend stalled"
    STORE_AWAY = "store away"
    ROUND_UNDER_WAY = "round under way"
    NOT_PUBLISHED = "not published"
    SUBDUED = "subdued"


class Slot(Wire, frozen=True, gc=False):
    """One slot, due `at`, with the number of requests sent (`asked`) and results received; times in Unix seconds.

    `asking` is set while requests are being sent. Results after `on_time_until` are late, after `closes_at` ignored.
    """

    at: float
    outcome: SlotOutcome = always(lambda: SlotOutcome.REQUESTED)
    why: Why = always(lambda: Why.NOTHING)
    asked: int = 0
    answered: int = 0
    late: int = 0
    asking: bool = False
    on_time_until: float = 0.0
    closes_at: float = 0.0


class SlotTrouble(msgspec.Struct, frozen=True):
    """How many checks of a namespace ran late at their last slot, and how many slots were missed lately."""

    late: int = 0
    missed: int = 0


NO_TROUBLE = SlotTrouble()


def summed_trouble(reports: Iterable[Mapping[str, SlotTrouble]]) -> dict[str, SlotTrouble]:
    """The sums over members that schedule different checks, by namespace."""
    found: dict[str, SlotTrouble] = {}
    for report in reports:
        for namespace, one in report.items():
            so_far = found.get(namespace, NO_TROUBLE)
            found[namespace] = SlotTrouble(so_far.late + one.late, so_far.missed + one.missed)
    return found


class LastRun(msgspec.Struct, frozen=True):
    """The last slot of a check, and whether any of its last slots that have ended was requested of an agent."""

    slot: Slot
    asked_before: bool


def begun(check: CheckConfig, when: Timing, at: float, now: float) -> Slot:
    """A slot whose requests are about to be sent."""
    following = next_at(check.metadata.name, when, at)
    due_in_s = ON_TIME_MOST_S if following is None else following - at
    on_time_s = min(max(due_in_s, check.timeout, ON_TIME_LEAST_S), ON_TIME_MOST_S)
    return _awaited_until(Slot(at=at, asking=True), now + on_time_s, on_time_s)


def _awaited_until(slot: Slot, on_time_until: float, on_time_s: float) -> Slot:
    late_s = min(max(on_time_s, LATE_LEAST_S), LATE_MOST_S)
    return msgspec.structs.replace(slot, on_time_until=on_time_until, closes_at=on_time_until + late_s)


def asked(slot: Slot, requests: int, now: float) -> Slot:
    """The slot after more requests were sent; their results have as much time as those of the first requests."""
    if slot.outcome is not SlotOutcome.REQUESTED:
        return slot
    allowed_s = slot.on_time_until - slot.at
    later = _awaited_until(slot, max(slot.on_time_until, now + allowed_s), allowed_s)
    return msgspec.structs.replace(later, asked=slot.asked + requests)


def asked_all(slot: Slot, if_none_sent: Why = Why.NO_SUBSCRIBER) -> Slot:
    """The slot after all its requests were sent; `if_none_sent` is the reason if there were none."""
    if slot.outcome is not SlotOutcome.REQUESTED:
        return slot
    answered = min(slot.answered, slot.asked)
    slot = msgspec.structs.replace(slot, asking=False, answered=answered, late=min(slot.late, answered))
    if not slot.asked:
        return msgspec.structs.replace(slot, outcome=SlotOutcome.MISSED, why=if_none_sent)
    return _run_by_all(slot)


def answered(slot: Slot, now: float) -> Slot:
    """The slot after one more result; surplus results, and results after its end, are ignored.

    While requests are being sent, or if their sender ended meanwhile, the number of requests is not known yet.
    """
    if slot.outcome is not SlotOutcome.REQUESTED or (slot.answered >= slot.asked and not slot.asking):
        return slot
    late = slot.late + (now > slot.on_time_until)
    return _run_by_all(msgspec.structs.replace(slot, answered=slot.answered + 1, late=late))


def is_late(slot: Slot, now: float) -> bool:
    """Whether results of a slot came late, or are missing although they should be there by now."""
    return slot.outcome is SlotOutcome.LATE or (slot.outcome is SlotOutcome.REQUESTED and now > slot.on_time_until)


def _run_by_all(slot: Slot) -> Slot:
    if slot.asking or slot.answered < slot.asked:
        return slot
    return msgspec.structs.replace(slot, outcome=SlotOutcome.LATE if slot.late else SlotOutcome.EXECUTED)


def closed(slot: Slot, why: Why) -> Slot:
    """The slot when its time for results has passed; `why` is the reason if results are missing."""
    if slot.outcome is not SlotOutcome.REQUESTED:
        return slot
    outcome = SlotOutcome.PARTLY if slot.answered else SlotOutcome.MISSED
    return msgspec.structs.replace(slot, asking=False, asked=max(slot.asked, slot.answered), outcome=outcome, why=why)


def resumes_at(mark: float | None, now: float) -> float:
    """From when on a new owner publishes a check, if all that was due until `mark` has been published or entered."""
    return mark if mark is not None and now < mark <= now + MARK_AHEAD_MAX_S else now


def is_over(name: str, when: Timing, at: float, now: float) -> bool:
    """Whether a slot must not be published any more, because the check is due again."""
    following = next_at(name, when, at)
    return following is not None and following <= now


def not_requested(check: CheckConfig, at: float, why: Why) -> Slot:
    """A slot without requests: subdued if the check was subdued then, otherwise missed because of `why`."""
    if why is Why.SUBDUED or subdued(check, at):
        return Slot(at=at, outcome=SlotOutcome.SUBDUED, why=Why.SUBDUED)
    return Slot(at=at, outcome=SlotOutcome.MISSED, why=why)


def slots_between(name: str, when: Timing, after: float, until: float, most: int) -> tuple[Sequence[float], int]:
    """The last `most` times a check is due after `after` and until `until`, and the number of times before them.

    The time that follows these is `next_at(name, when, until)`: none is left out, and none is in both.
    """
    first = next_at(name, when, after)
    if first is None:
        return (), 0
    end = next_at(name, when, until) if not when.cron else None
    last = until if end is None else end - SAME_S
    if first > last:
        return (), 0
    more = slots_missed(name, when, first, until) + 1 - most
    if more > 0 and not when.cron:
        first += more * when.interval_s
    times = list(_times(name, when, first, last, most if not when.cron else most + max(more, 0)))
    return times[-most:], max(more, 0)


def _times(name: str, when: Timing, first: float, until: float, most: int) -> Sequence[float]:
    times: list[float] = []
    at: float | None = first
    while at is not None and at <= until and len(times) < most:
        times.append(at)
        at = next_at(name, when, at)
    return times


def next_runs(check: CheckConfig, when: Timing, now: float, count: int) -> list[tuple[float, bool]]:
    """The next times a check is due, and whether it is subdued then."""
    runs: list[tuple[float, bool]] = []
    at = next_at(check.metadata.name, when, now)
    while at is not None and len(runs) < count:
        runs.append((at, subdued(check, at)))
        at = next_at(check.metadata.name, when, at)
    return runs


def in_order(slots: Sequence[Slot]) -> list[Slot]:
    """Slots in order of their due times; of slots with the same time the first one is used."""
    ordered: list[Slot] = []
    times: list[float] = []
    for slot in slots:
        place = bisect_left(times, slot.at - SAME_S)
        if place == len(times) or times[place] > slot.at + SAME_S:
            times.insert(place, slot.at)
            ordered.insert(place, slot)
    return ordered
