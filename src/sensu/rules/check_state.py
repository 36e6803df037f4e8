"""Derives the state of a check from its results: history, occurrences, watermark, flapping, last success.

Source: recorded scenarios state-*; docs, events reference.
"""

import msgspec

from sensu.resources.check import Check, CheckHistory
from sensu.resources.entity import AGENT_CLASS
from sensu.resources.event import Event
from sensu.rules.flapping import HISTORY_MAX, flaps, total_state_change

PASSING, FAILING, FLAPPING = "passing", "failing", "flapping"
TRUNCATED_LABEL = "sensu.io/output_truncated_bytes"


class Sender(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The agent that sent an event: its name, and the unique number of its session.

    `acknowledged` says whether the agent receives acknowledgements and sends unacknowledged events again.
    """

    agent: str
    session: int
    acknowledged: bool = False


class CheckState(msgspec.Struct, frozen=True, gc=False):
    """The part of a check's last event that the next result builds on.

    `agent` and `session` identify its sender; they are empty and 0 for events from elsewhere, or if it is not known.
    `newest` is the latest `executed` of all results so far. `overdue` says whether it fails because its TTL expired.
    `change` is the number of its last state change (`Result.delivery` of the store), 0 if it is not known.
    """

    status: int = 0
    executed: int = 0
    history: tuple[CheckHistory, ...] = ()
    state: str = PASSING
    last_ok: int = 0
    occurrences: int = 0
    occurrences_watermark: int = 0
    issued: int = 0
    sequence: int = 0
    agent: str = ""
    session: int = 0
    newest: int = 0
    overdue: bool = False
    change: int = 0


def stored_state(event: Event, change: int = 0) -> CheckState:
    """The state in a stored event; `change` is the number of its last state change."""
    check = event.check
    assert check is not None
    newest = max((entry.executed for entry in check.history or ()), default=check.executed)
    return state_of(
        event, _agent_of(event, check), 0, max(newest, check.executed), overdue=is_overdue(check), change=change
    )


def _agent_of(event: Event, check: Check) -> str:
    """The name of the agent whose session a stored event came from; empty for other events."""
    if event.metadata.created_by or is_ttl_failure(check) or event.entity is None:
        return ""
    if check.processed_by:
        return check.processed_by
    return event.entity.metadata.name if event.entity.entity_class == AGENT_CLASS else ""


def state_of(
    event: Event, agent: str = "", session: int = 0, newest: int = 0, *, overdue: bool = False, change: int = 0
) -> CheckState:
    """The state after an event."""
    check = event.check
    assert check is not None
    return CheckState(
        status=check.status,
        executed=check.executed,
        history=check.history or (),
        state=check.state,
        last_ok=check.last_ok,
        occurrences=check.occurrences,
        occurrences_watermark=check.occurrences_watermark,
        issued=check.issued,
        sequence=event.sequence,
        agent=agent,
        session=session,
        newest=newest,
        overdue=overdue,
        change=change,
    )


def is_overdue(check: Check) -> bool:
    """Whether a check that no agent sent is the failure event of an expired TTL, and not a client's own event."""
    return is_ttl_failure(check) and not check.metadata.created_by


def is_ttl_failure(check: Check) -> bool:
    """Whether a stored check is the failure event of an expired TTL."""
    return bool(check.ttl) and not check.issued and check.status != 0


def merge(previous: CheckState | None, check: Check) -> Check:
    """The check with the state that follows from the previous one; the state in a first result is ignored.

    A passing result counts as the last success unless state changes are at or above the high flap threshold.
    """
    status = check.status
    newest = CheckHistory(status=status, executed=check.executed)
    if previous is None:
        history: tuple[CheckHistory, ...] = (newest,)
        occurrences = watermark = 1
        change, flapped, last_ok = 0, False, check.last_ok
    else:
        history = (*previous.history[1 - HISTORY_MAX :], newest)
        occurrences = previous.occurrences + 1 if status == previous.status else 1
        watermark = _watermark(previous, status, occurrences)
        change = total_state_change(history)
        flapped, last_ok = previous.state == FLAPPING, previous.last_ok
    state = PASSING if status == 0 else FAILING
    if check.high_flap_threshold and flaps(flapped, change, check.low_flap_threshold, check.high_flap_threshold):
        state = FLAPPING
    if status == 0 and (state == PASSING or change < check.high_flap_threshold):
        last_ok = check.executed
    return msgspec.structs.replace(
        check,
        history=history,
        occurrences=occurrences,
        occurrences_watermark=watermark,
        total_state_change=change,
        state=state,
        last_ok=last_ok,
    )


def _watermark(previous: CheckState, status: int, occurrences: int) -> int:
    """The highest number of occurrences since the incident began; the result that ends an incident keeps it."""
    if status != 0 and previous.status == 0:
        return 1
    watermark = previous.occurrences_watermark
    return watermark + 1 if occurrences > watermark else watermark


def is_newest(previous: CheckState, event: Event) -> bool:
    """Whether an event was executed after all previous results, and so cannot be one of them."""
    check = event.check
    return check is not None and check.executed > previous.newest


def outdated(previous: CheckState, event: Event, sender: Sender | None) -> bool:
    """Whether an event is older than the stored state and must not replace it.

    An event is older if the sequence number of the same agent says so and its times do not contradict. The clocks of
    different senders are never compared: the event that arrives last is the newest. A new session starts at 1.
    """
    if sender is None or not 0 < event.sequence < previous.sequence or previous.agent != sender.agent:
        return False
    if previous.session != sender.session and event.sequence == 1:
        return False
    check = event.check
    return check is not None and check.executed <= previous.executed and check.issued <= previous.issued


def with_late_result(stored: Check, late: Check) -> Check:
    """The stored check with an older result inserted into its history by execution time; its state stays."""
    history = stored.history or ()
    at = max(0, len(history) - 1)
    while at > 0 and history[at - 1].executed > late.executed:
        at -= 1
    result = CheckHistory(status=late.status, executed=late.executed)
    kept = (*history[:at], result, *history[at:])[-HISTORY_MAX:]
    return msgspec.structs.replace(stored, history=kept, total_state_change=total_state_change(kept))


def with_truncation_label(event: Event) -> Event:
    """The event, labelled with the number of bytes by which its output is truncated when it is stored.

    Source: recorded scenario state-output (handlers receive the whole output, and the label).
    """
    check = event.check
    if check is None or check.max_output_size <= 0 or len(check.output) * 4 <= check.max_output_size:
        return event
    size = len(check.output.encode())
    if size <= check.max_output_size:
        return event
    labels = {**event.metadata.labels, TRUNCATED_LABEL: str(size - len(_cut(check).encode()))}
    return msgspec.structs.replace(event, metadata=msgspec.structs.replace(event.metadata, labels=labels))


def truncated(check: Check) -> Check:
    """The check with its output truncated to `max_output_size` bytes, at the end of a character."""
    if check.max_output_size <= 0 or len(check.output) * 4 <= check.max_output_size:
        return check
    kept = _cut(check)
    return check if len(kept) == len(check.output) else msgspec.structs.replace(check, output=kept)


def _cut(check: Check) -> str:
    return check.output.encode()[: check.max_output_size].decode(errors="ignore")
