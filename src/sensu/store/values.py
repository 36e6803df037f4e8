"""The values that go into and come out of a store: keys, resources, events, deliveries, and the writes of a commit."""

from collections.abc import Mapping, Sequence
from enum import Enum

import msgspec

from sensu.rules.severity import ALL, PASSING
from sensu.store.activity_values import CountActivity, NoteConnection, TrimActivity


class Value(msgspec.Struct, frozen=True):
    """The base of all values of stores; compared by content, cheap to create and to hash."""


class Key(Value, frozen=True, order=True, cache_hash=True):
    """The key of a resource: the kind's `qualified_name`, the namespace (empty for cluster-wide kinds), and the name.

    A namespace does not contain `/`.
    """

    kind: str
    namespace: str
    name: str


class Stored(Value, frozen=True):
    """A stored resource.

    `body` is its canonical JSON; `shown` is the public JSON if it differs (redacted labels, no password hash).
    """

    key: Key
    body: bytes
    shown: bytes | None
    etag: str
    revision: int

    @property
    def public(self) -> bytes:
        """The public JSON."""
        return self.body if self.shown is None else self.shown


class Must(Enum):
    """The condition of a write on the state before it."""

    ANY = "any"
    BE_ABSENT = "be absent"
    BE_PRESENT = "be present"


class PutResource(Value, frozen=True):
    """Create or replace a resource. With `etag_before` the stored resource must have that ETag.

    With `namespace_must_exist` the namespace of the key must be stored (as a core/v2.Namespace) when the write applies.
    If several conditions fail, the refusal names the first of: namespace, `must`, ETag.

    `quiet` means that nothing changes that a process keeps in memory of resources it does not write itself; a store may
    leave such a change out of the feeds of other processes.
    """

    key: Key
    body: bytes
    etag: str
    shown: bytes | None = None
    must: Must = Must.ANY
    etag_before: str | None = None
    namespace_must_exist: bool = False
    quiet: bool = False


class DeleteResource(Value, frozen=True):
    """Delete a resource; with `Must.BE_PRESENT`, it must exist.

    A namespace must not have contained resources of the kinds `empty_of` before this commit.
    """

    key: Key
    must: Must = Must.BE_PRESENT
    empty_of: Sequence[str] = ()


class Expect(Value, frozen=True):
    """Write nothing, but apply the commit only if the resource still has that ETag (None: still does not exist)."""

    key: Key
    etag: str | None


class EventKey(Value, frozen=True, order=True, cache_hash=True):
    """The key of an event; namespace and entity do not contain `/`."""

    namespace: str
    entity: str
    check: str


class Result(Value, frozen=True):
    """An encoded entry for the history of an event, received `at` (Unix seconds).

    Entries with `changed` are state changes, which are kept in a separate log. They have a number `delivery`: that of
    the delivery with which they are committed, or one of their own (0: older than these numbers). `handled` is what is
    known of how the events of the state were handled (None: nothing).
    """

    at: int
    body: bytes
    changed: bool = False
    delivery: int = 0
    handled: bytes | None = None


class EventState(Value, frozen=True):
    """The properties by which lists of events are sorted, filtered and counted.

    `severity` is one of `rules/severity.py`; `since`, in Unix seconds, is the time from which the event has it: if the
    severity does not change, neither does the time. `silenced` says whether a silence applies to the event now,
    `overdue` whether it fails because a result is missing.
    """

    severity: int = PASSING
    since: int = 0
    silenced: bool = False
    flapping: bool = False
    overdue: bool = False


class PutEvent(Value, frozen=True):
    """Create or replace an event.

    `due_at` is its deadline (keepalive or TTL, in Unix seconds), None if it has none. `result` is appended to the
    event's history, which is deleted with the event. Without `state`, the stored state is kept at no cost; a new event
    then has the state `EventState()`.
    """

    key: EventKey
    body: bytes
    due_at: float | None = None
    result: Result | None = None
    state: EventState | None = None


class MarkSilenced(Value, frozen=True):
    """Set `silenced` in the state of an event, if the event exists; the event itself is not changed."""

    key: EventKey
    silenced: bool


class DeleteEvent(Value, frozen=True):
    """Delete an event; with `Must.BE_PRESENT`, it must exist."""

    key: EventKey
    must: Must = Must.ANY


class OweDelivery(Value, frozen=True):
    """Store a pending delivery; its `id` is unique, and increases for each entity (see `next_delivery_id`).

    `event` is the whole event for handlers, `attempts` the number of attempts so far, `due_at` the time of the next.
    `rest` is the remaining work, as encoded by pipelined (empty: all of it). Storing an id again replaces the delivery,
    and moves it back from the dead letters. `change` is the `delivery` of the state change that the event belongs to
    (0: not known).
    """

    id: int
    namespace: str
    event: bytes
    due_at: float
    attempts: int = 0
    rest: bytes = b""
    change: int = 0


class SettleDelivery(Value, frozen=True):
    """Remove a delivery that is done, pending or dead; or give it up, if `dead` is the reason.

    A pending delivery that is given up becomes a dead letter; an unknown one is ignored. The number of dead letters is
    limited; the oldest are dropped.
    """

    id: int
    dead: str = ""


class NoteHandling(Value, frozen=True):
    """Keep how an event was handled with the state change that it belongs to, in place of what was kept before.

    That is the newest state change whose `delivery` is not above this one; nothing is kept if it is gone.
    """

    key: EventKey
    delivery: int
    handled: bytes


class PutState(Value, frozen=True):
    """Store a small value of a daemon under a name: secrets of the store, watermarks, leases.

    With `once`, a value that is stored already stays.
    """

    name: str
    value: bytes
    once: bool = False


class AppendAudit(Value, frozen=True):
    """Add an entry (JSON) to the audit log; `at` in Unix seconds. Entries are never changed."""

    at: float
    body: bytes


class TrimAudit(Value, frozen=True):
    """Drop audit entries from before `at_before` (Unix seconds), and all but the newest `entries_max`."""

    at_before: float
    entries_max: int


class TrimHistory(Value, frozen=True):
    """Drop results (with `changes`: state changes) from before `at_before`, and all but the newest `bytes_max` bytes.

    Only the oldest `entries_max` are examined, so that a long history is trimmed in parts; the newest entry of all is
    always kept.
    """

    changes: bool
    at_before: float
    bytes_max: int
    entries_max: int


class CutHistory(Value, frozen=True):
    """Drop the results of an event from before `at_before` (Unix seconds), but never the newest of all events."""

    key: EventKey
    at_before: float


Write = (
    PutResource
    | DeleteResource
    | Expect
    | PutEvent
    | MarkSilenced
    | DeleteEvent
    | OweDelivery
    | SettleDelivery
    | NoteHandling
    | PutState
    | AppendAudit
    | TrimAudit
    | TrimHistory
    | CutHistory
    | CountActivity
    | NoteConnection
    | TrimActivity
)


class Committed(Value, frozen=True):
    """The writes are stored; `revision` is that of the store after them, greater than that of every earlier commit."""

    revision: int


class Conflict(Enum):
    """Why no write of a commit was applied."""

    EXISTS = "exists"
    NOT_FOUND = "not found"
    ETAG = "etag differs"
    CHANGED = "changed meanwhile"
    NAMESPACE_MISSING = "namespace missing"
    NAMESPACE_NOT_EMPTY = "namespace not empty"


class Refused(Value, frozen=True):
    """No write was applied, because of the write at `index`."""

    index: int
    conflict: Conflict


class StoredEvent(Value, frozen=True):
    """An event as the store has it.

    `change` is the `delivery` of its last state change; only `get_events` tells it (0: not known).
    """

    key: EventKey
    body: bytes
    due_at: float | None
    change: int = 0


class StoredHandling(Value, frozen=True):
    """What is kept of the handling of a state change with the number `change`; None: nothing yet."""

    change: int
    handled: bytes | None


class Change(Value, frozen=True):
    """A resource or event was written (`body` is new) or deleted (`body` is None); reported in commit order.

    Deleting a missing resource is not a change. `shown` is the public JSON if it differs from the body.
    """

    revision: int
    key: Key | EventKey
    body: bytes | None
    shown: bytes | None = None


class AuditEntry(Value, frozen=True):
    """An entry of the audit log; ids increase."""

    id: int
    at: float
    body: bytes


class HistoryPosition(Value, frozen=True):
    """The position of the older part of a history: its newest result and newest state change, None if it has none."""

    result: int | None
    change: int | None


class HistoryPage(Value, frozen=True):
    """Some entries of an event's history, most recently received first; `older` is None at the end."""

    items: Sequence[Result]
    older: HistoryPosition | None


class HistorySize(Value, frozen=True):
    """The approximate size of a history log in bytes, and the time of its oldest entry (None if it is empty)."""

    bytes: int
    oldest_at: int | None


class DeliveriesSize(Value, frozen=True):
    """The number of pending deliveries, and the size of their events in bytes."""

    count: int
    bytes: int


class CountedDeliveries(Value, frozen=True):
    """How many deliveries of a namespace are pending, and how many are dead letters."""

    owed: int = 0
    dead: int = 0


class Page(Value, frozen=True):
    """Some items of a list, in order, and whether more follow."""

    items: Sequence[Stored]
    more: bool


class EventPage(Value, frozen=True):
    """Some events of a list, in order, and whether more follow."""

    items: Sequence[StoredEvent]
    more: bool


class EventOrder(Enum):
    """How a list of events is sorted: by severity and then the latest change, by the latest change, or by name."""

    SEVERITY = "severity"
    CHANGED = "changed"
    NAME = "name"


class EventQuery(Value, frozen=True):
    """The events of a namespace with one of these severities that are silenced, not silenced, or both (None)."""

    namespace: str
    order: EventOrder = EventOrder.SEVERITY
    severities: frozenset[int] = ALL
    silenced: bool | None = None


class EventSearch(Value, frozen=True):
    """The events of a query whose names match; empty strings match all.

    `word` has parts of `entity/check`, separated by blanks, all of which must occur, without regard to the case of
    ASCII letters; `entity` and `check` are names.
    """

    query: EventQuery
    word: str = ""
    entity: str = ""
    check: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether the search is limited by names."""
        return bool(self.word or self.entity or self.check)


class GroupedBy(Enum):
    """The names by which events are counted."""

    CHECK = "check"
    ENTITY = "entity"


class CountedEvents(Value, frozen=True):
    """The numbers of events of each severity, and how many of these are silenced.

    `flapping` and `overdue` count events of any severity.
    """

    by_severity: tuple[int, int, int, int] = (0, 0, 0, 0)
    silenced: tuple[int, int, int, int] = (0, 0, 0, 0)
    flapping: int = 0
    overdue: int = 0

    @property
    def total(self) -> int:
        """The number of events."""
        return sum(self.by_severity)

    def of(self, query: EventQuery) -> int:
        """The number of events that a query of the namespace finds."""
        return sum(self.of_severity(severity, query.silenced) for severity in query.severities)

    def of_severity(self, severity: int, silenced: bool | None = None) -> int:
        """The number of events of a severity, silenced, not silenced, or both (None)."""
        if silenced is None:
            return self.by_severity[severity]
        marked = self.silenced[severity]
        return marked if silenced else self.by_severity[severity] - marked


class ListedEvent(Value, frozen=True):
    """An event with its state, as it stands in lists; `id` is the store's number for it.

    Lists with bodies have the `handling` of the last state change, if it is kept.
    """

    id: int
    key: EventKey
    state: EventState
    body: bytes = b""
    handling: StoredHandling | None = None


class EventPosition(Value, frozen=True):
    """The position of a walk over a list of events: it continues after the event with these sort keys."""

    keys: tuple[int | str, ...]


def position_of(order: EventOrder, event: ListedEvent) -> EventPosition:
    """The position of an event in lists of an order."""
    key, state = event.key, event.state
    if order is EventOrder.NAME:
        return EventPosition((key.entity, key.check))
    if order is EventOrder.CHANGED:
        return EventPosition((state.since, event.id))
    return EventPosition((state.severity, state.since, event.id))


class EventWalk(Value, frozen=True):
    """Some events of a list, in order, without bodies; `after` is the position to continue from, None at the end."""

    items: Sequence[ListedEvent]
    after: EventPosition | None


class EventChanges(Value, frozen=True):
    """The changes to a list of events: events whose state changed, with bodies, and deleted events.

    `revision` is that of the last change; `more` says that there were too many changes, and then none is listed.
    """

    changed: Sequence[ListedEvent]
    gone: Sequence[EventKey]
    revision: int
    more: bool = False


SeverityNumbers = tuple[int, int, int, int]
"""Numbers of events, by severity."""

CountsByNamespace = Mapping[str, CountedEvents]
