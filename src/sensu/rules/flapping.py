"""Whether a check changes its status so often that it flaps.

Source: docs, check reference (flap detection after Nagios); recorded scenarios state-flap-on, state-flap-low-only,
state-flap-high-zero-low, state-history-cap.
"""

import struct
from collections.abc import Sequence

from sensu.resources.check import CheckHistory

HISTORY_MAX = 21
"""How many results a check's history holds; flapping is judged only when it is full."""

_CHANGES_MAX = HISTORY_MAX - 1
_OLDEST_WEIGHT = 40
"""In fiftieths: the oldest change weighs 0.80, each newer one 0.02 more, the newest 1.18."""


def total_state_change(history: Sequence[CheckHistory]) -> int:
    """How much a full history changed, in percent, newer changes weighing more; 0 while the history is not full."""
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
    """A sum of weights in fiftieths as whole percent, rounded as the wire's figure is: in 32-bit floats."""
    return int(_single(_single(_single(total / 50) / _CHANGES_MAX) * 100))


_TOTAL_MAX = sum(range(_OLDEST_WEIGHT, _OLDEST_WEIGHT + _CHANGES_MAX))
_PERCENT = tuple(_percent(total) for total in range(_TOTAL_MAX + 1))


def flaps(flapped: bool, change: int, low: int, high: int) -> bool:
    """Whether a check flaps now: it starts at the high threshold and ends below the low one; 0 switches it off."""
    if not low or not high:
        return False
    return change >= (low if flapped else high)
