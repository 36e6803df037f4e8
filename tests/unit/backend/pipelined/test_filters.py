import asyncio
import time
from pathlib import Path
from typing import Any

from sensu.backend.pipelined.filters import EXPRESSION_TIME_LIMIT_S, Filters, Subject
from sensu.backend.pipelined.runtime_assets import RuntimeAssets
from sensu.resources.event_filter import EventFilter
from sensu.resources.kinds import Kind
from sensu.resources.wire import encode
from sensu.rules.explain import FilterTrace
from sensu.testing.factories import make_check, make_entity, make_event, make_metadata
from sensu.testing.virtual_clock import VirtualClock


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


def make_filters(clock: VirtualClock, *filters: EventFilter) -> Filters:
    records = FakeRecords(*filters)
    return Filters(records, RuntimeAssets(records, NoAssets(), make_entity()), clock)


def stored(name: str, *expressions: str, action: str = "allow") -> EventFilter:
    return EventFilter(metadata=make_metadata(name), action=action, expressions=expressions)


SUBJECT = Subject(encode(make_event(make_entity(), make_check(status=2))))


def test_an_expression_that_never_ends_rests() -> None:
    """What took too long is not evaluated again for ten seconds, and decides nothing; other expressions are."""

    async def play() -> None:
        clock = VirtualClock()
        filters = make_filters(clock, stored("endless", "while (true) {}"), stored("sound", "event.check.status == 1"))

        async def cpu_of(name: str) -> tuple[bool, float]:
            started = time.process_time()
            return (await filters.verdict("default", name, SUBJECT)).passes, time.process_time() - started

        verdict, cpu_s = await cpu_of("endless")
        assert verdict
        assert cpu_s >= EXPRESSION_TIME_LIMIT_S * 0.9
        verdict, cpu_s = await cpu_of("endless")
        assert verdict
        assert cpu_s < EXPRESSION_TIME_LIMIT_S / 2
        assert (await cpu_of("sound"))[0] is False
        await clock.advance(11)
        assert (await cpu_of("endless"))[1] >= EXPRESSION_TIME_LIMIT_S * 0.9

    asyncio.run(play())


def test_built_in_filters_come_before_stored_ones() -> None:
    """A stored filter cannot take the name of a built-in one."""
    filters = make_filters(VirtualClock(), stored("is_incident", "false"))
    assert asyncio.run(filters.verdict("default", "is_incident", SUBJECT)).passes


def test_a_filter_of_another_namespace_is_not_found() -> None:
    """Filters are looked up in the event's namespace only."""
    filters = make_filters(VirtualClock(), stored("mine", "true"))
    trace = asyncio.run(filters.verdict("other", "mine", SUBJECT))
    assert trace.missing
    assert trace == FilterTrace(name="mine", reason="filter mine does not exist")
