"""Expressions that took too long rest for a while, so that they do not take the time of all others."""

from collections.abc import Sequence
from typing import Any

from sensu.execution.javascript_pool import NOT_EVALUATED, TIME_LIMIT_REACHED
from sensu.rules.filters import ExpressionError

REST_S = 10.0
"""How long an expression that took too long is not evaluated, and counts as failed."""
RESTING_MAX = 1_000
"""Beyond, the rests that began first are forgotten."""
RESTING = ExpressionError("the expression took too long a short time ago")

Expressions = tuple[str, ...]


class Rests:
    """Knows which expressions rest; a filter that took too long twice within a rest, rests with all of them."""

    def __init__(self) -> None:
        self._until: dict[str | Expressions, float] = {}
        self._first: dict[Expressions, float] = {}

    def resting(self, expressions: Expressions, now: float) -> set[str]:
        """Those of a filter's expressions that rest."""
        if not self._until:
            return set()
        if self._until.get(expressions, now) > now:
            return set(expressions)
        return {expression for expression in expressions if self._until.get(expression, now) > now}

    def note(
        self, expressions: Expressions, evaluated: Sequence[str], values: Sequence[bool | ExpressionError], now: float
    ) -> None:
        """Let rest what took too long of a filter's expressions, of which some were evaluated."""
        late = [
            expression
            for expression, value in zip(evaluated, values, strict=True)
            if isinstance(value, ExpressionError) and TIME_LIMIT_REACHED in value.message
        ]
        if not late:
            return
        again = self._first.get(expressions, now - REST_S) > now - REST_S
        _put(self._first, expressions, now)
        if again:
            _put(self._until, expressions, now + REST_S)
        for expression, value in zip(evaluated, values, strict=True):
            if expression in late and isinstance(value, ExpressionError) and value.message != NOT_EVALUATED:
                _put(self._until, expression, now + REST_S)


def _put(times: dict[Any, float], key: str | Expressions, at: float) -> None:
    times.pop(key, None)
    while len(times) >= RESTING_MAX:
        del times[next(iter(times))]
    times[key] = at
