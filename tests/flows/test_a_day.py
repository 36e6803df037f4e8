"""A day of many agents, with restarts of the backend and losses of agents: no false alarm, no slot without a reason."""

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from sensu.backend.stored_form import put
from sensu.resources.check import KEEPALIVE, CheckConfig
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, NAMESPACE
from sensu.resources.namespace import Namespace
from sensu.resources.time_window import TimeWindowRepeated
from sensu.rules.run_ledger import Slot, SlotOutcome, Why, slots_between
from sensu.rules.schedule import timing
from sensu.testing.factories import make_check_config
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.day_fleet import HANDLER, KEEPALIVE_EVERY_S, KEEPALIVE_TIMEOUT_S, RECONNECT_S, Fleet, Result
from tests.flows.day_world import DayStore, DayWorld, QuietSelector
from tests.flows.world import START

HOUR = 3600.0
SHORT_LOSSES_S = (5, KEEPALIVE_TIMEOUT_S - KEEPALIVE_EVERY_S - RECONNECT_S)
LONG_LOSSES_S = (3 * HOUR, 4 * HOUR)
EARLY_S = 1
RETURNS_WITHIN_S = 300
"""How much longer than usual a keepalive may be missing after a restart of the backend."""
DOWN_S = (10, 3000)
"""Longer than a keepalive may be missing."""
WINDOW = TimeWindowRepeated(begin="2023-11-14T00:00:00Z", end="2023-11-14T06:00:00Z", repeat=("daily",))
CHECKS = (
    make_check_config("disk", interval=3600, subscriptions=("all",)),
    make_check_config("turn", interval=60, subscriptions=("all",), round_robin=True),
    make_check_config("log", interval=0, cron="*/15 * * * *", subscriptions=("group1", "group2")),
    make_check_config("night", interval=300, subscriptions=("group3",), subdues=(WINDOW,)),
    make_check_config("nobody", interval=600, subscriptions=("none",)),
)


class Day:
    """What a day is made of, and what was seen of it."""

    def __init__(self, folder: Path, agents: int, hours: float, seed: int, quiet: QuietSelector) -> None:
        self.folder, self.hours, self.quiet = folder, hours, quiet
        self.clock = VirtualClock(float(START))
        self.fleet = Fleet(self.clock, agents, seed)
        self.slots: dict[tuple[str, int], Slot] = {}
        self.downs: list[tuple[float, float]] = []
        self.alarms: list[tuple[str, int]] = []
        self.paged: Counter[Result] = Counter()
        self.statuses: dict[str, int] = {}

    def handled(self, event: Event) -> None:
        assert event.check and event.entity
        check, entity = event.check, event.entity.metadata.name
        if check.metadata.name == KEEPALIVE:
            if check.status:
                self.alarms.append((entity, event.timestamp))
            self.statuses[entity] = check.status
        elif HANDLER in check.handlers and check.status:
            self.paged[entity, check.metadata.name, check.executed] += 1

    def up_s(self, after: float, until: float) -> float:
        """How long the backend was up between two times."""
        return until - after - sum(max(0.0, min(until, up) - max(after, down)) for down, up in self.downs)

    async def play(self) -> None:
        fleet, draw = self.fleet, self.fleet.random
        end = START + self.hours * HOUR
        ups = sorted(START + draw.uniform(0.05, 0.9) * self.hours * HOUR for _ in range(round(self.hours / 4)))
        for agent in fleet.agents_by_name.values():
            for losses in (SHORT_LOSSES_S, LONG_LOSSES_S):
                at, for_s = draw.uniform(2 * RECONNECT_S, (self.hours - 5) * HOUR), draw.uniform(*losses)
                fleet.at(at, partial(fleet.lose, agent, for_s, crash=draw.random() < 0.5))
        self.clock.settle_with(self.quiet.settled)
        living = asyncio.create_task(fleet.live())
        for until in [*ups, end]:
            if until > self.clock.now():
                await self._life(until)
            if until != end:
                down_at, for_s = self.clock.now(), draw.uniform(*DOWN_S)
                await self.clock.advance(for_s)
                self.downs.append((down_at, self.clock.now()))
        living.cancel()

    async def _life(self, until: float) -> None:
        store = DayStore(self.folder)
        self.quiet.is_busy = store.is_busy
        await store.open()
        await store.commit([put(NAMESPACE, Namespace(name="default")), *(put(CHECK, check) for check in CHECKS)])
        world = DayWorld(store, self.clock, self.fleet, self.handled)
        await world.start()
        self.fleet.backend_up(world)
        try:
            await self.clock.advance(until - self.clock.now())
            assert world.counters.processed_events["check", "error"] == 0
            for check in CHECKS:
                self._note_slots(check, world)
        finally:
            self.fleet.backend_down()
            await world.stop()
            await store.close()

    def _note_slots(self, check: CheckConfig, world: DayWorld) -> None:
        """A later life knows better of a slot that was open."""
        name = check.metadata.name
        for slot in world.ledger.slots("default", name):
            place = (name, round(slot.at))
            if place not in self.slots or self.slots[place].outcome is SlotOutcome.REQUESTED:
                self.slots[place] = slot

    def expected(self, check: CheckConfig, until: float) -> Sequence[float]:
        when = timing(check)
        assert when is not None
        times, more = slots_between(check.metadata.name, when, START + 1, until, 10_000)
        assert not more
        return times

    def was_down_or_starting(self, at: float) -> bool:
        return at < START + RECONNECT_S or any(down - 1 <= at <= up + RECONNECT_S + 2 for down, up in self.downs)


def _check_alarms(day: Day) -> None:
    assert [alarm for alarm in day.alarms if not _is_true(day, *alarm)] == []
    alarms = set(day.alarms)
    times: dict[str, list[int]] = {}
    for name, at in sorted(alarms):
        times.setdefault(name, []).append(at)
    for agent in day.fleet.agents_by_name.values():
        for left, back in agent.absences:
            if day.up_s(left, back) > KEEPALIVE_TIMEOUT_S + RETURNS_WITHIN_S:
                assert any(left <= at <= back for at in times.get(agent.name, ())), (agent.name, left, back)
    assert len(times) > len(day.fleet.agents_by_name) * 0.8
    assert set(day.statuses.values()) == {0}
    assert len(day.statuses) == len(day.fleet.agents_by_name)


def _is_true(day: Day, name: str, at: int) -> bool:
    """An alarm is true where the agent is away, and its keepalive was missing for long enough at a living backend."""
    agent = day.fleet.agents_by_name[name]
    last_beat = agent.beats[bisect_right(agent.beats, at) - 1]
    is_away = any(left <= at <= back for left, back in agent.absences)
    return is_away and day.up_s(last_beat, at) > KEEPALIVE_TIMEOUT_S - EARLY_S


def _check_slots(day: Day) -> None:
    settled_until = day.clock.now() - 2 * HOUR
    for check in CHECKS:
        name = check.metadata.name
        places = [(name, round(at)) for at in day.expected(check, settled_until)]
        assert [place for place in places if place not in day.slots] == []
        slots = [day.slots[place] for place in places]
        assert [slot for slot in slots if slot.outcome is SlotOutcome.REQUESTED] == []
        for slot in slots:
            _check_reason(day, check, slot)


def _check_reason(day: Day, check: CheckConfig, slot: Slot) -> None:
    """The reason of a slot is what truly happened."""
    night = bool(check.subdues) and slot.at % 86_400 <= 6 * HOUR
    if slot.outcome is SlotOutcome.SUBDUED:
        assert night
    elif slot.outcome in (SlotOutcome.EXECUTED, SlotOutcome.LATE):
        assert slot.asked == slot.answered > 0
        assert not night
    elif slot.why is Why.NO_SUBSCRIBER:
        assert day.was_down_or_starting(slot.at) or not day.fleet.anyone(check.subscriptions, slot.at)
    elif slot.why is Why.BACKEND_DOWN:
        assert any(down - 2 * HOUR <= slot.at <= up for down, up in day.downs)
    else:
        assert slot.why is Why.AGENT_AWAY, slot
        assert slot.answered < slot.asked


@pytest.fixture
def quiet() -> QuietSelector:
    return QuietSelector()


@pytest.fixture
def loop_factory(quiet: QuietSelector) -> Callable[[], asyncio.AbstractEventLoop]:
    return lambda: asyncio.SelectorEventLoop(quiet)


@pytest.mark.parametrize(
    ("agents", "hours"), [(50, 8), pytest.param(1000, 24, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
async def test_a_day_without_false_alarms_and_unexplained_slots(
    tmp_path: Path, quiet: QuietSelector, agents: int, hours: float
) -> None:
    """Each alarm is true and resolved, each slot has its reason, each incident is handled once."""
    day = Day(tmp_path, agents, hours, 7, quiet)
    await day.play()
    assert len(day.downs) == round(hours / 4)
    _check_alarms(day)
    _check_slots(day)
    assert sum(day.fleet.stored.values()) > 0
    assert day.paged == day.fleet.stored
    turns = Counter(slot.outcome for (name, _), slot in day.slots.items() if name == "turn")
    assert turns[SlotOutcome.EXECUTED] > 0.8 * sum(turns.values())
