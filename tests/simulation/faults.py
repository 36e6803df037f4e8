"""What goes wrong in a run: kinds of faults, drawn by the seed."""

from collections.abc import Callable, Mapping

from tests.simulation.database import PAUSE_S
from tests.simulation.world import World

CLAIM_WITHIN_S = 15.0
"""How long it takes at most until the slots of a process that is gone are claimed."""

Fault = Callable[[World], float]
"""Begins a fault, and returns how long it lasts."""


def kill(world: World) -> float:
    """A process is killed and started again."""
    world.kill(_some_member(world))
    return 1.0


def freeze(world: World) -> float:
    """A process stops for a while."""
    seconds = world.chance.uniform(1, 40)
    world.freeze(_some_member(world), seconds)
    return seconds


def replace(world: World) -> float:
    """A process stops for so long that another one is started in its place; then it goes on."""
    seconds = world.chance.uniform(2, 20)
    world.replace(_some_member(world), seconds)
    return seconds


def database_away(world: World) -> float:
    """The database ends, and is started again."""
    seconds = world.chance.choice((1, 5, 20, 60, 90)) * world.chance.uniform(0.5, 1)
    world.note(f"database away for {seconds:.1f} s")
    world.database.stop()
    world.later(world.loop.time() + seconds, world.database.start)
    return seconds


def connections_break(world: World) -> float:
    """The connections of a process to the database break again and again, in the middle of statements."""
    process, seconds = world.processes[_some_member(world)].name, world.chance.uniform(2, 15)
    world.note(f"connections of {process} break for {seconds:.1f} s")
    world.database.breaking[process] = world.chance.choice((0.02, 0.1, 0.3))
    world.later(world.loop.time() + seconds, world.database.breaking.pop, process, 0.0)
    return seconds


def cut_from_database(world: World) -> float:
    """A process does not reach the database for a while."""
    seconds, name = world.chance.uniform(1, 40), world.processes[_some_member(world)].name
    world.note(f"{name} is cut from the database for {seconds:.1f} s")
    world.database.cut(name)
    world.later(world.loop.time() + seconds, world.database.heal, name)
    return seconds


def fail_over(world: World) -> float:
    """A standby takes over that lacks the last commits."""
    world.fail_over(world.chance.choice((0, 1, 2, 5, 20)))
    return 1.0


def slow_database(world: World) -> float:
    """Statements take seconds for a while."""
    seconds = world.chance.uniform(5, 30)
    world.note(f"slow database for {seconds:.1f} s")
    world.database.pause_s = world.chance.uniform(0.05, 1.5)
    world.later(world.loop.time() + seconds, setattr, world.database, "pause_s", PAUSE_S)
    return seconds


def slow_process(world: World) -> float:
    """A process rests after each step for a while."""
    name, seconds = world.processes[_some_member(world)].name, world.chance.uniform(5, 20)
    world.note(f"slow {name} for {seconds:.1f} s")
    world.loop.slow_down(name, world.chance.uniform(0.0005, 0.01))
    world.later(world.loop.time() + seconds, world.loop.slow_down, name, 0.0)
    return seconds


def cut_from_member(world: World) -> float:
    """A member does not hear another one for a while, or neither hears the other."""
    seconds, (one, other) = world.chance.uniform(1, 40), world.chance.sample(sorted(world.processes), 2)
    both = world.chance.random() < 0.5
    world.note(f"{other} does not hear {one} for {seconds:.1f} s{', nor the other way round' if both else ''}")
    for sender, receiver in ((one, other), (other, one)) if both else ((one, other),):
        world.net.cut(sender, receiver)
        world.later(world.loop.time() + seconds, world.net.heal, sender, receiver)
    return seconds


def lose_host(world: World) -> float:
    """A host is lost, and back after a while."""
    seconds = world.chance.uniform(5, 60)
    world.lose_host(_some_member(world), seconds)
    return seconds


def set_clock(world: World) -> float:
    """The clock of a host is set, forward or back."""
    world.set_clock(_some_member(world), world.chance.uniform(-30, 30))
    return 1.0


KINDS: Mapping[str, Fault] = {
    "kill": kill,
    "freeze": freeze,
    "replace": replace,
    "database away": database_away,
    "connections break": connections_break,
    "cut from database": cut_from_database,
    "fail over": fail_over,
    "slow database": slow_database,
    "slow process": slow_process,
}


def fail_over_at_claim(world: World) -> float:
    """A process is killed, and soon after others claim its slots the database fails over and lacks such a claim."""
    world.kill(_some_member(world))
    _wait_for_claim(world, len(world.database.tables.owner_changes), world.loop.time() + CLAIM_WITHIN_S)
    return CLAIM_WITHIN_S


def _wait_for_claim(world: World, known: int, until: float) -> None:
    now, changes = world.loop.time(), world.database.tables.owner_changes
    claims = [changes[place][0] for place in range(known, len(changes)) if changes[place][2] is not None]
    if claims:
        world.later(now + world.chance.uniform(0.002, 0.05), _lose_since, world, claims[-1])
    elif now < until:
        world.later(now + world.chance.uniform(0.0005, 0.002), _wait_for_claim, world, known, until)


def _lose_since(world: World, transaction: int) -> None:
    world.fail_over(world.database.tables.transactions - transaction + 1)


OF_CLUSTERS: Mapping[str, Fault] = {
    **{kind: fault for kind, fault in KINDS.items() if kind != "replace"},
    "cut from member": cut_from_member,
    "fail over at claim": fail_over_at_claim,
    "host lost": lose_host,
    "clock set": set_clock,
}
"""The faults of several members, of which none is started twice."""


def _some_member(world: World) -> str:
    return world.chance.choice(sorted(world.processes))


def drawn(seconds: float, kinds: Mapping[str, Fault] = KINDS) -> Callable[[World], None]:
    """Faults that follow each other or overlap, until a time."""

    def faults(world: World) -> None:
        def one() -> None:
            if world.loop.time() < seconds:
                kind = world.chance.choice(sorted(kinds))
                world.faults[kind] += 1
                lasts_s = kinds[kind](world)
                pause_s = world.chance.uniform(0.1, 1.3) * lasts_s + world.chance.uniform(0, 20)
                world.later(world.loop.time() + pause_s, one)

        world.later(world.chance.uniform(5, 20), one)

    return faults
