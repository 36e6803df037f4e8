"""The entries of an event's history, and which results change the state of an event."""

from collections.abc import Mapping

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.metrics import Number
from sensu.rules.check_state import FLAPPING, CheckState

OUTPUT_BYTES_MAX = 1024
"""Longer output is truncated in the history."""
OUTPUT_BYTES_OF_NO_NEWS_MAX = 96
"""The limit for a passing result after a passing one: nearly all results are of this kind."""
METRIC_OUTPUT_BYTES_MAX = 8192
"""The limit for the output of a check with an output metric format, whose metrics are read from the history."""


class HistoryEntry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One result, with `executed` in Unix seconds and `duration` in seconds; `truncated` if the output was longer.

    `identity` (`rules/resending.py`) recognises an event that an agent sends again; it is 0 for other events.
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
    """The history entry for a result, encoded."""
    return _encoder.encode(entry_of(check, changed, identity))


def unpacked(data: bytes) -> HistoryEntry:
    """Decodes a history entry; raises InvalidResource."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise InvalidResource(f"an entry of a history cannot be read: {err}") from err


def entry_of(check: Check, changed: bool, identity: int = 0) -> HistoryEntry:
    """The history entry for a result."""
    output = _beginning(check.output, _output_bytes_max(check, changed))
    truncated = output is not check.output
    flapping = check.state == FLAPPING
    return HistoryEntry(check.executed, check.status, check.duration, output, truncated, flapping, identity)


def _output_bytes_max(check: Check, changed: bool) -> int:
    if check.output_metric_format:
        return METRIC_OUTPUT_BYTES_MAX
    return OUTPUT_BYTES_OF_NO_NEWS_MAX if check.status == 0 and not changed else OUTPUT_BYTES_MAX


def _beginning(output: str, bytes_max: int) -> str:
    """The text, truncated to `bytes_max` bytes at the end of a character; the same object if it is short."""
    if output.isascii():
        return output if len(output) <= bytes_max else output[:bytes_max]
    encoded = output[:bytes_max].encode()
    if len(encoded) <= bytes_max and len(output) <= bytes_max:
        return output
    return encoded[:bytes_max].decode(errors="ignore")


def changes_state(previous: CheckState | None, check: Check) -> bool:
    """Whether a merged result is the first one, changes the status, or starts or stops flapping."""
    return (
        previous is None or previous.status != check.status or (previous.state == FLAPPING) != (check.state == FLAPPING)
    )


def is_worth_keeping(check: Check) -> bool:
    """Whether a result that changes no state is kept: all except passing keepalives."""
    return check.status != 0 or check.metadata.name != KEEPALIVE


def fits_from(bytes_by_time: Mapping[int, int], bytes_max: int) -> float:
    """The earliest time from which all later entries fit into `bytes_max`; minus infinity if all entries fit."""
    held = 0
    for time in sorted(bytes_by_time, reverse=True):
        held += bytes_by_time[time]
        if held > bytes_max:
            return time + 1
    return float("-inf")
