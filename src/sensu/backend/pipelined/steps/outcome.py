"""The outcomes of workflows and their steps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The handler took the event; `note` says why it did nothing about it."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter kept the event from the handler, or the handler does nothing about such events, because of `why`."""

    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The event cannot reach the handler, because of the configuration of the workflow."""

    why: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The step failed and may succeed when it is retried."""

    why: str


Outcome = Delivered | Filtered | Dropped | Retry
