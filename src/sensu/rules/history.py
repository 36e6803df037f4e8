"""What the history of an event keeps of a result, and which results change an event's state."""

from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.metrics import Number
from sensu.resources.wire import Wire, always_int, always_str
from sensu.rules.check_state import FLAPPING, CheckState

OUTPUT_BYTES_MAX = 1024
"""Of a longer output the history keeps the beginning."""
OUTPUT_BYTES_OF_NO_NEWS_MAX = 128
"""The same where a passing check goes on passing; such results are nearly all."""


class HistoryEntry(Wire, frozen=True, gc=False):
    """One result, `executed` in Unix seconds, `duration` in seconds; `truncated` where the output was longer."""

    executed: int = always_int()
    status: int = always_int()
    duration: Number = 0
    output: str = always_str()
    truncated: bool = False
    flapping: bool = False


def entry_of(check: Check, changed: bool) -> HistoryEntry:
    """What is kept of a result."""
    no_news = check.status == 0 and not changed
    output = _beginning(check.output, OUTPUT_BYTES_OF_NO_NEWS_MAX if no_news else OUTPUT_BYTES_MAX)
    return HistoryEntry(
        executed=check.executed,
        status=check.status,
        duration=check.duration,
        output=output,
        truncated=output is not check.output,
        flapping=check.state == FLAPPING,
    )


def _beginning(output: str, bytes_max: int) -> str:
    """The same text where it is short, whole characters only."""
    if output.isascii():
        return output if len(output) <= bytes_max else output[:bytes_max]
    encoded = output[:bytes_max].encode()
    if len(encoded) <= bytes_max and len(output) <= bytes_max:
        return output
    return encoded[:bytes_max].decode(errors="ignore")


def changes_state(previous: CheckState | None, check: Check) -> bool:
    """Whether a result, merged, is the first one, has another status, or begins or ends flapping."""
    return (
        previous is None or previous.status != check.status or (previous.state == FLAPPING) != (check.state == FLAPPING)
    )


def is_worth_keeping(check: Check) -> bool:
    """Whether a result that changes nothing is kept: all but the keepalives of an agent that is well."""
    return check.status != 0 or check.metadata.name != KEEPALIVE
