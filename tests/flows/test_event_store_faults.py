"""What becomes of events while the store fails or refuses."""

import asyncio
from collections.abc import Sequence

import pytest

from sensu.backend.eventd.queue import GROUP_MAX, KEPT_MAX, QUEUE_MAX
from sensu.backend.ports import EventDeferred, EventOutcome, EventRefused, EventStored, IncomingEvent
from sensu.backend.stored_form import put
from sensu.errors import StoreError
from sensu.resources.kinds import ENTITY
from sensu.rules.check_state import Sender
from sensu.store.values import Committed, DeleteEvent, EventKey, Must, PutEvent, PutState, Refused, Write
from sensu.testing.factories import make_check, make_entity, make_event, make_keepalive, make_proxy
from tests.flows.world import START, World


class FailingCommits:
    """Lets the next commits of events fail, and meanwhile all others but the test's own, as a full disk would."""

    def __init__(self, world: World, failures: int) -> None:
        self._commit = world.store.commit
        self.failures = failures
        world.store.commit = self  # type: ignore[method-assign]

    async def __call__(self, writes: Sequence[Write]) -> Committed | Refused:
        if self.failures and not any(isinstance(write, PutState) and write.name == "test.barrier" for write in writes):
            self.failures -= any(isinstance(write, PutEvent) for write in writes)
            raise StoreError("disk full")
        return await self._commit(writes)


def event(name: str = "web1", at: int = 0, sequence: int = 0, **fields: object):
    check = make_check(status=2, executed=START + at, issued=START + at, **fields)
    return make_event(make_entity(name), check, sequence=sequence)


async def test_a_store_that_fails_for_a_moment_costs_nothing(world: World) -> None:
    """An event that the store could not take at first is stored once the store answers again."""
    commits = FailingCommits(world, 3)
    outcomes: list[EventOutcome] = []
    world.eventd.offer(IncomingEvent(event()), outcomes.append)
    await world.clock.advance(5)
    assert outcomes == [EventStored()]
    assert commits.failures == 0
    stored = await world.event("web1", "http")
    assert stored and stored.check and stored.check.occurrences == 1


async def test_a_store_that_stays_away_defers_events(world: World) -> None:
    """After some attempts the sender hears that it may try again, and its next try counts as the first."""
    commits = FailingCommits(world, 100)
    outcomes: list[EventOutcome] = []
    world.eventd.offer(IncomingEvent(event()), outcomes.append)
    await world.clock.advance(10)
    assert outcomes == [EventDeferred("the store does not answer")]
    commits.failures = 0
    await world.report(event())
    stored = await world.event("web1", "http")
    assert stored and stored.check and stored.check.occurrences == 1
    assert world.counters.processed_events == {("check", "error"): 1, ("check", "success"): 1}


async def test_time_in_which_the_store_was_away_expires_no_ttl(world: World) -> None:
    """A check's time to live does not run while results cannot be stored."""
    await world.report(make_event(make_proxy("r1"), make_check(ttl=90, executed=START, issued=START)))
    FailingCommits(world, 4)
    world.eventd.offer(IncomingEvent(event()))
    await world.clock.advance(90)
    stored = await world.event("r1", "http")
    assert stored and stored.check and stored.check.status == 0
    await world.clock.advance(5)
    stored = await world.event("r1", "http")
    assert stored and stored.check and stored.check.status == 1


class SlowCommits:
    """Lets commits wait until a time, as those do whose connection was lost while the database is away."""

    def __init__(self, world: World, until: float) -> None:
        self._commit = world.store.commit
        self._clock, self._until = world.clock, until
        world.store.commit = self  # type: ignore[method-assign]

    async def __call__(self, writes: Sequence[Write]) -> Committed | Refused:
        if not any(isinstance(write, PutState) and write.name == "test.barrier" for write in writes):
            await self._clock.sleep(self._until - self._clock.monotonic())
        return await self._commit(writes)


async def test_time_in_which_the_store_does_not_answer_expires_no_ttl(world: World) -> None:
    """A commit that takes a minute stops the time to live of all checks meanwhile, and no longer."""
    await world.report(make_event(make_proxy("r1"), make_check(ttl=30, executed=START, issued=START)))
    await world.clock.advance(9)
    SlowCommits(world, 70)
    world.eventd.offer(IncomingEvent(event()))
    await world.clock.advance(61 + 20)
    stored = await world.event("r1", "http")
    assert stored and stored.check and stored.check.status == 0
    await world.clock.advance(5)
    stored = await world.event("r1", "http")
    assert stored and stored.check and stored.check.status == 1


async def test_a_store_that_is_away_while_nobody_reports_expires_no_ttl(world: World) -> None:
    """It is enough that what eventd itself stores fails: agents may be waiting that could not report."""
    await world.report(make_event(make_proxy("r1"), make_check(ttl=90, executed=START, issued=START)))
    commits = FailingCommits(world, 10_000)
    await world.clock.advance(80)
    commits.failures = 0
    await world.clock.advance(80)
    stored = await world.event("r1", "http")
    assert stored and stored.check and stored.check.status == 0
    await world.clock.advance(20)
    stored = await world.event("r1", "http")
    assert stored and stored.check and stored.check.status == 1


async def test_one_refused_event_harms_no_other(world: World) -> None:
    """Of events that wait together, only the one with an impossible write is refused."""
    await world.configure(ENTITY, make_entity("taken"))
    impossible = put(ENTITY, make_entity("taken"), must=Must.BE_ABSENT)
    outcomes: dict[str, EventOutcome] = {}
    for name in ("web1", "web2", "web3"):
        also = (impossible,) if name == "web2" else ()
        incoming = IncomingEvent(event(name), also=also)
        world.eventd.offer(incoming, lambda outcome, name=name: outcomes.update({name: outcome}))
    await world.settled()
    await world.settled()
    assert outcomes == {"web1": EventStored(), "web2": EventRefused("conflicting writes"), "web3": EventStored()}
    assert await world.event("web2", "http") is None


async def test_a_full_intake_says_so_and_opens_again(world: World) -> None:
    """Beyond its bound the queue takes nothing, and tells those who wait when there is room."""
    taken = 0
    while world.eventd.offer(IncomingEvent(event(f"web{taken}"))):
        taken += 1
    assert taken == 1000
    waiting = asyncio.ensure_future(world.eventd.wait_for_room())
    await world.settled()
    assert waiting.done()
    await world.eventd.drained()
    assert await world.store.count_events(None) == 1000


async def test_late_results_in_one_group_are_all_kept(world: World) -> None:
    """Results of an agent that come late and together enter the history in the order of their times."""
    await world.clock.advance(1000)
    agent = Sender("web1", 7)
    for at in (900, 300, 100, 200, 950, 400):
        world.eventd.offer(IncomingEvent(event(at=at, sequence=at), sender=agent))
    await world.eventd.drained()
    stored = await world.event("web1", "http")
    assert stored and stored.check
    assert [entry.executed - START for entry in stored.check.history or ()] == [100, 200, 300, 400, 900, 950]
    assert stored.check.executed == START + 950


@pytest.mark.parametrize("at", [100, 950])
async def test_an_event_deleted_behind_its_back_is_new(world: World, at: int) -> None:
    """When an event is removed together with its entity, the next result has no history, even a late one."""
    await world.clock.advance(1000)
    await world.report(event(at=800), event(at=900))
    await world.store.commit([DeleteEvent(EventKey("default", "web1", "http"))])
    await world.report(event(at=at))
    stored = await world.event("web1", "http")
    assert stored and stored.check
    assert (stored.check.executed, stored.check.occurrences) == (START + at, 1)


REFERENCE_AGENT = Sender("web1", 9)


async def test_events_that_nobody_sends_again_wait_for_the_store(world: World) -> None:
    """While the store is away, events of agents that are not acknowledged are kept; in the end all are stored."""
    commits = FailingCommits(world, 10_000)
    for at in range(600):
        assert world.eventd.offer(IncomingEvent(event(at=at, sequence=at + 1), sender=REFERENCE_AGENT))
    await world.clock.advance(60)
    assert world.eventd.offer(IncomingEvent(event(at=600, sequence=601), sender=REFERENCE_AGENT))
    await world.clock.advance(60)
    commits.failures = 0
    await world.clock.advance(5)
    stored = await world.event("web1", "http")
    assert stored and stored.check
    assert (stored.check.occurrences, stored.sequence) == (601, 601)
    assert world.counters.processed_events == {("check", "success"): 601}


async def test_others_hear_within_seconds_that_the_store_is_away(world: World) -> None:
    """While events are kept, clients of the API and acknowledged agents hear that theirs are deferred."""
    commits = FailingCommits(world, 10_000)
    outcomes: list[EventOutcome] = []
    for at in range(300):
        assert world.eventd.offer(IncomingEvent(event(at=at), sender=REFERENCE_AGENT))
    for _ in range(3):
        await world.clock.advance(20)
        incoming = IncomingEvent(event("web2"), sender=Sender("web2", 3, acknowledged=True))
        assert world.eventd.offer(incoming, outcomes.append)
        posted = asyncio.ensure_future(world.eventd.post(IncomingEvent(event("web3"))))
        removed = asyncio.ensure_future(world.eventd.remove(EventKey("default", "web1", "http")))
        await world.clock.advance(9)
        assert outcomes.pop() == await posted == EventDeferred("the store does not answer")
        with pytest.raises(StoreError):
            await removed
    commits.failures = 0
    await world.clock.advance(5)
    assert [key.entity for key in (await world.store.get_events([event_key("web1"), event_key("web2")]))] == ["web1"]


async def test_agents_are_not_read_once_many_events_are_kept(world: World) -> None:
    """What is kept is bounded: agents wait, without losing anything, while clients of the API are still answered."""
    commits = FailingCommits(world, 10_000)
    sent = 0
    for _ in range(20):
        while world.eventd.offer(IncomingEvent(event(f"web{sent}"), sender=REFERENCE_AGENT)):
            sent += 1
        await world.clock.advance(10)
    assert 1000 <= sent <= KEPT_MAX + GROUP_MAX + QUEUE_MAX
    assert not world.eventd.has_room()
    waiting = asyncio.ensure_future(world.eventd.wait_for_room())
    posted = asyncio.ensure_future(world.eventd.post(IncomingEvent(event("api"))))
    await world.clock.advance(10)
    assert await posted == EventDeferred("the store does not answer")
    assert not waiting.done()
    commits.failures = 0
    await world.clock.advance(5)
    assert waiting.done()
    await world.eventd.drained()
    assert await world.store.count_events(None) == sent


async def test_an_old_keepalive_is_not_kept(world: World) -> None:
    """A keepalive that the store does not take is given up; the agent sends another one."""
    commits = FailingCommits(world, 10_000)
    await world.keepalive(make_keepalive(timestamp=START))
    await world.clock.advance(60)
    commits.failures = 0
    await world.eventd.drained()
    assert await world.store.count_events(None) == 0


@pytest.mark.parametrize("sender", [None, REFERENCE_AGENT], ids=["API", "agent"])
async def test_an_event_that_the_store_never_takes_harms_no_other(world: World, sender: Sender | None) -> None:
    """An event that fails while the store takes others is refused in the end; those that wait with it are stored."""
    commit = world.store.commit

    async def but_one(writes: Sequence[Write]) -> Committed | Refused:
        if any(isinstance(write, PutEvent) and write.key.entity == "poison" for write in writes):
            raise StoreError("cannot be bound")
        return await commit(writes)

    world.store.commit = but_one  # type: ignore[method-assign]
    outcomes: dict[str, EventOutcome] = {}
    for name in ("web1", "poison", "web2"):
        done = None if sender else lambda outcome, name=name: outcomes.update({name: outcome})
        assert world.eventd.offer(IncomingEvent(event(name), sender=sender), done)
    await world.clock.advance(60)
    stored = await world.store.get_events([event_key(name) for name in ("web1", "poison", "web2")])
    assert sorted(key.entity for key in stored) == ["web1", "web2"]
    refused = EventRefused("the store cannot take it")
    assert outcomes == ({} if sender else {"web1": EventStored(), "poison": refused, "web2": EventStored()})
    await world.eventd.drained()


def event_key(entity: str) -> EventKey:
    return EventKey("default", entity, "http")
