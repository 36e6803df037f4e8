"""Detects checks that change their status too often (flapping).

Source: docs, check reference (flap detection after Nagios); recorded scenarios state-flap-on, state-flap-low-only,
state-flap-high-zero-low, state-history-cap.
"""

import struct
from collections.abc import Sequence

from sensu.resources.check import CheckHistory

HISTORY_MAX = 21
"""Maximum results in a check's history; flapping is detected only when it is full."""

_CHANGES_MAX = HISTORY_MAX - 1
_OLDEST_WEIGHT = 40
"""In units of 1/50: the oldest change has the weight 0.80, each newer one 0.02 more, the newest 1.18."""


def total_state_change(history: Sequence[CheckHistory]) -> int:
    """The weighted state change of a history in percent, newer changes counting more; 0 until the history is full."""
    if len(history) < HISTORY_MAX:
        return 0
    before = history[0].status
    weight, total = _OLDEST_WEIGHT, 0
    for result in history[1:]:
        status = result.status
        if status != before:
            total += weight
            before = status
        weight += 1
    return _PERCENT[total]


def _single(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded


def _percent(total: int) -> int:
    """A sum of weights as a whole percentage, calculated in 32-bit floats as on the wire."""
    return int(_single(_single(_single(total / 50) / _CHANGES_MAX) * 100))


_TOTAL_MAX = sum(range(_OLDEST_WEIGHT, _OLDEST_WEIGHT + _CHANGES_MAX))
_PERCENT = tuple(_percent(total) for total in range(_TOTAL_MAX + 1))


def flaps(flapped: bool, change: int, low: int, high: int) -> bool:
    """Whether a check flaps: from the high threshold until it is below the low one; a threshold of 0 disables this."""
    if not low or not high:
        return False
    return change >= (low if flapped else high)
