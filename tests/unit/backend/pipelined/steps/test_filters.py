import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.pipelined.steps.filters import FILTER_TIME_LIMIT_S, EventSubject, Filters, Known
from sensu.backend.pipelined.steps.other_events import EventReader, OtherEvents
from sensu.backend.pipelined.steps.runtime_assets import RuntimeAssets
from sensu.execution.javascript_pool import JavaScriptPool
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import Kind
from sensu.resources.wire import encode
from sensu.rules.explain import FilterTrace
from sensu.rules.other_events import REMEMBERED_BYTES_MAX
from sensu.store.values import EventKey, EventPage, StoredEvent
from sensu.testing.factories import make_check, make_entity, make_event, make_metadata
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.pipelined_world import Everything


class FakeRecords:
    """The filters of a test, by name."""

    def __init__(self, *filters: EventFilter) -> None:
        self.filters = {each.metadata.name: each for each in filters}

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        return self.filters.get(name) if namespace == "default" else None


class NoAssets:
    async def environment(self, assets: Any, entity: Any) -> list[list[tuple[str, str]]]:
        return []

    async def paths(self, assets: Any, entity: Any) -> list[tuple[str, Path]]:
        return []


class NoEvents:
    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        return {}

    async def list_events(self, namespace: str | None, entity: str | None = None, *, limit: int = 0) -> EventPage:
        return EventPage([], False)


class ChangingEvents(NoEvents):
    """An event whose status is different each time it is read."""

    def __init__(self, output: str = "") -> None:
        self.reads, self.output = 0, output

    async def get_events(self, keys: Sequence[EventKey]) -> dict[EventKey, StoredEvent]:
        self.reads += 1
        event = make_event(make_entity(), make_check("other", status=self.reads, output=self.output))
        return {key: StoredEvent(key, encode(event), 0) for key in keys}


@contextlib.contextmanager
def made_filters(clock: VirtualClock, *filters: EventFilter, events: EventReader | None = None) -> Iterator[Filters]:
    records, engine = FakeRecords(*filters), JavaScriptPool()
    assets = RuntimeAssets(records, NoAssets(), make_entity())
    try:
        yield Filters(records, assets, clock, engine, OtherEvents(events or NoEvents(), Everything()))
    finally:
        engine.close()


def stored(name: str, *expressions: str, action: str = "allow") -> EventFilter:
    return EventFilter(metadata=make_metadata(name), action=action, expressions=expressions)


SUBJECT = EventSubject(encode(make_event(make_entity(), make_check(status=2))))


ENDLESS = "while (true) {}"


async def test_an_expression_that_never_ends_rests() -> None:
    """What took too long is not evaluated again for ten seconds, and decides nothing; other expressions are."""
    clock = VirtualClock()
    both = (stored("endless", ENDLESS), stored("sound", "(function () { return event.check.status == 1 })()"))
    with made_filters(clock, *both) as filters:
        assert (await error_of(filters, "sound"))[0] is False

        verdict, error = await error_of(filters, "endless")
        assert verdict
        assert error == "InternalError: the time limit was reached"
        verdict, error = await error_of(filters, "endless")
        assert verdict
        assert error == "the expression took too long a short time ago"
        assert (await error_of(filters, "sound"))[0] is False
        await clock.advance(11)
        assert (await error_of(filters, "endless"))[1] == "InternalError: the time limit was reached"


@pytest.mark.parametrize(("output", "reads"), [("", 1), ("x" * REMEMBERED_BYTES_MAX, 2)])
async def test_filters_of_a_workflow_see_the_same_other_events(output: str, reads: int) -> None:
    """What one filter has read, later filters of the workflow see too, unless it is too large to be remembered."""
    events = ChangingEvents(output)
    both = [stored(name, "sensu.EventStatus('other')[0] == 1") for name in ("first", "second")]
    with made_filters(VirtualClock(), *both, events=events) as filters:
        known = Known()
        verdicts = [(await filters.verdict("default", each.metadata.name, SUBJECT, known)).passes for each in both]
    assert (verdicts, events.reads) == ([True, reads == 1], reads)


async def error_of(filters: Filters, name: str) -> tuple[bool, str]:
    """The verdict of a filter, and the error of its first expression."""
    trace = await filters.verdict("default", name, SUBJECT)
    return trace.passes, trace.expressions[0].error


async def test_a_whole_filter_has_one_time_limit() -> None:
    """A filter of 500 expressions of which each takes a long time costs no more than one, and then rests as a whole."""
    slow = [f"(function () {{ for (var i = 0; i < 2e6; i++); return {number} }})() >= 0" for number in range(500)]

    logging.disable()
    try:
        with made_filters(VirtualClock(), stored("slow", *slow)) as filters:
            await filters.verdict("default", "slow", SUBJECT)
            started = time.monotonic()
            for _ in range(10):
                await filters.verdict("default", "slow", SUBJECT)
            assert time.monotonic() - started < 10 * FILTER_TIME_LIMIT_S
    finally:
        logging.disable(logging.NOTSET)


async def test_what_came_before_an_endless_expression_still_decides() -> None:
    """An expression that takes too long does not let an event pass that an expression before it keeps back."""
    with made_filters(VirtualClock(), stored("both", "/critical/.test(event.check.output)", HANG)) as filters:
        trace = await filters.verdict("default", "both", SUBJECT)
        assert not trace.passes
        assert [each.value for each in trace.expressions] == [False, None]


HANG = """(function () { var s = 'a'; for (var i = 0; i < 21; i++) s += s; return s })()
.indexOf((function () { var s = 'a'; for (var i = 0; i < 20; i++) s += s; return s + 'b' })()) >= 0"""
"""What the engine cannot interrupt."""


async def test_built_in_filters_come_before_stored_ones() -> None:
    """A stored filter cannot take the name of a built-in one."""
    with made_filters(VirtualClock(), stored("is_incident", "false")) as filters:
        assert (await filters.verdict("default", "is_incident", SUBJECT)).passes


async def test_a_filter_of_another_namespace_is_not_found() -> None:
    """Filters are looked up in the event's namespace only."""
    with made_filters(VirtualClock(), stored("mine", "true")) as filters:
        trace = await filters.verdict("other", "mine", SUBJECT)
    assert trace.missing
    assert trace == FilterTrace(name="mine", reason="filter mine does not exist")
