"""Checks move between members: the new owner goes on where the former one left off, and nothing runs twice."""

from pathlib import Path

from sensu.errors import StoreError
from sensu.resources.kinds import CHECK
from sensu.rules.run_ledger import SlotOutcome, Why
from sensu.rules.share import SLOTS, slot_of
from sensu.store.values import Committed, PutState, Refused, Write
from sensu.testing.factories import make_check_config
from tests.flows.world import World

INTERVAL_S = 10
PART = slot_of("default", "http")


async def scheduled(world: World, **fields: object) -> None:
    """A check that is due every ten seconds, of a member that is not alone, with two agents."""
    world.membership.alone = False
    for agent in ("a", "b"):
        world.agents.connect(agent, "linux")
    await world.configure(CHECK, make_check_config(interval=INTERVAL_S, subscriptions=["linux"], **fields))


def outcomes(world: World) -> list[tuple[float, str]]:
    """How long ago each known slot was due, in intervals, with its outcome and why; the newest first."""
    slots = world.ledger.slots("default", "http")
    return [(round((slots[0].at - slot.at) / INTERVAL_S), slot.outcome.value) for slot in slots]


def issued(world: World) -> list[int]:
    """When agent a was asked, in order."""
    return [request.issued for _, agent, request in world.agents.requests if agent == "a"]


async def test_a_check_is_scheduled_by_the_owner_of_its_slot_alone(world: World) -> None:
    """A member that gives the slot up publishes the check no more, and again when the slot comes back."""
    await scheduled(world)
    await world.clock.advance(25)
    before = len(issued(world))
    await world.membership.lose(PART)
    await world.clock.advance(35)
    assert len(issued(world)) == before
    await world.membership.gain(PART)
    await world.clock.advance(20)
    assert len(issued(world)) == before + 2


async def test_checks_of_other_slots_stay(world: World) -> None:
    """Giving up all other slots changes nothing for a check."""
    await scheduled(world)
    await world.membership.lose(*(part for part in range(SLOTS) if part != PART))
    await world.clock.advance(25)
    assert len(issued(world)) == 2


async def test_the_new_owner_knows_what_was_published(world: World) -> None:
    """What the former owner published is in the ledger with its outcome, and what nobody published is missed."""
    await scheduled(world)
    await world.clock.advance(25)
    asked = issued(world)
    world.ledger.answered("default", "http", asked[0])
    world.ledger.answered("default", "http", asked[0])
    await world.membership.lose(PART)
    assert outcomes(world) == []
    await world.clock.advance(20)
    await world.membership.gain(PART)
    assert outcomes(world) == [(0, "missed"), (1, "missed"), (2, "requested"), (3, "late")]
    world.ledger.answered("default", "http", asked[1])
    world.ledger.answered("default", "http", asked[1])
    assert [slot.outcome for slot in world.ledger.slots("default", "http")][2] is not SlotOutcome.REQUESTED
    assert {slot.why for slot in world.ledger.slots("default", "http")[:2]} == {Why.BACKEND_DOWN}


async def test_a_turn_of_round_robin_moves_with_the_check(world: World) -> None:
    """The agents of a ring go on taking turns when the check has another owner."""
    await scheduled(world, round_robin=True)
    await world.clock.advance(15)
    first = [agent for _, agent, _ in world.agents.requests]
    await world.membership.lose(PART)
    await world.membership.gain(PART)
    await world.clock.advance(10)
    assert sorted({*first[-1:], world.agents.requests[-1][1]}) == ["a", "b"]


class Failing:
    """A store whose commits of the run ledger fail while `away`; before each of them `hook` is called."""

    def __init__(self, world: World) -> None:
        self._commit = world.store.commit
        self.away = False
        self.stored: list[int] = []
        """How many requests had been sent at each commit."""
        self._world = world
        world.store.commit = self.commit  # type: ignore[method-assign]

    async def commit(self, writes: list[Write]) -> Committed | Refused:
        if any(isinstance(write, PutState) and write.name == f"run_ledger.{PART}" for write in writes):
            if self.away:
                raise StoreError("away")
            self.stored.append(len(self._world.agents.requests))
        return await self._commit(writes)


async def test_a_slot_is_stored_before_it_is_published(world: World) -> None:
    """If a member dies right after a request, its successor reads that the slot was published."""
    await scheduled(world)
    failing = Failing(world)
    await world.clock.advance(25)
    sent = len(world.agents.requests)
    assert sent == 4
    assert {0, 2} <= set(failing.stored)
    failing.away = True
    await world.membership.gain(PART)
    assert [slot.outcome for slot in world.ledger.slots("default", "http")] == [SlotOutcome.REQUESTED] * 2
    await world.clock.advance(4)
    assert len(world.agents.requests) == sent


async def test_without_the_store_nothing_is_published(world: World) -> None:
    """While the store is away checks are not published, and the ledger says why."""
    await scheduled(world)
    await world.clock.advance(15)
    sent, failing = len(world.agents.requests), Failing(world)
    failing.away = True
    await world.clock.advance(20)
    assert len(world.agents.requests) == sent
    assert [slot.why for slot in world.ledger.slots("default", "http")[:2]] == [Why.STORE_AWAY] * 2
    failing.away = False
    await world.clock.advance(10)
    assert len(world.agents.requests) > sent


async def test_a_member_that_dies_leaves_its_slots_to_a_restart(tmp_path: Path) -> None:
    """After a crash the slots up to the last published one are known, and those after it are missed."""
    async with World.running(tmp_path) as world:
        await scheduled(world)
        await world.clock.advance(25)
        failing = Failing(world)
        failing.away = True
        await world.restart(down_s=20)
        await world.settled()
        await scheduled(world)
        assert outcomes(world) == [(0, "missed"), (1, "missed"), (2, "requested"), (3, "requested")]
        sent = [request.issued for _, _, request in world.agents.requests]
        await world.clock.advance(10)
        assert len(world.agents.requests) == len(sent) + 2
