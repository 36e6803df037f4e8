"""Runs of the simulation by their seeds: what each came to, and what was drawn in all of them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tests.simulation.chain import Chain
from tests.simulation.faults import KINDS, Fault, drawn
from tests.simulation.invariants import broken
from tests.simulation.world import World

FAULTS_S = 480.0
"""How long things go wrong in a run; about as long again as the calm after it, ten minutes pass in all."""


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


def result_of(seed: int, chain: Callable[[], Chain] = Chain, kinds: Mapping[str, Fault] = KINDS) -> Result:
    """Run a seed, and check it."""
    world = World(seed, chain=chain)
    run = world.run(FAULTS_S, drawn(FAULTS_S, kinds))
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
