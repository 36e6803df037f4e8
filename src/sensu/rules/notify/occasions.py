"""Decides which events a notify handler sends a message about."""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from sensu.resources.check import Check
from sensu.rules.check_state import FLAPPING as FLAPPING_STATE
from sensu.rules.incident import status_before
from sensu.rules.notify.incidents import Announced

INCIDENT, RESOLVE, FLAPPING, EVERY = "incident", "resolve", "flapping", "every"
OCCASIONS = (INCIDENT, RESOLVE, FLAPPING, EVERY)
DEFAULT = (INCIDENT, RESOLVE)

PROBLEM, CHANGED, REPEATED, RESOLVED, FLAPS, RESULT = (
    "problem",
    "changed",
    "repeated",
    "resolved",
    "flapping",
    "result",
)
"""What a message says: a problem began, its status changed, it goes on, it is over, the check flaps; or any result."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a handler wants messages about: its occasions, and the seconds between reminders (0: none)."""

    when: Collection[str] = DEFAULT
    repeat_s: float = 0.0


@dataclass(frozen=True, slots=True)
class NoMessage:
    """No message is sent about an event, because of `why`."""

    why: str


ANNOUNCED_BEFORE = "the incident was announced before"
NOT_WANTED = "nothing changed that the handler sends a message about ({})"
SILENCED = "the event is silenced"
NO_CHECK = "the event has metrics only"


def occasion_of(check: Check | None, wishes: Wishes, last: Announced | None, now: float) -> str | NoMessage:
    """What a message to a service says; `last` is what it knows of the incident (None: nothing)."""
    if check is None:
        return NoMessage(NO_CHECK)
    if check.is_silenced:
        return NoMessage(SILENCED)
    happened = _what_happened(check, wishes, last, now)
    if happened is None:
        if EVERY in wishes.when:
            return RESULT
        return NoMessage(ANNOUNCED_BEFORE if check.status and last is not None else _unwanted(wishes))
    wanted = {PROBLEM: INCIDENT, CHANGED: INCIDENT, REPEATED: INCIDENT, RESOLVED: RESOLVE, FLAPS: FLAPPING}[happened]
    return happened if wanted in wishes.when or EVERY in wishes.when else NoMessage(_unwanted(wishes))


def _what_happened(check: Check, wishes: Wishes, last: Announced | None, now: float) -> str | None:
    if FLAPPING in wishes.when and check.state == FLAPPING_STATE:
        return FLAPS if last is None or not last.is_flapping else None
    if not check.status:
        return RESOLVED if last is not None or _ended_unannounced(check, wishes) else None
    if last is None:
        return PROBLEM if INCIDENT in wishes.when or not status_before(check) else None
    if last.status != check.status or last.is_flapping:
        return CHANGED
    return REPEATED if wishes.repeat_s and now - last.at >= wishes.repeat_s else None


def _ended_unannounced(check: Check, wishes: Wishes) -> bool:
    """Whether an incident ended that the handler does not announce, so that only the history knows of it."""
    return INCIDENT not in wishes.when and status_before(check) != 0


def _unwanted(wishes: Wishes) -> str:
    return NOT_WANTED.format(", ".join(wishes.when))


def after_message(check: Check, happened: str, now: float, reference: str = "", delivery: str = "") -> Announced | None:
    """What a service knows after it took a message; None if no incident is left."""
    if happened == FLAPS:
        return Announced(check.status, now, reference, is_flapping=True, delivery=delivery)
    return Announced(check.status, now, reference, delivery=delivery) if check.status else None


def without_message(check: Check, last: Announced | None, why: NoMessage) -> Announced | None:
    """What a service knows after an event that it gets no message about.

    An incident that ends while the check is silenced is announced as over by the next passing result.
    """
    if last is None or why.why == SILENCED or check.state == FLAPPING_STATE:
        return last
    if not check.status:
        return None
    return msgspec.structs.replace(last, is_flapping=False) if last.is_flapping else last


def known_from_history(check: Check | None) -> Announced | None:
    """What a sender without a memory takes as announced: the result before."""
    before = 0 if check is None else status_before(check)
    return Announced(before, 0.0) if before else None
