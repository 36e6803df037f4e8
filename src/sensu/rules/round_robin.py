"""Whose turn it is among the agents of a subscription.

Source: docs, check reference (round robin); recorded scenario request-round-robin.
"""

from bisect import bisect_right
from collections.abc import Sequence


def next_agents(agents: Sequence[str], last: str | None, count: int) -> list[str]:
    """The next `count` agents after `last` in a sorted ring; they repeat where there are fewer, none where none are.

    Agents may come and go between the turns: the ring goes on behind the name of who came last.
    """
    if not agents:
        return []
    first = 0 if last is None else bisect_right(agents, last)
    return [agents[(first + turn) % len(agents)] for turn in range(count)]


def has_ring(subscription: str) -> bool:
    """Whether the agents of a subscription take turns; an entity's own subscription has but one."""
    return not subscription.startswith("entity:")
