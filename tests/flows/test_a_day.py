"""A day of many agents, with restarts of the backend and losses of agents: no false alarm, no slot without a reason."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from sensu.backend.stored_form import put
from sensu.resources.check import KEEPALIVE, CheckConfig
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, NAMESPACE
from sensu.resources.namespace import Namespace
from sensu.resources.time_window import TimeWindowRepeated
from sensu.resources.wire import decode
from sensu.rules.run_ledger import Outcome, Slot, Why, slots_between
from sensu.rules.schedule import timing
from sensu.store.contract import Committed, Refused, SettleDelivery, Write
from sensu.store.sqlite.connection import Durability
from sensu.store.sqlite.store import SQLiteStore
from sensu.testing.factories import make_check_config
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.day_fleet import HANDLER, KEEPALIVE_EVERY_S, KEEPALIVE_TIMEOUT_S, RECONNECT_S, Fleet, Result
from tests.flows.world import START, FakeCounters, World

HOUR = 3600.0
SHORT_LOSSES_S = (5, KEEPALIVE_TIMEOUT_S - KEEPALIVE_EVERY_S - RECONNECT_S)
LONG_LOSSES_S = (3 * HOUR, 4 * HOUR)
DOWN_S = (10, 3000)
"""Longer than a keepalive may be missing."""
YIELDS = 4
WINDOW = TimeWindowRepeated(begin="2023-11-14T00:00:00Z", end="2023-11-14T06:00:00Z", repeat=("daily",))
CHECKS = (
    make_check_config("disk", interval=3600, subscriptions=("all",)),
    make_check_config("turn", interval=60, subscriptions=("all",), round_robin=True),
    make_check_config("log", interval=0, cron="*/15 * * * *", subscriptions=("group1", "group2")),
    make_check_config("night", interval=300, subscriptions=("group3",), subdues=(WINDOW,)),
    make_check_config("nobody", interval=600, subscriptions=("none",)),
)


class RestingStore(SQLiteStore):
    """A store that tells when nothing is under way."""

    under_way = 0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Durability.NORMAL)
        self._rests = asyncio.Event()

    async def commit(self, writes: Sequence[Write]) -> Committed | Refused:
        self.under_way += 1
        self._rests.clear()
        try:
            return await super().commit(writes)
        finally:
            self.under_way -= 1
            if not self.under_way:
                self._rests.set()

    async def at_rest(self) -> None:
        if self.under_way:
            await self._rests.wait()


class DayWorld(World):
    """A backend whose handlers take what they are owed at once, and note it."""

    slots_max = 100_000

    def __init__(self, store: RestingStore, clock: VirtualClock, fleet: Fleet, day: "Day") -> None:
        super().__init__(store, clock, FakeCounters())
        self.resting, self.fleet, self.day = store, fleet, day
        self._handling: asyncio.Task[None] | None = None

    def subscribers(self) -> Fleet:
        return self.fleet

    async def settled(self) -> None:
        while True:
            for _ in range(YIELDS):
                await asyncio.sleep(0)
            if not self.resting.under_way:
                return
            await self.resting.at_rest()

    def _wake(self) -> None:
        if self._handling is None or self._handling.done():
            self._handling = asyncio.get_running_loop().create_task(self._handle())

    async def _handle(self) -> None:
        while owed := await self.store.deliveries_owed(1000):
            for delivery in owed:
                self.day.handled(decode(Event, delivery.event), self.clock.now())
            await self.store.commit([SettleDelivery(delivery.id) for delivery in owed])


class Day:
    """What a day is made of, and what was seen of it."""

    def __init__(self, folder: Path, agents: int, hours: float, seed: int) -> None:
        self.folder, self.hours = folder, hours
        self.clock = VirtualClock(float(START))
        self.fleet = Fleet(self.clock, agents, seed)
        self.slots: dict[tuple[str, int], Slot] = {}
        self.downs: list[tuple[float, float]] = []
        self.alarms: list[tuple[str, float, bool]] = []
        self.paged: Counter[Result] = Counter()
        self.statuses: dict[str, int] = {}

    def handled(self, event: Event, now: float) -> None:
        assert event.check and event.entity
        check, entity = event.check, event.entity.metadata.name
        if check.metadata.name == KEEPALIVE:
            if check.status:
                agent = self.fleet.agents_by_name[entity]
                self.alarms.append((entity, now, agent.lost and now - agent.lost_at >= SHORT_LOSSES_S[1]))
            self.statuses[entity] = check.status
        elif HANDLER in check.handlers and check.status:
            self.paged[entity, check.metadata.name, check.executed] += 1

    async def play(self) -> None:
        fleet, draw = self.fleet, self.fleet.random
        end = START + self.hours * HOUR
        ups = sorted(START + draw.uniform(0.05, 0.9) * self.hours * HOUR for _ in range(round(self.hours / 4)))
        for agent in fleet.agents_by_name.values():
            for losses in (SHORT_LOSSES_S, LONG_LOSSES_S):
                at, for_s = draw.uniform(2 * RECONNECT_S, (self.hours - 5) * HOUR), draw.uniform(*losses)
                fleet.at(at, partial(fleet.lose, agent, for_s, crash=draw.random() < 0.5))
        living = asyncio.create_task(fleet.live())
        for until in [*ups, end]:
            if until > self.clock.now():
                await self._life(until)
            if until != end:
                down_at, for_s = self.clock.now(), draw.uniform(*DOWN_S)
                self.clock.settle_with(_yields)
                await self.clock.advance(for_s)
                self.downs.append((down_at, self.clock.now()))
        living.cancel()

    async def _life(self, until: float) -> None:
        store = RestingStore(self.folder)
        await store.open()
        await store.commit([put(NAMESPACE, Namespace(name="default")), *(put(CHECK, check) for check in CHECKS)])
        world = DayWorld(store, self.clock, self.fleet, self)
        self.clock.settle_with(world.settled)
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

    def _note_slots(self, check: CheckConfig, world: World) -> None:
        """A later life knows better of a slot that was open."""
        name = check.metadata.name
        for slot in world.ledger.slots("default", name):
            place = (name, round(slot.at))
            if place not in self.slots or self.slots[place].outcome is Outcome.REQUESTED:
                self.slots[place] = slot

    def expected(self, check: CheckConfig, until: float) -> Sequence[float]:
        when = timing(check)
        assert when is not None
        times, more = slots_between(check.metadata.name, when, START + 1, until, 10_000)
        assert not more
        return times

    def was_down_or_starting(self, at: float) -> bool:
        return at < START + RECONNECT_S or any(down - 1 <= at <= up + RECONNECT_S + 2 for down, up in self.downs)


async def _yields() -> None:
    for _ in range(YIELDS):
        await asyncio.sleep(0)


def _check_alarms(day: Day) -> None:
    false = [(name, at - START) for name, at, is_true in day.alarms if not is_true]
    assert false == []
    warned = Counter(name for name, _, _ in day.alarms)
    long_away = [
        a.name for a in day.fleet.agents_by_name.values() if max(b - e for e, b in a.absences) >= LONG_LOSSES_S[0]
    ]
    assert len(long_away) > len(day.fleet.agents_by_name) * 0.8
    assert [name for name in long_away if not warned[name]] == []
    assert {name: status for name, status in day.statuses.items() if status} == {}
    assert len(day.statuses) == len(day.fleet.agents_by_name)


def _check_slots(day: Day) -> None:
    settled_until = day.clock.now() - 2 * HOUR
    for check in CHECKS:
        name = check.metadata.name
        places = [(name, round(at)) for at in day.expected(check, settled_until)]
        assert [place for place in places if place not in day.slots] == []
        slots = [day.slots[place] for place in places]
        assert [slot for slot in slots if slot.outcome is Outcome.REQUESTED] == []
        for slot in slots:
            _check_reason(day, check, slot)


def _check_reason(day: Day, check: CheckConfig, slot: Slot) -> None:
    """The reason of a slot is what truly happened."""
    night = bool(check.subdues) and slot.at % 86_400 <= 6 * HOUR
    if slot.outcome is Outcome.SUBDUED:
        assert night
    elif slot.outcome in (Outcome.EXECUTED, Outcome.LATE):
        assert slot.asked == slot.answered > 0
        assert not night
    elif slot.why is Why.NO_SUBSCRIBER:
        assert day.was_down_or_starting(slot.at) or not day.fleet.anyone(check.subscriptions, slot.at)
    elif slot.why is Why.BACKEND_DOWN:
        assert any(down - 2 * HOUR <= slot.at <= up for down, up in day.downs)
    else:
        assert slot.why is Why.AGENT_AWAY, slot
        assert slot.answered < slot.asked


def _play(folder: Path, agents: int, hours: float, seed: int) -> Day:
    day = Day(folder, agents, hours, seed)
    asyncio.run(day.play())
    return day


@pytest.mark.parametrize(
    ("agents", "hours"), [(50, 8), pytest.param(1000, 24, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
def test_a_day_without_false_alarms_and_unexplained_slots(tmp_path: Path, agents: int, hours: float) -> None:
    """Each alarm is true and resolved, each slot has its reason, each incident is handled once."""
    day = _play(tmp_path, agents, hours, seed=7)
    assert len(day.downs) == round(hours / 4)
    _check_alarms(day)
    _check_slots(day)
    assert sum(day.fleet.stored.values()) > 0
    assert day.paged == day.fleet.stored
    turns = Counter(slot.outcome for (name, _), slot in day.slots.items() if name == "turn")
    assert turns[Outcome.EXECUTED] > 0.8 * sum(turns.values())
