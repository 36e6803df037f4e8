"""What the history of an event keeps of a result, and which results change an event's state."""

from collections.abc import Mapping

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.metrics import Number
from sensu.rules.check_state import FLAPPING, CheckState

OUTPUT_BYTES_MAX = 1024
"""Of a longer output the history keeps the beginning."""
OUTPUT_BYTES_OF_NO_NEWS_MAX = 96
"""The same where a passing check goes on passing: nearly all results are of that kind, and each byte is paid for."""


class HistoryEntry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One result, `executed` in Unix seconds, `duration` in seconds; `truncated` if the output was longer.

    By `identity` (`rules/resending.py`) an agent's event is recognised that is sent again; 0 for other events.
    """

    executed: int
    status: int
    duration: Number
    output: str
    truncated: bool
    flapping: bool
    identity: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(HistoryEntry)


def packed(check: Check, changed: bool, identity: int = 0) -> bytes:
    """What is kept of a result, in few bytes."""
    return _encoder.encode(entry_of(check, changed, identity))


def unpacked(data: bytes) -> HistoryEntry:
    """What was kept; raises InvalidResource for anything else."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise InvalidResource(f"an entry of a history cannot be read: {err}") from err


def entry_of(check: Check, changed: bool, identity: int = 0) -> HistoryEntry:
    """What is kept of a result."""
    no_news = check.status == 0 and not changed
    output = _beginning(check.output, OUTPUT_BYTES_OF_NO_NEWS_MAX if no_news else OUTPUT_BYTES_MAX)
    truncated = output is not check.output
    flapping = check.state == FLAPPING
    return HistoryEntry(check.executed, check.status, check.duration, output, truncated, flapping, identity)


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


def fits_from(bytes_by_time: Mapping[int, int], bytes_max: int) -> float:
    """The earliest time from which on everything fits; minus infinity where all of it does."""
    held = 0
    for time in sorted(bytes_by_time, reverse=True):
        held += bytes_by_time[time]
        if held > bytes_max:
            return time + 1
    return float("-inf")
