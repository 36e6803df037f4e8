"""What a database contains, independent of the engine: its tables, their columns and the order of their rows.

Tables that follow from others (counts), and those that only say which processes use the database, are left out.
"""

from collections.abc import AsyncGenerator, Sequence
from enum import Enum
from typing import Any, NamedTuple, Protocol

Row = tuple[Any, ...]

PAGE_ROWS = 500
"""How many rows are in memory at a time; a row has at most one body."""

MOVING = "store.moving"
"""The state that marks a database into which another one is being copied; no backend starts on it."""


class Table(NamedTuple):
    """A table; its rows are in the order of their keys, which are their first columns."""

    name: str
    key: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns."""
        return self.key + self.values


DICTIONARIES = Table("dictionaries", ("number",), ("id", "kind", "body"))
STATES = Table("states", ("name",), ("value",))
RESOURCES = Table("resources", ("kind", "namespace", "name"), ("etag", "revision", "body", "shown"))
RESULTS = Table("results", ("id",), ("previous", "at", "body"))
CHANGES = Table("changes", ("id",), ("previous", "at", "behind", "delivery", "body", "handled"))
_OF_EVENT = ("slot", "namespace", "entity", "check_name")
EVENTS = Table("events", ("id",), (*_OF_EVENT, "due_at", "last_result", "last_change", "body"))
EVENT_STATES = Table(
    "event_states", ("id",), (*_OF_EVENT, "severity", "since", "silenced", "flapping", "overdue", "revision")
)
EVENTS_GONE = Table("events_gone", ("id",), ("namespace", "entity", "check_name", "revision"))
_OF_DELIVERY = ("namespace", "due_at", "attempts", "change", "rest", "event")
DELIVERIES_OWED = Table("deliveries_owed", ("id",), _OF_DELIVERY)
DELIVERIES_DEAD = Table("deliveries_dead", ("id",), (*_OF_DELIVERY, "why"))
AUDIT = Table("audit", ("id",), ("at", "body"))
ACTIVITY = Table("activity", ("namespace", "step", "at"), ("incidents", "changes", "events", "delivered", "failed"))
CONNECTIONS = Table("connections", ("id",), ("namespace", "entity", "at", "connected", "backend", "why"))

TABLES = (
    DICTIONARIES,
    STATES,
    RESOURCES,
    RESULTS,
    CHANGES,
    EVENTS,
    EVENT_STATES,
    EVENTS_GONE,
    DELIVERIES_OWED,
    DELIVERIES_DEAD,
    AUDIT,
    ACTIVITY,
    CONNECTIONS,
)
"""In the order in which they are copied: histories before the events that refer to them."""


class Numbering(Enum):
    """What the ids of histories are: positions in bytes, one sequence for each, or one sequence in time for both."""

    POSITIONS = "positions"
    TIMES = "times"


class UsedNumbers(NamedTuple):
    """Numbers up to these may have been used: revisions, and delivery ids. Deletions before `forgotten` are unknown."""

    revision: int
    delivery: int
    forgotten: int


class Contents(Protocol):
    """The rows of a database or of a backup."""

    @property
    def shown(self) -> str:
        """Its name, for messages."""
        ...

    @property
    def numbering(self) -> Numbering:
        """What the ids of its histories are."""
        ...

    async def numbers(self) -> UsedNumbers:
        """The greatest numbers in use; raises StoreError."""
        ...

    def rows(self, table: Table) -> AsyncGenerator[Sequence[Row], None]:
        """The rows of a table, in order and in pages; raises StoreError."""
        ...


class Snapshot(Contents, Protocol):
    """The rows of a database as they are at one moment."""

    async def is_incomplete(self) -> bool:
        """Whether a copy into this database has not been finished; raises StoreError."""
        ...


class CopyTarget(Protocol):
    """Where rows are copied to."""

    @property
    def numbering(self) -> Numbering:
        """What the ids of histories must be."""
        ...

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows; raises StoreError."""
        ...

    async def finish(self, numbers: UsedNumbers) -> None:
        """Everything is written; raises StoreError."""
        ...


class Database(Snapshot, CopyTarget, Protocol):
    """A database that this process alone uses."""

    async def used_tables(self) -> Sequence[str]:
        """The names of the tables that have rows; raises StoreError."""
        ...

    async def begin(self) -> None:
        """Delete everything, and mark the database as incomplete; raises StoreError."""
        ...

    async def wrong_counts(self) -> Sequence[str]:
        """The tables that follow from others and do not agree with them; raises StoreError."""
        ...

    async def complete(self) -> None:
        """Let backends use the database; raises StoreError."""
        ...

    async def require_unchanged(self) -> None:
        """Raise StoreError if another process has used the database since it was opened."""
        ...
