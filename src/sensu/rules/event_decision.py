"""Decides what an incoming event becomes: its state, its silences, its deadline, and what handlers receive.

The functions are pure. They take the state before the event and the time, and ask a `DecisionContext` for the rest.
Source: recorded scenarios state-*, silence-*, ttl-expire.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.entity import AGENT_CLASS, Entity
from sensu.resources.event import Event
from sensu.rules import check_state, history, ttl
from sensu.rules.check_state import CheckState, Sender
from sensu.rules.keepalive import warning_timeout_s
from sensu.rules.proxy_entity import looked_up, made_for
from sensu.rules.redaction import redacted
from sensu.rules.silencing import SilenceIndex, ended_by_resolution
from sensu.rules.workflow import wants_handling


class Report(Protocol):
    """An event as it arrived.

    `merge` is false if the event has its final state already. `due_after_s` overrides the deadline that follows from
    the check. If `entity_json` is known, the secrets of the entity are hidden already.
    """

    @property
    def event(self) -> Event:
        """The event, which is valid."""
        ...

    @property
    def sender(self) -> Sender | None:
        """The session of the agent that sent the event; None for events from elsewhere."""
        ...

    @property
    def merge(self) -> bool:
        """Whether the state of the check follows from the state before."""
        ...

    @property
    def due_after_s(self) -> float | None:
        """Seconds until the next event is due."""
        ...

    @property
    def entity_json(self) -> msgspec.Raw | None:
        """The stored JSON of the entity."""
        ...


class DecisionContext(Protocol):
    """What a decision asks of the rest of the backend."""

    def entity(self, namespace: str, name: str) -> Entity | None:
        """The stored entity, or None."""
        ...

    def silences(self, namespace: str) -> SilenceIndex:
        """The silenced entries of a namespace."""
        ...

    def is_ended(self, namespace: str, silence: str) -> bool:
        """Whether a silenced entry was ended by an earlier decision that is not committed yet."""
        ...

    def has_handler(self, namespace: str, name: str) -> bool:
        """Whether a handler of that name exists."""
        ...


class DecidedEvent(msgspec.Struct, frozen=True):
    """What an event becomes.

    `event` is stored, with `state` as the state for the next result, and is due again after `due_after_s` (None: no
    deadline). `result` is the check that its history gains, `changed` if it changes the state; `listed_anew` if lists
    and counts of events show it differently. `handled` is the event that handlers receive (None: nothing to handle),
    `reported` the event for the event log. `new_entity` is to be created, and the silenced entries named in
    `ended_silences` are to be deleted.
    """

    event: Event
    state: CheckState
    due_after_s: float | None
    result: Check
    changed: bool
    handled: Event | None
    reported: Event
    new_entity: Entity | None = None
    ended_silences: Sequence[str] = ()
    listed_anew: bool = False


def decide(report: Report, previous: CheckState | None, context: DecisionContext, now: float) -> DecidedEvent:
    """What an event with a check becomes that is not older than the state before it (`previous`)."""
    namespace = _namespace(report)
    event, new_entity = _completed(report, namespace, context, now)
    check = event.check
    assert check is not None
    if report.merge:
        check = check_state.merge(previous, check)
    check, ended = _silenced(namespace, check, event, previous, context, now)
    event = check_state.with_truncation_label(msgspec.structs.replace(event, check=check))
    state = _state_after(previous, event, report.sender)
    changed = history.changes_state(previous, check)
    return DecidedEvent(
        event,
        state,
        report.due_after_s if report.due_after_s is not None else _due_after_s(event),
        check,
        changed,
        event if wants_handling(event) and not _is_for_nobody(namespace, event, previous, context) else None,
        event,
        new_entity,
        ended,
        changed or bool(ended) or (previous is not None and previous.overdue != state.overdue),
    )


def decide_late(
    report: Report, stored: Event, previous: CheckState, context: DecisionContext, now: float
) -> DecidedEvent:
    """What an event becomes that is older than the stored one: a result in its history.

    Only its metrics are handled, because a newer result has been handled already.
    """
    late, new_entity = _completed(report, _namespace(report), context, now)
    assert stored.check is not None
    assert late.check is not None
    kept = msgspec.structs.replace(stored, check=check_state.with_late_result(stored.check, late.check))
    return DecidedEvent(
        kept,
        check_state.state_of(
            kept, previous.agent, previous.session, previous.newest, overdue=previous.overdue, change=previous.change
        ),
        report.due_after_s if report.due_after_s is not None else _due_after_s(kept),
        late.check,
        False,
        _metrics_of(late),
        late,
        new_entity,
    )


def completed_metrics(event: Event, now: float) -> Event:
    """An event without a check as handlers receive it: the secrets of its entity hidden, and with a time."""
    assert event.entity is not None
    return msgspec.structs.replace(event, entity=redacted(event.entity), timestamp=event.timestamp or int(now))


def decide_overdue(
    stored: Event, entity: Entity, keepalive: CheckState | None, keepalive_due_after_s: float | None, now: float
) -> Event | float | None:
    """The failure event for a check whose TTL expired, or in how many seconds to look again; None if it has no TTL.

    `keepalive` is the state of the keepalive of the entity, `keepalive_due_after_s` its deadline. A check is given more
    time while its agent is disconnected: one failure of the agent is one incident.
    """
    if stored.check is None or stored.check.ttl <= 0:
        return None
    if keepalive is not None:
        wait_s = ttl.patience_s(stored.check.ttl, keepalive.history, now)
        if wait_s <= 0 and entity.entity_class == AGENT_CLASS:
            wait_s = ttl.waits_for_keepalive_s(keepalive_due_after_s, keepalive.status != 0)
        if wait_s > 0:
            return wait_s
    return ttl.failure_event(stored, entity, now)


def _namespace(report: Report) -> str:
    assert report.event.entity is not None
    return report.event.entity.metadata.namespace


def _completed(report: Report, namespace: str, context: DecisionContext, now: float) -> tuple[Event, Entity | None]:
    """The event with its entity, whose secrets are hidden, and a time; and the entity if it must be created."""
    event, new_entity = report.event, None
    entity = event.entity
    assert entity is not None
    name = looked_up(event)
    if name is not None:
        stored = context.entity(namespace, name)
        if stored is None:
            stored = new_entity = made_for(event, name)
        entity = redacted(stored)
    elif report.entity_json is None:
        entity = redacted(entity)
    if entity is not event.entity or not event.timestamp:
        event = msgspec.structs.replace(event, entity=entity, timestamp=event.timestamp or int(now))
    return event, new_entity


def _silenced(
    namespace: str, check: Check, event: Event, previous: CheckState | None, context: DecisionContext, now: float
) -> tuple[Check, Sequence[str]]:
    """The check with the names of its silences, and the names of those that end because it is resolved.

    Source: recorded scenario silence-resolve (`is_silenced` stays true on the event that ends them).
    """
    index = context.silences(namespace)
    if not index:
        return _unsilenced(check), ()
    matching = [entry for entry in index.matching(event, now) if not context.is_ended(namespace, entry.metadata.name)]
    if not matching:
        return _unsilenced(check), ()
    ended = ended_by_resolution(matching, previous.status if previous else 0, check.status)
    names = tuple(entry.metadata.name for entry in matching if entry not in ended)
    return msgspec.structs.replace(check, silenced=names, is_silenced=True), [entry.metadata.name for entry in ended]


def _unsilenced(check: Check) -> Check:
    """The check without silences that its sender names; its own `is_silenced` stays.

    Source: recorded scenario filter-not-silenced.
    """
    return msgspec.structs.replace(check, silenced=()) if check.silenced else check


def _state_after(previous: CheckState | None, event: Event, sender: Sender | None) -> CheckState:
    check = event.check
    assert check is not None
    newest = check.executed
    if previous is not None and previous.newest > newest:
        newest = previous.newest
    change = 0 if previous is None else previous.change
    if sender is None:
        return check_state.state_of(event, newest=newest, overdue=check_state.is_overdue(check), change=change)
    return check_state.state_of(event, sender.agent, sender.session, newest, change=change)


def _due_after_s(event: Event) -> float | None:
    """Seconds until the keepalive or TTL deadline; keepalives that a client posts for an agent have one too."""
    check, entity = event.check, event.entity
    assert check is not None
    assert entity is not None
    if check.metadata.name == KEEPALIVE:
        return warning_timeout_s(check) if entity.entity_class == AGENT_CLASS else None
    return ttl.awaited_for_s(check)


def _is_for_nobody(namespace: str, event: Event, previous: CheckState | None, context: DecisionContext) -> bool:
    """Whether an event is a passing keepalive after another one, and none of its handlers exists.

    Keepalives name a handler that few installations have; delivering each of them would double their cost.
    """
    check = event.check
    assert check is not None
    if check.metadata.name != KEEPALIVE or check.status != 0 or previous is None or previous.status != 0:
        return False
    named = event.pipelines or check.fallback_pipeline
    return not named and not any(context.has_handler(namespace, name) for name in check.handlers)


def _metrics_of(late: Event) -> Event | None:
    """The event with handlers for its metrics only, if it has any."""
    if late.metrics is None or late.check is None:
        return None
    quiet = msgspec.structs.replace(late.check, handlers=(), pipelines=(), fallback_pipeline=None)
    points = msgspec.structs.replace(late, check=quiet, pipelines=None)
    return points if wants_handling(points) else None
