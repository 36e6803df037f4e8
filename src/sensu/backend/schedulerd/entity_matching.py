"""Which entities the attribute expressions of proxy requests hold for."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from sensu.clock import Clock
from sensu.execution.javascript_pool import TIME_LIMIT_REACHED, TOO_COMPLEX, JavaScriptPool
from sensu.log import fields
from sensu.resources.entity import EntityConfig
from sensu.resources.wire import encode
from sensu.rules.expression_scope import entity_config_scope
from sensu.rules.filters import ExpressionError
from sensu.rules.native_expression import native

log = logging.getLogger("sensu.schedulerd")

ANSWERS_MAX = 200_000
"""How many answers are remembered, by digests of their expressions, which may be long."""
SOUND_MAX = 1_000
"""Of so many expressions it is remembered whether they can be read; beyond, all are read again."""
AT_A_TIME_MAX = 100
"""How many entities are evaluated before the expressions of another check get their turn."""
TIME_LIMIT_S = 1.0
"""How long that may take; expressions that need more match no entity, and are tried again when the check is due."""
_CHANGES_BY_ITSELF = re.compile(r"Date|random|seconds_since")

Expressions = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    entity: EntityConfig
    holds: bool


class EntityMatching:
    """Evaluates expressions in a process of its own; an answer holds until the entity changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._engine = JavaScriptPool(1)
        self._sound: dict[str, bool] = {}
        self._answers: OrderedDict[tuple[bytes, str, str], _Answer] = OrderedDict()

    def close(self) -> None:
        """End the process."""
        self._engine.close()

    async def matching(self, expressions: Sequence[str] | None, entities: Sequence[EntityConfig]) -> list[EntityConfig]:
        """Those of the entities for which every expression holds.

        An expression with a syntax error does not count; an error in evaluation does not match; without expressions
        nothing matches. Source: recorded entity_attributes cases.
        """
        sound = tuple([text for text in expressions or () if await self._is_sound(text)])
        if not sound:
            return []
        found: list[EntityConfig] = []
        for start in range(0, len(entities), AT_A_TIME_MAX):
            some = await self._match(sound, entities[start : start + AT_A_TIME_MAX])
            if some is None:
                log.error("entity attributes of a check took too long", extra=fields(expressions=list(sound)))
                return []
            found += some
        return found

    async def _is_sound(self, text: str) -> bool:
        """Whether an expression counts; one that takes too long to read counts, and then matches nothing."""
        if native(text, "entity") is not None:
            return True
        found = self._sound.get(text)
        if found is None:
            problem = await self._engine.check((text,), limit_s=TIME_LIMIT_S)
            found = problem is None or problem == TOO_COMPLEX
            if len(self._sound) >= SOUND_MAX:
                self._sound.clear()
            self._sound[text] = found
        return found

    async def _match(self, expressions: Expressions, entities: Sequence[EntityConfig]) -> list[EntityConfig] | None:
        """Those that match; None where it took too long."""
        lasting = not any(_CHANGES_BY_ITSELF.search(text) for text in expressions)
        digest = blake2b(repr(expressions).encode(errors="replace"), digest_size=16).digest()
        known = [self._known(digest, entity) if lasting else None for entity in entities]
        unknown = [entity for entity, answer in zip(entities, known, strict=True) if answer is None]
        answers = iter(await self._evaluate(expressions, unknown)) if unknown else iter(())
        found = []
        for entity, answer in zip(entities, known, strict=True):
            holds = next(answers) if answer is None else answer
            if holds is None:
                return None
            if answer is None and lasting:
                self._remember(digest, entity, holds=holds)
            if holds:
                found.append(entity)
        return found

    async def _evaluate(self, expressions: Expressions, entities: Sequence[EntityConfig]) -> list[bool | None]:
        """Whether all expressions hold for each entity; None where that was not found out in time."""
        await asyncio.sleep(0)  # others on the loop get their turn
        scopes, now = [entity_config_scope(msgspec.to_builtins(entity)) for entity in entities], self._clock.now()
        count, simple = len(expressions), [native(text, "entity") for text in expressions]
        values = [one.evaluate(scope, now) if one else None for scope in scopes for one in simple]
        left = [number for number, value in enumerate(values) if value is None]
        if left:
            texts = {number: encode(scopes[number]).decode() for number in {number // count for number in left}}
            cases = [(expressions[number % count], texts[number // count]) for number in left]
            evaluated = await self._engine.evaluate(cases, now=now, limit_s=TIME_LIMIT_S, variable="entity")
            for number, value in zip(left, evaluated.values, strict=True):
                values[number] = value
        return [_all_hold(values[at : at + count]) for at in range(0, len(values), count)]

    def _known(self, digest: bytes, entity: EntityConfig) -> bool | None:
        answer = self._answers.get((digest, entity.metadata.namespace, entity.metadata.name))
        return answer.holds if answer is not None and answer.entity is entity else None

    def _remember(self, digest: bytes, entity: EntityConfig, *, holds: bool) -> None:
        self._answers[digest, entity.metadata.namespace, entity.metadata.name] = _Answer(entity, holds)
        if len(self._answers) > ANSWERS_MAX:
            self._answers.popitem(last=False)


def _all_hold(values: Sequence[bool | ExpressionError | None]) -> bool | None:
    if any(isinstance(value, ExpressionError) and TIME_LIMIT_REACHED in value.message for value in values):
        return None
    return all(value is True for value in values)
