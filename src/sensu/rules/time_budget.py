"""Limits the processing time of each caller: a number of seconds, which is refilled at a constant rate."""

from collections import OrderedDict
from dataclasses import dataclass

CALLERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class _Used:
    seconds: float
    at: float


class TimeBudgets:
    """The budgets of callers, each of `seconds` in every `per_s`; the least recently used ones are dropped."""

    def __init__(self, seconds: float, per_s: float, callers_max: int = CALLERS_MAX) -> None:
        self._seconds, self._pace, self._callers_max = seconds, seconds / per_s, callers_max
        self._used: OrderedDict[str, _Used] = OrderedDict()

    def left_s(self, caller: str, now: float) -> float:
        """The seconds that a caller can use now; zero or negative if the budget is used up."""
        return self._seconds - self._used_s(caller, now)

    def wait_s(self, caller: str, now: float) -> float:
        """The seconds until a caller can use some again."""
        return max(0.0, -self.left_s(caller, now)) / self._pace

    def use(self, caller: str, seconds: float, now: float) -> None:
        """Charge seconds to a caller."""
        self._used[caller] = _Used(self._used_s(caller, now) + seconds, now)
        self._used.move_to_end(caller)
        while len(self._used) > self._callers_max:
            self._used.popitem(last=False)

    def _used_s(self, caller: str, now: float) -> float:
        used = self._used.get(caller)
        return 0.0 if used is None else max(0.0, used.seconds - max(0.0, now - used.at) * self._pace)
