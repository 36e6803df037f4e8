"""What decides whether an asset's build is for a host: its filter expressions, seen by the JavaScript sandbox."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sensu.clock import Clock, SystemClock
from sensu.errors import ExecutionError

if TYPE_CHECKING:
    from sensu.execution.javascript import Sandbox


class AssetFilters:
    """Evaluates filter expressions on the loop's thread; the JavaScript engine is loaded with the first of them.

    An evaluation is bounded in time and memory by the sandbox.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._sandbox: Sandbox | None = None

    def __call__(self, expression: str, entity: Mapping[str, Any]) -> bool:
        """Whether an expression is true of an entity in the shape of JSON; raises ExecutionError."""
        from sensu.execution.javascript import Sandbox
        from sensu.rules.expression_scope import entity_scope
        from sensu.rules.filters import ExpressionError

        if self._sandbox is None:
            self._sandbox = Sandbox()
        scope = json.dumps(entity_scope(entity))
        answer = self._sandbox.evaluate(expression, scope, now=self._clock.now(), variable="entity")
        if isinstance(answer, ExpressionError):
            raise ExecutionError(f"filter {expression!r}: {answer.message}")
        return answer
