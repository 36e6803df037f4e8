"""Events of slots that move between three members while they are under way, over a real bus."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.members.bus import Bus
from sensu.backend.members.forwarding import Forwarding
from sensu.backend.members.lines import UnixLine
from sensu.backend.members.messages import AskHealth, Health
from sensu.backend.members.way import UNDER_WAY_MAX
from sensu.backend.ports import EventDeferred, EventOutcome, EventStored
from sensu.backend.workers.context import Addresses
from sensu.clock import SystemClock
from sensu.rules.share import slot_of
from sensu.store.values import EventKey
from tests.unit.backend.members.test_forwarding import Intake, events, until

SLOT = slot_of("default", "web1")
NOBODY = 0
STORED = EventStored()


class Owners:
    """What one member knows of the owners of slots: all slots have the same one, unless a test says otherwise."""

    def __init__(self, member: int) -> None:
        self.member, self.owner = member, 2
        self.others: dict[str, int] = {}
        """The owners of entities that have others."""

    def owner_of(self, slot: int) -> int:
        others = {slot_of("default", entity): owner for entity, owner in self.others.items()}
        return others.get(slot, self.owner)

    def owns(self, slot: int) -> bool:
        return self.owner_of(slot) == self.member


class SlowIntake(Intake):
    """An intake whose results are given by the test."""

    def __init__(self, states: dict[str, bytes]) -> None:
        super().__init__(states)
        self.result = None
        self.waiting: list[Any] = []

    def take(self, incoming: Any, done: Any = None) -> bool:
        if not self.room.is_set():
            return False
        self.taken.append(incoming)
        self.waiting.append((incoming, done))
        return True

    def store(self, number: int, outcome: EventOutcome = STORED) -> None:
        """The next events are stored, or become something else."""
        for _ in range(number):
            incoming, done = self.waiting.pop(0)
            self.decide(incoming, outcome, done)


class Member:
    """A member with a slow intake."""

    def __init__(self, number: int, addresses: Addresses, listener: Any, states: dict[str, bytes]) -> None:
        lines = {other: UnixLine(addresses.of(other)) for other in (1, 2, 3) if other != number}
        self.number, self.owners, self.intake = number, Owners(number), SlowIntake(states)
        self.bus = Bus(number, lines, listener, SystemClock())
        self.way_in = Forwarding(
            self.owners,  # type: ignore[arg-type]
            self.bus,
            self.intake,  # type: ignore[arg-type]
            self.intake,
            self.intake,  # type: ignore[arg-type]
            SystemClock(),
        )
        self.bus.on(AskHealth, lambda _, ask, answer: answer(Health(ask.id, "")))
        self.task: asyncio.Task[None] | None = None

    def learn(self, owner: int) -> None:
        """The owner of the slots is another one now, as far as this member knows."""
        self.owners.owner = owner
        self.way_in.owners_changed()

    async def stop(self) -> None:
        self.bus.close()
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[Sequence[Member]]:
    """Three members that are connected; the second one owns everything."""
    addresses, states = Addresses(tmp_path), dict[str, bytes]()
    members = [Member(number, addresses, addresses.listener(number), states) for number in (1, 2, 3)]
    for member in members:
        await member.bus.open()
        member.task = asyncio.create_task(member.bus.run())
    await until(lambda: all(peer.present for member in members for peer in member.bus.others()))
    yield members
    for member in members:
        await member.stop()
    addresses.close(4)


def send(member: Member, first: int, last: int, results: list[EventOutcome] | None = None) -> None:
    """An agent's events come in at a member."""
    for incoming in events("web1", first, last):
        assert member.way_in.offer(incoming, None if results is None else results.append)


async def test_newer_events_wait_for_those_at_the_former_owner(three: Sequence[Member]) -> None:
    """While results of a slot are expected from its former owner, the new one gets nothing of it."""
    one, two, other = three
    send(one, 1, 3)
    await until(lambda: two.intake.numbers == [1, 2, 3])
    one.learn(3)
    other.learn(3)
    send(one, 4, 6)
    two.intake.store(2)
    await one.bus.peers[2].ask(AskHealth)
    assert other.intake.numbers == []
    two.intake.store(1)
    await until(lambda: other.intake.numbers == [4, 5, 6])


async def test_events_that_come_too_late_go_to_the_next_owner(three: Sequence[Member]) -> None:
    """What a member does not own (any more) it refuses; the sender waits for the new owner, and keeps the order."""
    one, two, other = three
    two.learn(NOBODY)
    send(one, 1, 3)
    await until(lambda: not one.way_in._ways[2].slots)
    send(one, 4, 5)
    one.learn(NOBODY)
    other.learn(3)
    one.learn(3)
    await until(lambda: other.intake.numbers == [1, 2, 3, 4, 5])
    assert two.intake.numbers == []


async def test_nothing_overtakes_an_event_that_was_refused(three: Sequence[Member]) -> None:
    """If a member owns a slot again before its sender hears of a refusal, it takes nothing later before that event."""
    one, two, _ = three
    peer, answers = one.bus.peers[2], list[Any]()
    hear = peer._hears
    peer.hear(answers.append)  # the answers are on their way for a while
    two.learn(NOBODY)
    send(one, 1, 1)
    await peer.ask(AskHealth)
    two.learn(2)
    send(one, 2, 3)
    await peer.ask(AskHealth)
    assert two.intake.numbers == []
    peer.hear(hear)
    hear(answers.pop(0))
    one.learn(2)
    await peer.ask(AskHealth)
    while answers:
        hear(answers.pop(0))
    one.learn(2)
    await until(lambda: two.intake.numbers == [1, 2, 3])


async def test_a_broken_line_lets_nothing_overtake_what_was_refused(three: Sequence[Member]) -> None:
    """Events that followed a refused one, and were lost with the line, are sent again only after it."""
    one, two, _ = three
    two.learn(NOBODY)
    send(one, 1, 1)
    await until(lambda: one.way_in._held)
    two.learn(2)
    one.learn(2)
    await until(lambda: two.intake.numbers == [1])
    two.learn(NOBODY)
    peer = one.bus.peers[2]
    hear, answers = peer._hears, list[Any]()
    peer.hear(answers.append)
    send(one, 2, 2)
    await until(lambda: answers)
    two.bus._streams[1].close()
    send(one, 3, 4)
    hear(answers.pop())
    peer.hear(hear)
    two.learn(2)
    await until(lambda: not peer.present)
    await until(lambda: peer.present)
    await peer.ask(AskHealth)
    assert two.intake.numbers == [1]
    one.learn(2)
    await until(lambda: two.intake.numbers == [1, 2, 3, 4])


async def test_a_member_that_becomes_the_owner_goes_on_itself(three: Sequence[Member]) -> None:
    """Events that waited for an owner are taken here, before those that come in later."""
    one, _, _ = three
    one.learn(NOBODY)
    send(one, 1, 4)
    one.owners.owner = 1
    send(one, 5, 5)
    one.way_in.owners_changed()
    await until(lambda: one.intake.numbers == [1, 2, 3, 4, 5])


async def test_what_a_lost_member_had_stored_is_not_handed_over_again(three: Sequence[Member]) -> None:
    """After a member was lost, the next owner gets what it had not stored, in order; senders hear of what it had."""
    one, two, other = three
    results: list[EventOutcome] = []
    send(one, 1, 6, results)
    await until(lambda: len(two.intake.numbers) == 6)
    two.intake.store(1)
    start, first = two.intake.states["members.2.from.1"].decode().split()
    two.intake.states["members.2.from.1"] = f"{start} {int(first) + 3} {int(first) + 1}".encode()
    await two.stop()
    one.learn(NOBODY)
    await one.way_in.gone(2)
    assert len(results) == 3
    other.learn(3)
    one.learn(3)
    await until(lambda: other.intake.numbers == [2, 5, 6])


async def test_an_event_that_was_deferred_before_its_owner_was_lost_is_not_lost(three: Sequence[Member]) -> None:
    """If a member stores a later event, and is lost before its answer to an earlier one arrives, that one is kept."""
    one, two, other = three
    results: list[EventOutcome] = []
    send(one, 1, 3, results)
    await until(lambda: len(two.intake.numbers) == 3)
    one.bus.peers[2].hear(lambda told: None)  # the answers are lost with the member
    two.intake.store(1, EventDeferred("the store does not answer"))
    two.intake.store(1)
    await two.stop()
    one.learn(NOBODY)
    await one.way_in.gone(2)
    assert results == [STORED]
    other.learn(3)
    one.learn(3)
    await until(lambda: other.intake.numbers == [1, 3])


async def test_marks_do_not_grow(three: Sequence[Member]) -> None:
    """What the sender knows to be deferred is not repeated with later events."""
    one, two, _ = three
    results: list[EventOutcome] = []
    send(one, 1, 3, results)
    await until(lambda: len(two.intake.numbers) == 3)
    two.intake.store(2, EventDeferred("the store does not answer"))
    await until(lambda: len(results) == 2)
    await one.bus.peers[2].ask(AskHealth)
    two.intake.store(1)
    assert len(two.intake.states["members.2.from.1"].decode().split()) == 2


async def test_a_line_that_breaks_loses_and_doubles_nothing(three: Sequence[Member]) -> None:
    """When two living members are connected again, events that were taken are not taken again, and have results."""
    one, two, _ = three
    results: list[EventOutcome] = []
    send(one, 1, 3, results)
    await until(lambda: two.intake.numbers == [1, 2, 3])
    two.bus._streams[1].close()
    await until(lambda: not one.bus.peers[2].present)
    send(one, 4, 4, results)
    two.intake.store(1)
    await until(lambda: one.bus.peers[2].present and len(two.intake.numbers) == 4)
    two.intake.store(3)
    await until(lambda: len(results) == 4)
    assert two.intake.numbers == [1, 2, 3, 4]
    await one.way_in.arrived()


async def test_events_without_an_owner_are_bounded(three: Sequence[Member]) -> None:
    """While a slot has no owner a bounded number of events waits; then senders wait, and go on when it has one."""
    one, _, other = three
    one.learn(NOBODY)
    send(one, 1, UNDER_WAY_MAX)
    assert not one.way_in.offer(next(events("web1", 1, 1)))
    other.intake.result = EventStored()
    other.learn(3)
    one.learn(3)
    async with asyncio.timeout(5):
        await one.way_in.wait_until_admitting()
    await until(lambda: len(other.intake.numbers) == UNDER_WAY_MAX)
    assert other.intake.numbers == list(range(1, UNDER_WAY_MAX + 1))


async def test_a_member_without_room_stops_only_its_own_events(three: Sequence[Member]) -> None:
    """While one member takes no more events, those for other members are accepted, and agents are read for them."""
    one, two, _ = three
    send(one, 1, UNDER_WAY_MAX)
    refused = next(events("web1", UNDER_WAY_MAX + 1, UNDER_WAY_MAX + 1))
    assert not one.way_in.offer(refused)
    assert one.way_in.has_room()
    one.owners.others["web2"] = 1
    assert one.way_in.offer(next(events("web2", 1, 1)))
    assert [incoming.event.entity.metadata.name for incoming in one.intake.taken] == ["web2"]
    await until(lambda: len(two.intake.numbers) == UNDER_WAY_MAX)
    two.intake.store(UNDER_WAY_MAX)
    async with asyncio.timeout(5):
        await one.way_in.wait_until_admitting()
    await until(lambda: one.way_in.offer(refused))


async def test_deletions_follow_the_slot(three: Sequence[Member]) -> None:
    """A request to delete an event that its former owner refuses is answered by the new one."""
    one, two, other = three
    two.learn(NOBODY)
    removing = asyncio.create_task(one.way_in.remove(EventKey("default", "web1", "http")))
    await until(lambda: one.way_in._held)
    other.learn(3)
    one.learn(3)
    assert await asyncio.wait_for(removing, 5)
    assert (two.intake.removed, len(other.intake.removed)) == ([], 1)
