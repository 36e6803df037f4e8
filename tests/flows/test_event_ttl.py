"""A check that sends no result within its TTL becomes a failure event."""

import pytest

from sensu.resources.event import Event
from sensu.resources.kinds import ENTITY, SILENCED
from sensu.store.values import EventKey
from sensu.testing.factories import make_check, make_entity, make_event, make_keepalive, make_proxy, make_silence
from tests.flows.playbook import Play
from tests.flows.world import START, World


def result(at: int, ttl: int = 90, **fields: object) -> Event:
    check = make_check(executed=START + at, issued=START + at, ttl=ttl, handlers=("slack",), **fields)
    return make_event(make_proxy("web1"), check)


async def statuses(world: World) -> list[int]:
    event = await world.event("web1", "http")
    assert event and event.check
    return [entry.status for entry in event.check.history or ()]


async def test_each_expired_ttl_is_a_failure_event(world: World, play: Play) -> None:
    """Every time to live without a result stores and hands on a warning, until a result comes."""
    await play("""
        at 0 web1 reports http 0 ttl 90
        between 0 and 1 handler slack gets passing
        at 89 http of web1 was 0
        at 90 http of web1 was 0 1
    """)
    event = await world.event("web1", "http")
    assert event and event.check
    assert event.check.output == "Last check execution was 90 seconds ago"
    assert (event.timestamp, event.check.executed, event.check.last_ok) == (START + 90, START + 90, START)
    await play("""
        at 180 http of web1 was 0 1 1
        at 181 web1 reports http 0 ttl 90
        at 270 http of web1 was 0 1 1 0
        between 1 and 271 handler slack gets failing failing passing
    """)


async def test_results_in_time_prevent_failure_events(play: Play) -> None:
    """Each result gives the check its whole time to live again; one without a time to live ends the wait."""
    await play("""
        at 0 web1 reports http 0 ttl 90
        at 60 web1 reports http 0 ttl 90
        at 120 web1 reports http 0 ttl 90
        at 180 web1 reports http 0 ttl 90
        at 240 web1 reports http 0 ttl 0
        at 1240 http of web1 was 0 0 0 0 0
    """)


async def test_a_result_with_a_slow_clock_resolves_the_failure(world: World) -> None:
    """A result of an agent whose clock is behind counts, although the failure event has a later time."""
    await world.report(result(0))
    await world.clock.advance(91)
    assert await statuses(world) == [0, 1]
    await world.report(result(60))
    assert await statuses(world) == [0, 1, 0]


async def test_failure_events_can_be_silenced(world: World) -> None:
    """The failure event of a silenced check is silenced."""
    await world.report(result(0))
    await world.configure(SILENCED, make_silence(check="http"))
    await world.clock.advance(91)
    event = await world.event("web1", "http")
    assert event and event.check
    assert (event.check.status, event.check.silenced) == (1, ("*:http",))


async def test_a_deleted_event_or_entity_does_not_fail(world: World) -> None:
    """Deleting the event or its entity ends the wait."""
    other = make_event(make_proxy("web2"), make_check(ttl=90))
    await world.report(result(0), other)
    assert await world.eventd.remove(EventKey("default", "web1", "http"))
    await world.drop(ENTITY, "web2")
    await world.clock.advance(200)
    assert await world.event("web1", "http") is None
    assert [status for _, status in await world.owed_statuses()] == [0]


async def test_a_disconnected_agent_is_one_incident_and_not_one_for_each_check(play: Play) -> None:
    """While the agent's keepalive is missing no TTL expires; when it reconnects its checks have the full TTL."""
    await play("""
        at 0 web1 sends a keepalive timeout 60
        at 0 web1 reports http 0 ttl 90
        at 280 http of web1 was 0
        at 280 web1 sends a keepalive timeout 600
        at 360 http of web1 was 0
        at 371 http of web1 was 0 1
    """)


async def test_time_in_which_the_backend_was_down_does_not_count(play: Play) -> None:
    """After an outage longer than the TTL no check fails by mistake, and a missing result is still reported."""
    await play("""
        at 0 web1 reports http 0 ttl 90
        at 50 the backend is down for 3600
        at 3889 http of web1 was 0
        at 3894 http of web1 was 0 1
    """)


async def test_a_restart_keeps_the_rest_of_the_time(play: Play) -> None:
    """A short restart neither shortens nor restarts the time to live."""
    await play("""
        at 0 web1 reports http 0 ttl 90
        at 50 the backend is down for 2
        at 91 http of web1 was 0
        at 98 http of web1 was 0 1
    """)


async def test_several_restarts_add_up(play: Play) -> None:
    """After a long outage a short restart does not bring a deadline nearer: neither outage counts."""
    await play("""
        at 0 web1 reports http 0 ttl 3900
        at 600 the backend is down for 3600
        at 5000 the backend is down for 2
        at 7482 http of web1 was 0
        at 7522 http of web1 was 0 1
    """)


async def test_a_restart_after_a_quiet_hour_postpones_no_deadline(world: World) -> None:
    """An hour in which nothing was awaited is no outage, even when the backend ends right after the first event."""
    await world.report(result(0))
    await world.clock.advance(10)
    await world.eventd.remove(EventKey("default", "web1", "http"))
    await world.clock.advance(3600)
    await world.report(result(3610))
    await world.restart(down_s=2)
    await world.clock.advance(60)
    assert await statuses(world) == [0]
    await world.clock.advance(60)
    assert (await statuses(world))[-1] == 1


async def test_a_missing_keepalive_is_judged_before_a_time_to_live(world: World) -> None:
    """If keepalive and checks have the same timeout, a dead agent is one incident: its checks do not fail."""
    agent = make_entity("web1")
    for offset in (0.0, 0.4, 1.0):
        await world.report(make_event(agent, make_check(ttl=60, executed=START, issued=START)))
        await world.clock.advance(offset)
        await world.keepalive(make_keepalive(agent, timestamp=int(world.clock.now()), timeout=60))
        await world.clock.advance(110)
        assert 1 not in await statuses(world)
        keepalive = await world.event("web1", "keepalive")
        assert keepalive and keepalive.check and keepalive.check.status == 1


async def test_a_live_agent_does_not_put_off_an_expired_time_to_live(play: Play) -> None:
    """A check that stops reporting fails at its time, give or take two seconds, while its agent is well."""
    await play("""
        at 0 web1 sends a keepalive timeout 22
        at 0 web1 reports http 0 ttl 60
        at 20 web1 sends a keepalive timeout 22
        at 40 web1 sends a keepalive timeout 22
        at 60 web1 sends a keepalive timeout 22
        at 80 http of web1 was 0 1
    """)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("set_by_s", [-3600, 3600])
async def test_setting_the_clock_moves_no_deadline(world: World, set_by_s: int, restarted: bool) -> None:
    """A time to live ends when its seconds have passed, whatever the clock says, also over a restart of the backend."""
    agent = make_entity("web1")
    await world.keepalive(make_keepalive(agent, timestamp=START, timeout=60))
    await world.clock.advance(70)
    await world.keepalive(make_keepalive(agent, timestamp=START + 70, timeout=100_000))
    await world.report(make_event(agent, make_check(ttl=300, executed=START, issued=START)))
    world.clock.set_by(set_by_s)
    await world.clock.advance(20)
    if restarted:
        await world.restart()
    await world.clock.advance(250)
    assert await statuses(world) == [0]
    await world.clock.advance(60)
    assert await statuses(world) == [0, 1]
