"""What a result makes of the state of its check: history, occurrences, watermark, flapping, last success.

Source: recorded scenarios state-*; docs, events reference.
"""

from bisect import bisect_right

import msgspec

from sensu.resources.check import Check, CheckHistory
from sensu.resources.event import Event
from sensu.rules.flapping import HISTORY_MAX, flaps, total_state_change

PASSING, FAILING, FLAPPING = "passing", "failing", "flapping"
TRUNCATED_LABEL = "sensu.io/output_truncated_bytes"


class CheckState(msgspec.Struct, frozen=True, gc=False):
    """What of a check's last event the next one builds on."""

    status: int = 0
    executed: int = 0
    history: tuple[CheckHistory, ...] = ()
    state: str = PASSING
    last_ok: int = 0
    occurrences: int = 0
    occurrences_watermark: int = 0
    id: str | None = None
    sequence: int = 0
    timestamp: int = 0
    awaited: bool = False


def state_of(event: Event) -> CheckState:
    """The state that a stored event holds."""
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
        id=event.id,
        sequence=event.sequence,
        timestamp=event.timestamp,
        awaited=is_alarm(check),
    )


def is_alarm(check: Check) -> bool:
    """Whether a stored check is a time-to-live alarm, which has this clock's time and not the agent's."""
    return bool(check.ttl) and not check.issued and check.status != 0


def merge(previous: CheckState | None, check: Check) -> Check:
    """The check with the state that follows from the one before; a first result's own state is not believed.

    A passing result counts as the last success unless changes are at or above the high flap threshold.
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


def repeated(previous: CheckState, event: Event) -> bool:
    """Whether an event is the stored one sent once more, by its id and times."""
    check = event.check
    return (
        event.id is not None
        and event.id == previous.id
        and check is not None
        and check.executed == previous.executed
        and event.timestamp == previous.timestamp
        and event.sequence == previous.sequence
        and check.status == previous.status
    )


def outdated(previous: CheckState, event: Event, now: float) -> bool:
    """Whether an event is older than the stored state and must not replace it.

    Times are compared only where they tell the order: a later sequence number of the agent's session, a stored time
    that lies in the future, and a stored alarm (this clock, not the agent's) let the event pass.
    """
    check = event.check
    if check is None or check.executed >= previous.executed or previous.executed > now or previous.awaited:
        return False
    return not event.sequence > previous.sequence > 0


def with_late_result(stored: Check, late: Check) -> Check:
    """The stored check with an older result in its history, where it belongs in time; its state stays."""
    history = stored.history or ()
    result = CheckHistory(status=late.status, executed=late.executed)
    if result in history:
        return stored
    at = bisect_right(history, late.executed, key=lambda entry: entry.executed)
    kept = (*history[:at], result, *history[at:])[-HISTORY_MAX:]
    return msgspec.structs.replace(stored, history=kept, total_state_change=total_state_change(kept))


def with_truncation_label(event: Event) -> Event:
    """The event, labelled with how many bytes its stored form lacks where its output is longer than allowed.

    Source: recorded scenario state-output (handlers get the whole output, and the label).
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
    """The check with no more output than `max_output_size` bytes, whole characters only."""
    if check.max_output_size <= 0 or len(check.output) * 4 <= check.max_output_size:
        return check
    kept = _cut(check)
    return check if len(kept) == len(check.output) else msgspec.structs.replace(check, output=kept)


def _cut(check: Check) -> str:
    return check.output.encode()[: check.max_output_size].decode(errors="ignore")
