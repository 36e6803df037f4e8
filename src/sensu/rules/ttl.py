"""When the silence of a check is an alarm, and what the alarm says.

Source: docs, check reference (ttl); recorded scenario ttl-expire.
"""

from collections.abc import Sequence

import msgspec

from sensu.resources.check import KEEPALIVE, Check, CheckHistory
from sensu.resources.entity import Entity
from sensu.resources.event import Event

WARNING = 1
CLOCK_STEP_S = 1.0
"""A return that lies further ahead than that was noted before the clock was set back, and excuses nothing."""
TOGETHER_S = 2.0
"""A keepalive that is overdue within that time of a time to live is looked at first."""


def awaited_for_s(check: Check) -> int | None:
    """In how many seconds the next result is due, None where none is; keepalives have deadlines of their own."""
    return check.ttl if check.ttl > 0 and check.metadata.name != KEEPALIVE else None


def patience_s(ttl_s: int, keepalives: Sequence[CheckHistory], now: float) -> float:
    """How much longer to wait before an alarm because of the agent's own silence; 0 where there is no such excuse.

    `keepalives` is the history of the entity's keepalive event (empty where there is none). An agent that is silent
    raises an alarm of its own; one that came back has the whole time to live to send a result.
    """
    if not keepalives:
        return 0
    if keepalives[-1].status != 0:
        return ttl_s
    came_back_at = _came_back_at(keepalives)
    if came_back_at is None or came_back_at > now + CLOCK_STEP_S:
        return 0
    return min(float(ttl_s), max(0.0, came_back_at + ttl_s - now))


def waits_for_keepalive_s(due_after_s: float | None, judged: bool) -> float:
    """How long to wait for the verdict about the agent's keepalive, if that is about to be missing as well; else 0.

    `due_after_s` is in how many seconds the keepalive is overdue, None if it is not awaited; `judged` whether its
    failure is stored, after which it no longer counts here. An agent that dies is one incident, not one for each check.
    """
    if judged:
        return 0
    if due_after_s is None:
        return TOGETHER_S
    return max(0.0, due_after_s) + TOGETHER_S if due_after_s <= TOGETHER_S else 0


def _came_back_at(keepalives: Sequence[CheckHistory]) -> int | None:
    for before, after in zip(reversed(keepalives[:-1]), reversed(keepalives), strict=False):
        if before.status != 0:
            return after.executed
    return None


def alarm(stored: Event, entity: Entity, now: float) -> Event:
    """The event that says that a check has not reported: its configuration stays, the rest of its result does not."""
    check = stored.check
    assert check is not None
    second = int(now)
    overdue = msgspec.structs.replace(
        check,
        status=WARNING,
        output=f"Last check execution was {max(0, second - (check.executed or stored.timestamp))} seconds ago",
        executed=second,
        issued=0,
        duration=0,
        hooks=(),
        silenced=(),
        is_silenced=False,
        processed_by="",
        metadata=msgspec.structs.replace(check.metadata, created_by=""),
    )
    return msgspec.structs.replace(stored, check=overdue, entity=entity, metrics=None, timestamp=second)
