"""Checks are asked of agents when they are due."""

import asyncio
from itertools import pairwise

import msgspec
import pytest

from sensu.resources.asset import Asset
from sensu.resources.check import CheckConfig, ProxyRequests
from sensu.resources.hook import HookConfig
from sensu.resources.kinds import ASSET, CHECK, ENTITY, HOOK
from sensu.resources.time_window import TimeWindowRepeated
from sensu.rules.run_ledger import Why
from sensu.testing.factories import make_check_config, make_metadata, make_proxy
from tests.flows.world import World


async def times(world: World, agent: str = "web1") -> list[float]:
    return [at for at, name, _ in world.agents.requests if name == agent]


async def pass_time(world: World, seconds: float) -> None:
    """Let time pass while work in other threads keeps up with it."""
    for _ in range(round(seconds)):
        await world.clock.advance(1)
        await asyncio.to_thread(lambda: None)
        await world.settled()


async def test_an_interval_check_is_published_once_an_interval(world: World) -> None:
    """Requests are an interval apart, and their phase is the same after a restart."""
    phases = []
    for _ in range(2):
        world.agents.connect("web1", "linux")
        await world.configure(CHECK, make_check_config(interval=10))
        await world.clock.advance(60)
        found = await times(world)
        assert len(found) == 6
        assert [round(b - a, 3) for a, b in zip(found, found[1:], strict=False)] == [10] * 5
        phases.append(round(found[0] % 10, 2))
        assert world.counters.published == {"interval": 6}
        await world.restart(down_s=7)
    assert phases[0] == phases[1]


async def test_a_cron_check_is_published_at_its_times(world: World) -> None:
    """A cron line is due at full minutes."""
    world.agents.connect("web1", "linux")
    await world.configure(CHECK, make_check_config(interval=0, cron="* * * * *"))
    await world.clock.advance(150)
    assert await times(world) == [40.0, 100.0]


async def test_only_published_checks_run_by_themselves(world: World) -> None:
    """A check that is not published, subdued now or deleted is not asked of anybody."""
    world.agents.connect("web1", "linux")
    window = TimeWindowRepeated(begin="2023-11-14T22:00:00Z", end="2023-11-14T22:59:59Z")
    await world.configure(
        CHECK,
        make_check_config("quiet", interval=1, publish=False),
        make_check_config("night", interval=1, subdues=(window,)),
        make_check_config("gone", interval=5),
    )
    await world.drop(CHECK, "gone")
    await world.clock.advance(20)
    assert world.agents.requests == []
    assert world.schedulerd.schedulers() == {("interval", "default"): 1}


async def test_a_new_interval_restarts_the_timer_and_other_changes_wait_for_it(world: World) -> None:
    """A changed command is asked at the next turn; a changed interval gives new turns at once."""
    world.agents.connect("web1", "linux")
    check = make_check_config(interval=600)
    await world.configure(CHECK, check)
    await world.clock.advance(1)
    await world.configure(CHECK, msgspec.structs.replace(check, interval=10, command="changed"))
    await world.clock.advance(10)
    [(_, _, request)] = world.agents.requests
    assert request.config and request.config.command == "changed"
    await world.configure(CHECK, msgspec.structs.replace(check, interval=10, command="again"))
    await world.clock.advance(10)
    assert [r.config.command for _, _, r in world.agents.requests if r.config] == ["changed", "again"]


async def test_a_request_brings_the_assets_and_hooks_that_exist(world: World) -> None:
    """Assets and hooks are found by their exact names; missing ones are left out."""
    world.agents.connect("web1", "linux")
    await world.configure(ASSET, *(Asset(metadata=make_metadata(name)) for name in ("a", "a-b", "c")))
    hook = HookConfig(metadata=make_metadata("restart"), command="r", runtime_assets=("c",))
    await world.configure(HOOK, hook, HookConfig(metadata=make_metadata("restart-all"), command="r"))
    check = make_check_config(
        runtime_assets=("a", "nosuch"), check_hooks=({"critical": ("restart", "nosuch")}, {"0": ("restart",)})
    )
    await world.configure(CHECK, check)
    issued = await world.schedulerd.execute("default", "http", [])
    [(_, _, request)] = world.agents.requests
    assert [asset.metadata.name for asset in request.assets or ()] == ["a"]
    assert request.hooks == (hook,)
    assert {name: [a.metadata.name for a in lst.assets or ()] for name, lst in (request.hook_assets or {}).items()}
    assert request.issued == issued == int(world.clock.now())


async def test_a_check_runs_on_demand_whatever_its_schedule(world: World) -> None:
    """On demand a check goes to its own subscriptions or the ones that are named; an unknown check is an error."""
    world.agents.connect("web1", "linux")
    world.agents.connect("db1", "db")
    await world.configure(CHECK, make_check_config(publish=False))
    await world.schedulerd.execute("default", "http", [])
    await world.schedulerd.execute("default", "http", ["db"])
    assert (world.agents.asked("web1"), world.agents.asked("db1")) == (["http"], ["http"])
    request = world.agents.requests[1][2]
    assert request.config and request.config.subscriptions == ("db",)
    with pytest.raises(KeyError):
        await world.schedulerd.execute("default", "nosuch", [])


async def test_round_robin_asks_one_agent_after_the_other(world: World) -> None:
    """Each turn asks the next agent by name; those who leave are skipped and those who come are asked in their turn."""
    for agent in ("a", "b", "d"):
        world.agents.connect(agent, "linux")
    await world.configure(CHECK, make_check_config(interval=10, round_robin=True))
    await world.clock.advance(40)
    world.agents.leave("b")
    world.agents.connect("c", "linux")
    await world.clock.advance(40)
    assert [agent for _, agent, _ in world.agents.requests] == ["a", "b", "d", "a", "c", "d", "a", "c"]


def proxied(**fields: object) -> CheckConfig:
    requests = ProxyRequests(entity_attributes=("entity.entity_class == 'proxy'",), **fields)
    return make_check_config("ping", interval=10, command="ping {{ .labels.ip }}", proxy_requests=requests)


async def routers(world: World, *names: str) -> None:
    await world.configure(ENTITY, *(make_proxy(name, labels={"ip": f"ip-{name}"}) for name in names))


async def test_proxy_requests_ask_once_for_each_matching_entity(world: World) -> None:
    """Every matching entity has its own request with its tokens filled in; one whose tokens fail has none."""
    world.agents.connect("web1", "linux")
    await routers(world, "r1", "r2")
    await world.configure(ENTITY, make_proxy("without-ip"))
    await world.configure(CHECK, proxied())
    await pass_time(world, 10)
    asked = [request.config for _, _, request in world.agents.requests]
    assert [(c.command, c.proxy_entity_name) for c in asked if c] == [("ping ip-r1", "r1"), ("ping ip-r2", "r2")]


async def test_proxy_requests_take_turns_with_round_robin(world: World) -> None:
    """With round robin the entities of one round are shared out among the agents, and the next round goes on."""
    world.agents.connect("a", "linux")
    world.agents.connect("b", "linux")
    await routers(world, "r1", "r2", "r3")
    await world.configure(CHECK, msgspec.structs.replace(proxied(), round_robin=True))
    await pass_time(world, 20)
    assert world.agents.asked("a") == ["ping for r1", "ping for r3", "ping for r2"]
    assert world.agents.asked("b") == ["ping for r2", "ping for r1", "ping for r3"]


async def test_splay_spreads_proxy_requests_over_the_interval(world: World) -> None:
    """With splay the requests of a round are evenly apart within the covered part of the interval."""
    world.agents.connect("web1", "linux")
    await routers(world, "r1", "r2", "r3", "r4")
    await world.configure(CHECK, proxied(splay=True, splay_coverage=80))
    await pass_time(world, 18)
    found = (await times(world))[:4]
    assert [round(b - a, 3) for a, b in zip(found, found[1:], strict=False)] == [2, 2, 2]


async def test_turns_that_were_slept_through_are_counted(world: World) -> None:
    """A process that was away runs a check once and counts the turns it missed."""
    world.agents.connect("web1", "linux")
    await world.configure(CHECK, make_check_config(interval=10))
    await world.clock.jump(42)
    await world.clock.advance(1)
    assert len(world.agents.requests) == 1
    assert world.counters.slots_missed == 3


async def test_a_turn_that_a_restart_leaves_out_is_in_the_ledger(world: World) -> None:
    """A process that was away, and ends before it looks at what is due, leaves that to the next one as missed."""
    world.agents.connect("web1", "linux")
    await world.configure(CHECK, make_check_config(interval=10))
    await world.clock.advance(12)
    await world.clock.jump(15)
    await world.restart()
    await world.clock.advance(12)
    slots = world.ledger.slots("default", "http")
    assert [round(b.at - a.at, 3) for b, a in pairwise(slots)] == [10] * (len(slots) - 1)
    assert [slot.why for slot in slots].count(Why.BACKEND_DOWN) >= 1
