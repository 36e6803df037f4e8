"""Evaluates the filter expressions of assets."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sensu.clock import Clock, SystemClock
from sensu.errors import ExecutionError

if TYPE_CHECKING:
    from sensu.execution.javascript_pool import JavaScriptPool
    from sensu.rules.filters import ExpressionError

TIME_LIMIT_S = 1.0
"""How long an expression may take, in elapsed time."""


class AssetFilters:
    """Evaluates filter expressions in a separate process, which is started at first use."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._engine: JavaScriptPool | None = None

    def close(self) -> None:
        """End the process."""
        if self._engine is not None:
            self._engine.close()

    async def __call__(self, expression: str, entity: Mapping[str, Any]) -> bool:
        """Whether an expression is true of an entity in the shape of JSON; raises ExecutionError."""
        from sensu.rules.expression_scope import entity_scope  # noqa: PLC0415 - few assets have filters
        from sensu.rules.filters import ExpressionError  # noqa: PLC0415 - few assets have filters
        from sensu.rules.native_expression import native  # noqa: PLC0415 - few assets have filters

        scope, simple = entity_scope(entity), native(expression, "entity")
        answer = None if simple is None else simple.evaluate(scope, self._clock.now())
        if answer is None:
            answer = await self._ask_engine(expression, json.dumps(scope))
        if isinstance(answer, ExpressionError):
            raise ExecutionError(f"filter {expression!r}: {answer.message}")
        return answer

    async def _ask_engine(self, expression: str, scope: str) -> "bool | ExpressionError":
        if self._engine is None:
            from sensu.execution.javascript_pool import JavaScriptPool  # noqa: PLC0415 - few expressions

            self._engine = JavaScriptPool(1)
        evaluated = await self._engine.evaluate(
            [(expression, scope)], now=self._clock.now(), limit_s=TIME_LIMIT_S, variable="entity"
        )
        return evaluated.values[0]
