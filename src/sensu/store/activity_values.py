"""The values of activity: counts of namespaces by step, and connections of agents."""

import msgspec

MINUTE_S, QUARTER_S = 60, 900
"""The steps by which activity is counted."""


class CountActivity(msgspec.Struct, frozen=True):
    """Add what happened in a namespace to the counts of the minute and the quarter of an hour of `at` (Unix seconds).

    `incidents` is not a sum: the greatest number of each is kept.
    """

    namespace: str
    at: int
    incidents: int = 0
    changes: int = 0
    events: int = 0
    delivered: int = 0
    failed: int = 0


class NoteConnection(msgspec.Struct, frozen=True):
    """Keep that an agent connected to a backend, or that its connection ended, at `at` (Unix seconds), and why."""

    namespace: str
    entity: str
    at: int
    connected: bool
    backend: str
    why: str


class TrimActivity(msgspec.Struct, frozen=True):
    """Drop counts of minutes and of quarters, and connections, from before a time; and all but the newest connections.

    All times are in Unix seconds.
    """

    minutes_before: int
    quarters_before: int
    connections_before: int
    connections_max: int


class ActivityCounts(msgspec.Struct, frozen=True):
    """What happened in a namespace within a step that begins at `at` (Unix seconds)."""

    at: int
    incidents: int = 0
    changes: int = 0
    events: int = 0
    delivered: int = 0
    failed: int = 0
