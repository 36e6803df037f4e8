"""Silences mark events from the moment they are set until they end."""

from sensu.resources.event import Event
from sensu.resources.kinds import SILENCED
from sensu.testing.factories import make_check, make_entity, make_event, make_silence
from tests.flows.world import START, World


def result(status: int, at: int) -> Event:
    entity = make_entity(subscriptions=["linux"])
    return make_event(entity, make_check(status=status, executed=START + at, subscriptions=("linux", "db")))


async def silenced_by(world: World) -> tuple[str, ...]:
    event = await world.event("web1", "http")
    assert event and event.check
    assert event.check.is_silenced or not event.check.silenced
    return event.check.silenced


async def test_a_silence_acts_at_once_and_until_it_is_removed(world: World) -> None:
    """The first result after a silence is set carries its name, the first after its removal does not."""
    await world.report(result(2, 0))
    assert await silenced_by(world) == ()
    await world.configure(SILENCED, make_silence(check="http"), make_silence("linux"), make_silence("db"))
    await world.report(result(2, 60))
    assert await silenced_by(world) == ("*:http", "linux:*")
    await world.drop(SILENCED, "*:http")
    await world.drop(SILENCED, "linux:*")
    await world.report(result(2, 120))
    assert await silenced_by(world) == ()


async def test_a_silence_holds_between_its_begin_and_its_end(world: World) -> None:
    """A silence that begins later or has expired silences nothing."""
    silence = make_silence(check="http", begin=START + 100, expire_at=START + 200)
    await world.configure(SILENCED, silence)
    seen = []
    for at in (99, 100, 199, 200):
        await world.clock.advance(START + at - world.clock.now())
        await world.report(result(2, at))
        seen.append(await silenced_by(world))
    assert seen == [(), ("*:http",), ("*:http",), ()]


async def test_a_silence_ends_when_the_incident_is_resolved(world: World) -> None:
    """A silence that expires on resolve is gone with the first passing result, which is not silenced by it."""
    await world.configure(SILENCED, make_silence(check="http", expire_on_resolve=True), make_silence("linux"))
    await world.report(result(2, 0))
    assert await silenced_by(world) == ("*:http", "linux:*")
    await world.report(result(0, 60))
    assert await silenced_by(world) == ("linux:*",)
    assert [silence.metadata.name for silence in world.cache.list(SILENCED, "default")] == ["linux:*"]


async def test_a_passing_check_does_not_end_a_silence(world: World) -> None:
    """Without an incident before it, a passing result leaves a silence that expires on resolve in force."""
    await world.configure(SILENCED, make_silence(check="http", expire_on_resolve=True))
    await world.report(result(0, 0), result(0, 60))
    assert await silenced_by(world) == ("*:http",)
