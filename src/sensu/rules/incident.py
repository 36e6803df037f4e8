"""Whether an event is an incident, or the end of one.

Source: docs, built-in filters; recorded scenario filter-is-incident.
"""

from sensu.resources.check import Check


def status_before(check: Check) -> int:
    """The status of the previous result, 0 if there was none."""
    history = check.history or ()
    return history[-2].status if len(history) > 1 else 0


def is_resolution(check: Check) -> bool:
    """Whether this result ends an incident."""
    return check.status == 0 and status_before(check) != 0


def is_incident(check: Check) -> bool:
    """Whether this result is an incident or ends one."""
    return check.status != 0 or status_before(check) != 0
