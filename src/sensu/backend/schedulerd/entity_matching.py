"""Which entities the attribute expressions of proxy requests hold for."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec

from sensu.clock import Clock
from sensu.execution.javascript import Sandbox, check_syntax
from sensu.resources.entity import EntityConfig
from sensu.resources.wire import encode
from sensu.rules.expression_scope import entity_config_scope

ANSWERS_MAX = 200_000
"""How many answers are remembered."""
_CHANGES_BY_ITSELF = re.compile(r"Date|random|seconds_since")

Expressions = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    entity: EntityConfig
    holds: bool


class EntityMatching:
    """Evaluates expressions in a thread of its own; an answer holds until the entity changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sandbox = Sandbox()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="entity-matching")
        self._answers: OrderedDict[tuple[Expressions, str, str], _Answer] = OrderedDict()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def matching(self, expressions: Sequence[str] | None, entities: Sequence[EntityConfig]) -> list[EntityConfig]:
        """Those of the entities for which every expression holds.

        An expression with a syntax error does not count; an error in evaluation does not match; without expressions
        nothing matches. Source: recorded entity_attributes cases.
        """
        sound = tuple(text for text in expressions or () if check_syntax(text) is None)
        if not sound or not entities:
            return []
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._match, sound, entities, self._clock.now())

    def _match(self, expressions: Expressions, entities: Sequence[EntityConfig], now: float) -> list[EntityConfig]:
        lasting = not any(_CHANGES_BY_ITSELF.search(text) for text in expressions)
        return [entity for entity in entities if self._holds(expressions, entity, now, lasting)]

    def _holds(self, expressions: Expressions, entity: EntityConfig, now: float, lasting: bool) -> bool:
        key = (expressions, entity.metadata.namespace, entity.metadata.name)
        answer = self._answers.get(key)
        if lasting and answer is not None and answer.entity is entity:
            return answer.holds
        scope = encode(entity_config_scope(msgspec.to_builtins(entity))).decode()
        holds = all(self._sandbox.evaluate(text, scope, now=now, variable="entity") is True for text in expressions)
        if lasting:
            self._answers[key] = _Answer(entity, holds)
            if len(self._answers) > ANSWERS_MAX:
                self._answers.popitem(last=False)
        return holds
