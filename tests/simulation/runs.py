"""Runs of the simulation by their seeds: what each came to, and what was drawn in all of them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tests.simulation.chain import Chain
from tests.simulation.faults import KINDS, OF_CLUSTERS, Fault, drawn
from tests.simulation.invariants import broken
from tests.simulation.world import World

FAULTS_S = 480.0
"""How long things go wrong in a run; about as long again as the calm after it, ten minutes pass in all."""


MEMBERS = ("a", "b", "c", "d", "e")


@dataclass(frozen=True)
class Result:
    """What a run came to."""

    seed: int
    broken: Mapping[str, Sequence[str]]
    """What is broken of each invariant."""
    happened: Sequence[str]
    ends: Sequence[str]
    numbers: Counter[str] = field(default_factory=Counter)
    digest: str = ""
    """Of all records."""


def result_of(
    seed: int,
    chain: Callable[[], Chain] = Chain,
    kinds: Mapping[str, Fault] | None = None,
    members: int = 1,
    faults_s: float = FAULTS_S,
) -> Result:
    """Run a seed with so many members, and check it."""
    world = World(seed, MEMBERS[:members], chain)
    if kinds is None:
        kinds = KINDS if members == 1 else OF_CLUSTERS
    run = world.run(faults_s, drawn(faults_s, kinds))
    found = {invariant.name.lower().replace("_", " "): why for invariant, why in broken(run).items()}
    numbers = Counter({f"fault: {kind}": number for kind, number in world.faults.items()})
    numbers.update(
        {
            "results": len(run.reports),
            "attempts of handlers": len(run.attempts),
            "statements in doubt": world.database.in_doubt,
            "of these never run": world.database.never_ran,
            "starts of processes": sum(world.starts.values()),
        }
    )
    digest = hashlib.sha256(msgspec.json.encode(run)).hexdigest()
    return Result(seed, found, world.happened, world.ends, numbers, digest)
