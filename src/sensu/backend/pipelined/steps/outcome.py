"""How a step of a workflow ended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The handler took the event."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter kept the event from the handler."""

    by: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The event will never get to the handler, because of how the workflow is configured."""

    why: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The step failed this time and may succeed another time."""

    why: str


Outcome = Delivered | Filtered | Dropped | Retry
