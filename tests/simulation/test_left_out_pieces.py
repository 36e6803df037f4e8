"""The simulation finds out when a piece of the protocol is left out, so that a clean run says something."""

from collections.abc import Mapping

import pytest

from tests.simulation import chain, faults
from tests.simulation.chain import Chain
from tests.simulation.faults import Fault
from tests.simulation.runs import result_of
from tests.simulation.world import World

SEEDS = range(20)
"""Each piece is missed within these."""


def connections_break_all_the_time(world: World) -> float:
    """Many statements are under way when a connection breaks; some of them run later."""
    world.database.breaking[world.processes["a"].name] = 0.3
    return 10.0


SHORT_S = 150.0
DOUBTS = {"doubts": connections_break_all_the_time}
TAKEOVERS = {"replace": faults.replace}
LOST_TAILS = {"fail over": faults.fail_over}
HELD = {"takeovers": TAKEOVERS, "lost tails": LOST_TAILS, "doubts": DOUBTS}


@pytest.mark.parametrize(
    ("left_out", "kinds"),
    [
        (chain.WithoutFence, TAKEOVERS),
        (chain.WithoutNumber, LOST_TAILS),
        (chain.ReadsTheNumber, DOUBTS),
        (chain.AssumesFailure, DOUBTS),
    ],
)
def test_a_chain_with_a_piece_left_out_is_caught(left_out: type[Chain], kinds: Mapping[str, Fault]) -> None:
    """Without the fence or the number, or with a doubt that is guessed, an invariant is broken within a few seeds."""
    assert any(result_of(seed, left_out, kinds).broken for seed in SEEDS)


def test_a_lost_claim_beside_the_chain_breaks_nothing() -> None:
    """A takeover also commits the clock of the slot in the claimer's chain, so a claim that a failover loses shows."""
    kinds = {"fail over at claim": faults.fail_over_at_claim}
    runs = (result_of(seed, chain.ClaimsOutOfTurn, kinds, members=3, faults_s=SHORT_S) for seed in SEEDS[:4])
    assert [run.broken for run in runs] == [{}, {}, {}, {}]


@pytest.mark.parametrize(
    ("kinds", "seed"),
    [pytest.param(kinds, seed, id=f"{name}-{seed}") for name, kinds in HELD.items() for seed in (0, 1)],
)
def test_the_whole_chain_holds_under_the_same_faults(kinds: Mapping[str, Fault], seed: int) -> None:
    """It is the missing piece that is caught, and not the fault."""
    assert result_of(seed, kinds=kinds).broken == {}
