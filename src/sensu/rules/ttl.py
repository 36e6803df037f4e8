"""Decides when the TTL of a check expires, and builds the failure event.

Source: docs, check reference (ttl); recorded scenario ttl-expire.
"""

from collections.abc import Sequence

import msgspec

from sensu.resources.check import KEEPALIVE, Check, CheckHistory
from sensu.resources.entity import Entity
from sensu.resources.event import Event

WARNING = 1
CLOCK_STEP_S = 1.0
"""A reconnection further in the future was recorded before the clock was set back, and is ignored."""
TOGETHER_S = 2.0
"""A keepalive deadline within this time of an expired TTL is handled first."""


def awaited_for_s(check: Check) -> int | None:
    """Seconds until the next result is due, None without a TTL; keepalives have deadlines of their own."""
    return check.ttl if check.ttl > 0 and check.metadata.name != KEEPALIVE else None


def patience_s(ttl_s: int, keepalives: Sequence[CheckHistory], now: float) -> float:
    """How much longer to wait for a result because the agent is or was disconnected, in seconds; 0 if it was not.

    `keepalives` is the history of the entity's keepalive event (empty without one). A missing keepalive is a failure
    event of its own; an agent that reconnected has the full TTL to send a result.
    """
    if not keepalives:
        return 0
    if keepalives[-1].status != 0:
        return ttl_s
    reconnected_at = _reconnected_at(keepalives)
    if reconnected_at is None or reconnected_at > now + CLOCK_STEP_S:
        return 0
    return min(float(ttl_s), max(0.0, reconnected_at + ttl_s - now))


def waits_for_keepalive_s(due_after_s: float | None, is_missing: bool) -> float:
    """How long to wait for the agent's keepalive, in seconds, if its deadline is about to expire too; else 0.

    `due_after_s` is the time until the keepalive is overdue, None without a deadline; `is_missing` whether its failure
    event is stored already, after which there is no need to wait. An agent that dies is one incident, not one for each
    of its checks.
    """
    if is_missing:
        return 0
    if due_after_s is None:
        return TOGETHER_S
    return max(0.0, due_after_s) + TOGETHER_S if due_after_s <= TOGETHER_S else 0


def _reconnected_at(keepalives: Sequence[CheckHistory]) -> int | None:
    for before, after in zip(reversed(keepalives[:-1]), reversed(keepalives), strict=False):
        if before.status != 0:
            return after.executed
    return None


def failure_event(stored: Event, entity: Entity, now: float) -> Event:
    """The failure event for an expired TTL: it keeps the configuration of the check, but not its last result."""
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
