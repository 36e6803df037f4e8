"""Suspends expressions that took too long, so that they do not use up the time of others."""

from collections.abc import Sequence
from typing import Any

from sensu.execution.javascript_pool import NOT_EVALUATED, TIME_LIMIT_REACHED
from sensu.rules.filters import ExpressionError

SUSPENDED_S = 10.0
"""The time for which an expression that took too long is not evaluated, and counts as failed."""
SUSPENDED_MAX = 1_000
"""The largest number of suspensions; beyond it the oldest are forgotten."""
SUSPENDED = ExpressionError("the expression took too long a short time ago")

Expressions = tuple[str, ...]


class SuspendedExpressions:
    """The suspended expressions. A filter that took too long twice in this time is suspended as a whole."""

    def __init__(self) -> None:
        self._until: dict[str | Expressions, float] = {}
        self._first: dict[Expressions, float] = {}

    def suspended(self, expressions: Expressions, now: float) -> set[str]:
        """The suspended expressions of a filter."""
        if not self._until:
            return set()
        if self._until.get(expressions, now) > now:
            return set(expressions)
        return {expression for expression in expressions if self._until.get(expression, now) > now}

    def note(
        self, expressions: Expressions, evaluated: Sequence[str], values: Sequence[bool | ExpressionError], now: float
    ) -> None:
        """Suspend the evaluated expressions of a filter that took too long."""
        late = [
            expression
            for expression, value in zip(evaluated, values, strict=True)
            if isinstance(value, ExpressionError) and TIME_LIMIT_REACHED in value.message
        ]
        if not late:
            return
        again = self._first.get(expressions, now - SUSPENDED_S) > now - SUSPENDED_S
        _put(self._first, expressions, now)
        if again:
            _put(self._until, expressions, now + SUSPENDED_S)
        for expression, value in zip(evaluated, values, strict=True):
            if expression in late and isinstance(value, ExpressionError) and value.message != NOT_EVALUATED:
                _put(self._until, expression, now + SUSPENDED_S)


def _put(times: dict[Any, float], key: str | Expressions, at: float) -> None:
    times.pop(key, None)
    while len(times) >= SUSPENDED_MAX:
        del times[next(iter(times))]
    times[key] = at
