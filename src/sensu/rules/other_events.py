"""Other events of a namespace, which filter expressions can read with the functions of `sensu`."""

from dataclasses import dataclass

from sensu.rules.filters import ExpressionError

FUNCTIONS = ("CheckDependencies", "CheckStatus", "EventStatus", "FetchEvent", "ListEvents")
"""The functions of `sensu` in filters."""
ALL = "*"
"""Requests all events of the namespace instead of a single one."""
ROUNDS_MAX = 64
"""How often an evaluation is repeated with the events that it requested; a further request is an error."""
TIME_LIMIT_S = 1.0
"""The processor time of all these evaluations together; a request after it is an error."""
LISTED_MAX = 1_000
LISTED_BYTES_MAX = 1_048_576
"""The maximum number and size of events that an expression can read; beyond them, it fails."""
REMEMBERED_BYTES_MAX = 262_144
"""The size of the events that a workflow remembers for its later filters; larger ones are read again."""


@dataclass(frozen=True, slots=True)
class Wanted(ExpressionError):
    """An evaluation that ended because it needs other events: their keys (`entity/check`), or `ALL`."""

    keys: tuple[str, ...] = ()


def wanted(keys: tuple[str, ...]) -> Wanted:
    """A request for these events, which is an error if it is not supported."""
    return Wanted("Error: other events are not available here", keys)
