"""The parts of an overview, and how those of several namespaces are summed up."""

from collections.abc import Iterable, Sequence

import msgspec

from sensu.backend.activity import FailingHandler
from sensu.rules.event_row import EventRow


class EventsPart(msgspec.Struct, frozen=True):
    """Events by severity; those of all severities that are silenced, flapping, or overdue.

    `new` counts the incidents that began within the last hour, up to 10,000 of a namespace.
    """

    total: int
    critical: int
    warning: int
    unknown: int
    passing: int
    silenced: int
    new: int
    flapping: int
    overdue: int


class EntitiesPart(msgspec.Struct, frozen=True):
    """Entities by class; agents that are connected, and those that are not (`away`)."""

    total: int
    agent: int
    proxy: int
    connected: int
    away: int


class ChecksPart(msgspec.Struct, frozen=True):
    """Checks; those whose last slot is late, and the slots of the last hour that were missed in part or altogether."""

    total: int
    published: int
    late: int
    missed_1h: int


class SilencesPart(msgspec.Struct, frozen=True):
    """Silences that apply now, those that end within an hour, and those that begin later."""

    active: int
    ending_1h: int
    pending: int


class DeliveriesPart(msgspec.Struct, frozen=True):
    """Deliveries that are pending (`owed`) and dead letters; attempts of the last hour; handlers that fail now."""

    owed: int
    dead: int
    delivered_1h: int
    failed_1h: int
    failing: Sequence[FailingHandler]


class BackendPart(msgspec.Struct, frozen=True):
    """The backend: whether it is healthy, its members, and whether it holds events back."""

    healthy: bool
    version: str
    members: int
    events_per_s: float
    held_back: bool


class BusyCheck(msgspec.Struct, frozen=True):
    """A check with many runs: the number of its agents, and its interval in seconds."""

    namespace: str
    check: str
    agents: int
    interval: int


class EndingSilence(msgspec.Struct, frozen=True):
    """A silence that ends soon."""

    namespace: str
    name: str
    subscription: str
    check: str
    expire_at: int
    creator: str
    reason: str


class First(msgspec.Struct, frozen=True):
    """What to look at first: incidents nobody was notified of, the busiest checks, and silences that end soon.

    In an overview of all namespaces, incidents have their namespace in `columns`.
    """

    incidents: Sequence[EventRow]
    busiest: Sequence[BusyCheck]
    ending: Sequence[EndingSilence]


class NamespaceParts(msgspec.Struct, frozen=True):
    """The counts of a namespace; parts that the caller may not see are null."""

    namespace: str
    events: EventsPart
    entities: EntitiesPart | None
    checks: ChecksPart | None
    silences: SilencesPart | None
    deliveries: DeliveriesPart | None


class Overview(msgspec.Struct, frozen=True):
    """What a namespace, or all together, look like now. Parts that the caller may not see are null, and in `hidden`.

    `at` is in Unix seconds, `revision` what it was read at. In an overview of all namespaces, `namespaces` has the
    counts of each; it is `partial` if there are more than it can hold.
    """

    at: float
    revision: int
    events: EventsPart
    entities: EntitiesPart | None
    checks: ChecksPart | None
    silences: SilencesPart | None
    deliveries: DeliveriesPart | None
    backend: BackendPart
    first: First
    hidden: Sequence[str]
    namespaces: Sequence[NamespaceParts]
    partial: bool


PARTS = ("entities", "checks", "silences", "deliveries")
"""The parts that need rights of their own."""


def summed(kind: type[msgspec.Struct], parts: Iterable[msgspec.Struct | None]) -> msgspec.Struct | None:
    """The sum of the same part of several namespaces, field by field; None if all of them are hidden."""
    found = [part for part in parts if part is not None]
    if not found:
        return None
    names = kind.__struct_fields__
    totals = {name: getattr(found[0], name) for name in names}
    for part in found[1:]:
        for name in names:
            totals[name] = _added(totals[name], getattr(part, name))
    return kind(**totals)


def _added(one: object, other: object) -> object:
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    assert isinstance(one, Sequence)
    assert isinstance(other, Sequence)
    return (*one, *other)
