"""Decides which events a notify handler sends a message about."""

from collections.abc import Collection
from dataclasses import dataclass

from sensu.resources.check import Check
from sensu.rules.incident import is_resolution, status_before

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
class NoMessage:
    """No message is sent about an event, because of `why`."""

    why: str


def occasion_of(check: Check | None, when: Collection[str]) -> str | NoMessage:
    """What the message about an event says; `when` has the occasions of the handler (empty: the default)."""
    wanted = when or DEFAULT
    if check is None:
        return NoMessage("the event has metrics only")
    if check.is_silenced:
        return NoMessage("the event is silenced")
    found = _what_happened(check)
    if found == FLAPS and FLAPPING not in wanted:
        found = RESULT
    if EVERY in wanted:
        return found
    if found in (PROBLEM, CHANGED) and INCIDENT in wanted:
        return found
    if found == RESOLVED and RESOLVE in wanted:
        return found
    if found == FLAPS:
        return found
    return NoMessage(f"nothing changed that the handler sends a message about ({', '.join(wanted)})")


def _what_happened(check: Check) -> str:
    before = status_before(check)
    if is_resolution(check):
        return RESOLVED
    if check.state == "flapping" and check.occurrences <= 1:
        return FLAPS
    if check.status and not before:
        return PROBLEM
    return CHANGED if check.status != before else RESULT
