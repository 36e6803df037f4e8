"""Filters at work: the built-in ones, and stored ones with their windows of time and expressions."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sensu.backend.pipelined.runtime_assets import Records, RuntimeAssets
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.execution.javascript import TIME_LIMIT_REACHED, Sandbox
from sensu.execution.javascript_fields import fields_of
from sensu.log import fields
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import EVENT_FILTER
from sensu.rules.explain import FilterTrace, built_in_trace, filter_trace, missing_trace, window_trace
from sensu.rules.expression_scope import FieldPath, event_scope, fields_at
from sensu.rules.filters import BUILT_IN, ExpressionError
from sensu.rules.scope_excerpt import excerpt
from sensu.rules.time_windows import within_when

log = logging.getLogger("sensu.pipelined")


EXPRESSION_TIME_LIMIT_S = 0.1
"""Expressions run on the loop, so they may not hold it up for longer."""
REST_S = 10.0
"""How long an expression that took too long is not evaluated, and counts as failed."""
RESTING_MAX = 1000


class Subject:
    """One event as filters and mutators see it; each view is made once, when it is first needed."""

    def __init__(self, event_json: bytes) -> None:
        self.json = event_json
        self._value: dict[str, Any] | None = None
        self._scope: dict[str, Any] | None = None
        self._scopes: dict[frozenset[FieldPath] | None, str] = {}

    @property
    def value(self) -> Mapping[str, Any]:
        """The event as a JSON object."""
        if self._value is None:
            self._value = msgspec.json.decode(self.json)
        return self._value

    def scope(self, paths: frozenset[FieldPath] | None) -> str:
        """What an expression sees, as JSON: all of it, or the fields that it names."""
        if paths not in self._scopes:
            found = excerpt(self.json, paths) if paths is not None and self._scope is None else None
            self._scopes[paths] = (self._cut(paths) if found is None else found).decode()
        return self._scopes[paths]

    def _cut(self, paths: frozenset[FieldPath] | None) -> bytes:
        if self._scope is None:
            self._scope = event_scope(self.value)
        return msgspec.json.encode(self._scope if paths is None else fields_at(self._scope, paths))


class Filters:
    """Decides whether events pass filters, by their names."""

    def __init__(self, records: Records, assets: RuntimeAssets, clock: Clock, sandbox: Sandbox | None = None) -> None:
        self._records, self._assets, self._clock = records, assets, clock
        self._sandbox = sandbox or Sandbox(time_limit_s=EXPRESSION_TIME_LIMIT_S)
        self._resting: dict[str, float] = {}

    async def verdict(self, namespace: str, name: str, subject: Subject) -> FilterTrace:
        """Whether the event passes, with what led to that."""
        built_in = BUILT_IN.get(name)
        if built_in is not None:
            return built_in_trace(name, passes=built_in(subject.value))
        stored: EventFilter | None = self._records.get(EVENT_FILTER, namespace, name)
        return missing_trace(name) if stored is None else await self.judge(namespace, stored, subject)

    async def judge(self, namespace: str, stored: EventFilter, subject: Subject) -> FilterTrace:
        """The same of a filter that is at hand."""
        in_when = self._in_when(stored)
        decided = window_trace(stored.metadata.name, stored.action, in_when)
        if decided is not None:
            return decided
        values = await self._values(namespace, stored, subject)
        return filter_trace(stored.metadata.name, stored.action, in_when, stored.expressions or (), values)

    def _in_when(self, stored: EventFilter) -> bool | None:
        """Whether now lies in the filter's windows; None without windows, and where they cannot be read."""
        if stored.when is None:
            return None
        try:
            return within_when(msgspec.to_builtins(stored.when), self._clock.now())
        except InvalidResource as err:
            log.error("a filter's window cannot be read", extra=fields(filter=stored.metadata.name, error=str(err)))
            return None

    async def _values(self, namespace: str, stored: EventFilter, subject: Subject) -> list[bool | ExpressionError]:
        sources = await self._assets.scripts(namespace, stored.runtime_assets) if stored.runtime_assets else ()
        values: list[bool | ExpressionError] = []
        for number, expression in enumerate(stored.expressions or ()):
            if number:  # others on the loop get their turn
                await asyncio.sleep(0)
            value = self._value(expression, subject, sources)
            if isinstance(value, ExpressionError):
                place = fields(filter=stored.metadata.name, namespace=namespace, expression=expression)
                place["fields"]["error"] = value.message
                log.error("a filter's expression failed", extra=place)
            values.append(value)
        return values

    def _value(self, expression: str, subject: Subject, sources: Sequence[str]) -> bool | ExpressionError:
        """What an expression gives; one that holds up the loop is left alone for a while."""
        started = self._clock.monotonic()
        if self._resting.get(expression, started) > started:
            return ExpressionError("the expression took too long a short time ago")
        scope = subject.scope(None if sources else fields_of(expression, "event"))
        value = self._sandbox.evaluate(expression, scope, now=self._clock.now(), sources=sources)
        if isinstance(value, ExpressionError) and TIME_LIMIT_REACHED in value.message:
            if len(self._resting) >= RESTING_MAX:
                self._resting.clear()
            self._resting[expression] = started + REST_S
        return value
