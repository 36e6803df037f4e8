"""Selects the entities that match the attribute expressions of proxy requests."""

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
"""Maximum cached answers, keyed by a digest of the expressions, which may be long; the oldest are dropped first."""
SOUND_MAX = 1_000
"""Maximum expressions whose syntax check is cached; when full, the cache is cleared."""
AT_A_TIME_MAX = 100
"""How many entities are evaluated before the expressions of another check."""
TIME_LIMIT_S = 1.0
"""Time limit of a batch; on expiry the expressions match no entity and are evaluated again at the next run."""
_CHANGES_BY_ITSELF = re.compile(r"Date|random|seconds_since")

Expressions = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    entity: EntityConfig
    holds: bool


class EntityMatching:
    """Evaluates expressions in a child process; an answer is cached until the entity changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._engine = JavaScriptPool(1)
        self._sound: dict[str, bool] = {}
        self._answers: OrderedDict[tuple[bytes, str, str], _Answer] = OrderedDict()

    def close(self) -> None:
        """End the process."""
        self._engine.close()

    async def matching(self, expressions: Sequence[str] | None, entities: Sequence[EntityConfig]) -> list[EntityConfig]:
        """The entities for which every expression holds.

        Expressions with a syntax error are ignored; an error during evaluation is no match; without expressions
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
        """Whether an expression is used; one that takes too long to parse is used, and then matches nothing."""
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
        """The entities that match; None if the evaluation took too long."""
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
        """Whether all expressions hold for each entity; None where the time limit was reached."""
        await asyncio.sleep(0)  # let other tasks run
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
