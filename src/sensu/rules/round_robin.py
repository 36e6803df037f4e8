"""Selects the next agents of a subscription for round robin checks.

Source: docs, check reference (round robin); recorded scenario request-round-robin.
"""

from bisect import bisect_right
from collections.abc import Sequence


def next_agents(agents: Sequence[str], last: str | None, count: int) -> list[str]:
    """The next `count` agents after `last` in sorted order, starting over at the end; empty if there are no agents.

    Agents may connect and disconnect in between: the order continues after the name of the last agent.
    """
    if not agents:
        return []
    first = 0 if last is None else bisect_right(agents, last)
    return [agents[(first + turn) % len(agents)] for turn in range(count)]


def has_ring(subscription: str) -> bool:
    """Whether the agents of a subscription take turns; an entity's own subscription has only one agent."""
    return not subscription.startswith("entity:")
