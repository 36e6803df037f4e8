"""Applies filters: built-in ones, and stored ones with their time windows and expressions."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from sensu.backend.pipelined.steps.other_events import LookupResult, OtherEvents, bounded, size_of
from sensu.backend.pipelined.steps.runtime_assets import Records, RuntimeAssets
from sensu.backend.pipelined.steps.suspended import SUSPENDED, SuspendedExpressions
from sensu.clock import Clock
from sensu.errors import InvalidResource
from sensu.execution.javascript_fields import fields_of
from sensu.execution.javascript_pool import TIME_LIMIT_REACHED, Evaluated
from sensu.log import fields
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import EVENT_FILTER
from sensu.rules.explain import FilterTrace, built_in_trace, filter_trace, missing_trace, window_trace
from sensu.rules.expression_scope import FieldPath, event_scope, fields_at
from sensu.rules.filters import BUILT_IN, ExpressionError
from sensu.rules.native_expression import native
from sensu.rules.other_events import LISTED_BYTES_MAX, REMEMBERED_BYTES_MAX, ROUNDS_MAX, TIME_LIMIT_S, Wanted
from sensu.rules.scope_excerpt import excerpt_of
from sensu.rules.time_windows import within_when

log = logging.getLogger("sensu.pipelined")

EXCERPTS_MAX = 8
"""The largest number of excerpts of one event; beyond it the whole event is decoded once."""
NATIVE_WEIGHT_MAX = 2_000
"""The part of a filter that is evaluated without the engine (about a millisecond); the rest goes to the engine."""
AT_A_TIME_MAX = 1_000
"""The part that is evaluated before other tasks on the loop run."""
FILTER_TIME_LIMIT_S = 0.1
"""The time limit of all expressions of a filter together, by the wall clock."""

Known = dict[str, LookupResult]
"""The other events that a workflow has read, so that its later filters see the same ones."""

TOO_MANY_ROUNDS = ExpressionError(f"Error: the expression asked for other events more than {ROUNDS_MAX} times")
TOO_LONG = ExpressionError(f"Error: {TIME_LIMIT_REACHED} by an expression that asks for other events again and again")


class Engine(Protocol):
    """Evaluates JavaScript (`sensu.execution.javascript_pool`)."""

    async def evaluate(
        self,
        cases: Sequence[tuple[str, str]],
        *,
        now: float,
        limit_s: float,
        sources: Sequence[str] = (),
        others: str = "",
    ) -> Evaluated:
        """The value of each expression in its scope (JSON)."""
        ...


class EventSubject:
    """One event as filters and mutators see it; each view is computed once, when it is first needed."""

    def __init__(self, event_json: bytes) -> None:
        self.json = event_json
        self._value: dict[str, Any] | None = None
        self._scope: dict[str, Any] | None = None
        self._scopes: dict[frozenset[FieldPath] | None, str] = {}
        self._excerpts: dict[frozenset[FieldPath], dict[str, Any]] = {}

    @property
    def value(self) -> Mapping[str, Any]:
        """The event as a JSON object."""
        if self._value is None:
            self._value = msgspec.json.decode(self.json)
        return self._value

    def scope(self, paths: frozenset[FieldPath] | None) -> str:
        """The scope of an expression as JSON: the whole event, or the fields at `paths`."""
        if paths not in self._scopes:
            found = self.fields(paths)
            cut = found if paths is None or found is not self._scope else fields_at(found, paths)
            self._scopes[paths] = msgspec.json.encode(cut).decode()
        return self._scopes[paths]

    def fields(self, paths: frozenset[FieldPath] | None) -> dict[str, Any]:
        """An object with at least the fields at these paths (None: all), as expressions see them."""
        if paths is not None and self._scope is None:
            if paths in self._excerpts:
                return self._excerpts[paths]
            found = excerpt_of(self.json, paths) if len(self._excerpts) < EXCERPTS_MAX else None
            if found is not None:
                self._excerpts[paths] = found
                return found
        if self._scope is None:
            self._scope = event_scope(self.value)
        return self._scope


class Filters:
    """Decides whether events pass filters."""

    def __init__(
        self,
        records: Records,
        assets: RuntimeAssets,
        clock: Clock,
        engine: Engine,
        others: OtherEvents,
        suspended: SuspendedExpressions | None = None,
        *,
        logs: bool = True,
    ) -> None:
        """`logs` is whether failures of expressions are logged."""
        self._records, self._assets, self._clock, self._engine = records, assets, clock, engine
        self._others, self._suspended = others, suspended or SuspendedExpressions()
        self._at_a_time, self._logs = 0, logs

    async def verdict(
        self, namespace: str, name: str, subject: EventSubject, known: Known | None = None
    ) -> FilterTrace:
        """Whether the event passes the named filter, with the reasons; the filters of a workflow share `known`."""
        built_in = BUILT_IN.get(name)
        if built_in is not None:
            return built_in_trace(name, passes=built_in(subject.value))
        stored: EventFilter | None = self._records.get(EVENT_FILTER, namespace, name)
        return missing_trace(name) if stored is None else await self.apply(namespace, stored, subject, known)

    async def apply(
        self, namespace: str, stored: EventFilter, subject: EventSubject, known: Known | None = None
    ) -> FilterTrace:
        """Whether the event passes `stored`, with the reasons."""
        in_when = self._in_when(stored)
        decided = window_trace(stored.metadata.name, stored.action, in_when)
        if decided is not None:
            return decided
        values = await self._values(namespace, stored, subject, known)
        return filter_trace(stored.metadata.name, stored.action, in_when, stored.expressions or (), values)

    def _in_when(self, stored: EventFilter) -> bool | None:
        """Whether the current time is in the filter's windows; None without windows, or if they cannot be read."""
        if stored.when is None:
            return None
        try:
            return within_when(msgspec.to_builtins(stored.when), self._clock.now())
        except InvalidResource as err:
            log.error("a filter's window cannot be read", extra=fields(filter=stored.metadata.name, error=str(err)))
            return None

    async def _values(
        self, namespace: str, stored: EventFilter, subject: EventSubject, known: Known | None
    ) -> list[bool | ExpressionError]:
        sources = await self._assets.scripts(namespace, stored.runtime_assets) if stored.runtime_assets else ()
        expressions = tuple(stored.expressions or ())
        values = await self._evaluated(namespace, expressions, subject, sources, known)
        for expression, value in zip(expressions, values, strict=True):
            if isinstance(value, ExpressionError) and self._logs:
                place = fields(filter=stored.metadata.name, namespace=namespace, expression=expression)
                place["fields"]["error"] = value.message
                log.error("a filter's expression failed", extra=place)
        return values

    async def _evaluated(
        self,
        namespace: str,
        expressions: tuple[str, ...],
        subject: EventSubject,
        sources: Sequence[str],
        known: Known | None,
    ) -> list[bool | ExpressionError]:
        """What each expression gives; the engine is asked only for those that need it."""
        values: list[bool | ExpressionError | None] = [None] * len(expressions)
        if not sources:
            await self._evaluate_natively(expressions, subject, values)
        left = [number for number, value in enumerate(values) if value is None]
        if left:
            await self._ask_engine(namespace, expressions, left, subject, sources, known, values)
        return [SUSPENDED if value is None else value for value in values]

    async def _evaluate_natively(
        self, expressions: tuple[str, ...], subject: EventSubject, values: list[bool | ExpressionError | None]
    ) -> None:
        left, now = NATIVE_WEIGHT_MAX, self._clock.now()
        for number, expression in enumerate(expressions):
            simple = native(expression, "event")
            if simple is None or simple.weight > left:
                continue
            left -= simple.weight
            self._at_a_time += simple.weight
            if self._at_a_time > AT_A_TIME_MAX:
                self._at_a_time = 0
                await asyncio.sleep(0)
            values[number] = simple.evaluate(subject.fields(fields_of(expression, "event")), now)

    async def _ask_engine(
        self,
        namespace: str,
        expressions: tuple[str, ...],
        left: Sequence[int],
        subject: EventSubject,
        sources: Sequence[str],
        known: Known | None,
        values: list[bool | ExpressionError | None],
    ) -> None:
        """Fill in the values that are left, but for expressions that took too long a short time ago."""
        suspended = self._suspended.suspended(expressions, self._clock.monotonic())
        asked = [number for number in left if expressions[number] not in suspended]
        if not asked:
            return
        cases: list[tuple[str, str]] = []
        for number in asked:
            if cases:  # others on the loop get their turn
                await asyncio.sleep(0)
            scope = subject.scope(None if sources else fields_of(expressions[number], "event"))
            cases.append((expressions[number], scope))
        evaluated = await self._with_others(namespace, cases, subject, sources, known)
        for number, value in zip(asked, evaluated, strict=True):
            values[number] = value
        asked_for = [expression for expression, _ in cases]
        self._suspended.note(expressions, asked_for, evaluated, self._clock.monotonic())

    async def _with_others(
        self,
        namespace: str,
        cases: Sequence[tuple[str, str]],
        subject: EventSubject,
        sources: Sequence[str],
        known: Known | None,
    ) -> list[bool | ExpressionError]:
        """What the engine gives; expressions that need other events are evaluated again when these are found."""
        now = self._clock.now()
        evaluated = await self._engine.evaluate(cases, now=now, limit_s=FILTER_TIME_LIMIT_S, sources=sources)
        values, left_s = evaluated.values, TIME_LIMIT_S - evaluated.seconds
        found, known = Known(), {} if known is None else known
        for _ in range(ROUNDS_MAX):
            left = {number: value for number, value in enumerate(values) if isinstance(value, Wanted)}
            if not left or left_s <= 0:
                break
            entity, _ = _names_of(subject)
            keys = {_named(key, entity) for value in left.values() for key in value.keys}
            found |= bounded(await self._read(namespace, keys, subject, known), LISTED_BYTES_MAX - size_of(found))
            others = msgspec.json.encode({"entity": entity, "found": found}).decode()
            again = await self._engine.evaluate(
                [cases[number] for number in left], now=now, limit_s=FILTER_TIME_LIMIT_S, sources=sources, others=others
            )
            left_s -= again.seconds
            for number, value in zip(left, again.values, strict=True):
                values[number] = value
        given_up = TOO_LONG if left_s <= 0 else TOO_MANY_ROUNDS
        return [given_up if isinstance(value, Wanted) else value for value in values]

    async def _read(self, namespace: str, keys: set[str], subject: EventSubject, known: Known) -> Known:
        """Other events, which are remembered while there is room; the event itself is as it is being handled."""
        itself = "/".join(_names_of(subject))
        read: Known = {itself: subject.json.decode()} if itself in keys else {}
        read |= {key: known[key] for key in keys if key in known}
        fresh = await self._others.answers(namespace, keys - read.keys())
        if size_of(known) + size_of(fresh) <= REMEMBERED_BYTES_MAX:
            known |= fresh
        return read | fresh


def _named(key: str, entity: str) -> str:
    """A key with the name of the entity, which the first evaluation does not know."""
    return f"{entity}{key}" if key.startswith("/") else key


def _names_of(subject: EventSubject) -> tuple[str, str]:
    """The names of the entity and the check of an event."""
    parts: Sequence[Mapping[str, Any]] = (subject.value.get("entity") or {}, subject.value.get("check") or {})
    entity, check = (str((part.get("metadata") or {}).get("name") or "") for part in parts)
    return entity, check
