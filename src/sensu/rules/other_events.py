"""The other events of a namespace that a filter's expression asks for with the functions of `sensu`."""

from dataclasses import dataclass

from sensu.rules.filters import ExpressionError

FUNCTIONS = ("CheckDependencies", "CheckStatus", "EventStatus", "FetchEvent", "ListEvents")
"""The functions of `sensu` in filters."""
ALL = "*"
"""Instead of an event's key: all events of the namespace."""
ROUNDS_MAX = 10
"""How often an evaluation begins again with the events that it asked for; an expression that asks again then fails."""
LISTED_MAX = 1_000
LISTED_BYTES_MAX = 1_048_576
"""More, or larger, events than that are not given to an expression; it fails instead."""


@dataclass(frozen=True, slots=True)
class Wanted(ExpressionError):
    """An evaluation that ended because it needs other events: keys of the form `entity/check`, or `ALL`."""

    keys: tuple[str, ...] = ()


def wanted(keys: tuple[str, ...]) -> Wanted:
    """The wish for these events, which is an error where nobody fulfils it."""
    return Wanted("Error: other events are not available here", keys)
