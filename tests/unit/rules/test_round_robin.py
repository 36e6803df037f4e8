from hypothesis import given
from hypothesis import strategies as st

from sensu.rules.round_robin import has_ring, next_agents

_agents = st.lists(st.text("abcdef", min_size=1, max_size=3), unique=True, max_size=8).map(sorted)


@given(_agents, st.integers(1, 50))
def test_turns_are_fair(agents: list[str], turns: int) -> None:
    """While nobody comes or goes, no agent has two turns more than another."""
    last, counts = None, dict.fromkeys(agents, 0)
    for _ in range(turns):
        for agent in next_agents(agents, last, 1):
            counts[agent] += 1
            last = agent
    assert not agents or max(counts.values()) - min(counts.values()) <= 1


@given(_agents, st.none() | st.text("abcdef", max_size=3), st.integers(0, 20))
def test_many_turns_at_once_are_like_one_after_the_other(agents: list[str], last: str | None, count: int) -> None:
    """Asking for several turns gives the agents that asking for each turn gives."""
    singly, at = [], last
    for _ in range(count):
        for agent in next_agents(agents, at, 1):
            singly.append(agent)
            at = agent
    assert next_agents(agents, last, count) == singly


def test_the_ring_goes_on_behind_one_who_left() -> None:
    """After an agent that is gone comes the next by name."""
    assert next_agents(["a", "c"], "b", 3) == ["c", "a", "c"]


def test_an_entity_has_no_ring() -> None:
    """A subscription to one entity is asked directly."""
    assert has_ring("linux")
    assert not has_ring("entity:web1")


@given(st.lists(_agents, min_size=1, max_size=30))
def test_who_stays_is_not_passed_over(rings: list[list[str]]) -> None:
    """Whoever comes and goes, an agent that stays waits for no more turns than there are names."""
    names = len(set().union(*rings))
    last, waited = None, dict[str, int]()
    for agents in rings:
        turn = next_agents(agents, last, 1)
        assert set(turn) <= set(agents)
        assert bool(turn) == bool(agents)
        last = turn[0] if turn else last
        waited = {agent: 0 if agent in turn else waited.get(agent, 0) + 1 for agent in agents}
        assert all(turns <= names for turns in waited.values())
