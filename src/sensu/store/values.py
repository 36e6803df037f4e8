"""The values that go into and come out of a store: keys, resources, events, deliveries, and the writes of a commit."""

from collections.abc import Mapping, Sequence
from enum import Enum

import msgspec

from sensu.rules.severity import ALL, PASSING


class Value(msgspec.Struct, frozen=True):
    """The base of what goes into and comes out of a store; compared by content, cheap to make and to hash."""


class Key(Value, frozen=True, order=True, cache_hash=True):
    """Where a resource lies: the kind's `qualified_name`, the namespace (empty for cluster-wide kinds), the name.

    A namespace holds no `/`.
    """

    kind: str
    namespace: str
    name: str


class Stored(Value, frozen=True):
    """A resource as the store has it.

    `body` is its canonical JSON; `shown` what readers get where that differs (redacted labels, no password hash).
    """

    key: Key
    body: bytes
    shown: bytes | None
    etag: str
    revision: int

    @property
    def public(self) -> bytes:
        """What readers get."""
        return self.body if self.shown is None else self.shown


class Must(Enum):
    """What a write asks of the state before it."""

    ANY = "any"
    BE_ABSENT = "be absent"
    BE_PRESENT = "be present"


class PutResource(Value, frozen=True):
    """Create or replace a resource. With `etag_before` the stored resource must have that ETag.

    With `namespace_must_exist` the namespace of the key must be stored (as a core/v2.Namespace) when the write applies.
    Where several conditions fail, the refusal names the first of: namespace, `must`, ETag.
    """

    key: Key
    body: bytes
    etag: str
    shown: bytes | None = None
    must: Must = Must.ANY
    etag_before: str | None = None
    namespace_must_exist: bool = False


class DeleteResource(Value, frozen=True):
    """Remove a resource; with `Must.BE_PRESENT` it must be there.

    For a namespace: no resource of the kinds `empty_of` may lie in it, as it was before this commit.
    """

    key: Key
    must: Must = Must.BE_PRESENT
    empty_of: Sequence[str] = ()


class Expect(Value, frozen=True):
    """Write nothing; but the commit applies only if the resource has that ETag still (None: is not there still)."""

    key: Key
    etag: str | None


class EventKey(Value, frozen=True, order=True, cache_hash=True):
    """Where an event lies; namespace and entity hold no `/`."""

    namespace: str
    entity: str
    check: str


class Result(Value, frozen=True):
    """An entry for the history of an event, as its writer packed it; `at` in Unix seconds is when it was taken in.

    Those with `changed` are state changes, which are kept in a log of their own. They have a number `delivery`: that of
    the delivery with which they are committed, or one of their own (0: older than these numbers). `handled` is what is
    known of how the events of the state were handled (None: nothing).
    """

    at: int
    body: bytes
    changed: bool = False
    delivery: int = 0
    handled: bytes | None = None


class EventState(Value, frozen=True):
    """What lists of events are sorted, filtered and counted by.

    `severity` is one of `rules/severity.py`; `since`, in Unix seconds, is when the event got it: a state with the
    severity before keeps the time before. `silenced` says whether a silence applies to the event now, `overdue` whether
    it fails because a result is missing.
    """

    severity: int = PASSING
    since: int = 0
    silenced: bool = False
    flapping: bool = False
    overdue: bool = False


class PutEvent(Value, frozen=True):
    """Create or replace an event.

    `due_at` is when its silence becomes an alarm (keepalive or TTL, Unix seconds), None where nothing is awaited.
    `result` is added to the event's history, behind what is there; the history of an event that is deleted is gone.
    Without `state` the stored state stays, which costs nothing; a new event then has the state `EventState()`.
    """

    key: EventKey
    body: bytes
    due_at: float | None = None
    result: Result | None = None
    state: EventState | None = None


class MarkSilenced(Value, frozen=True):
    """Set `silenced` in the state of an event, if the event exists; the event itself stays as it is."""

    key: EventKey
    silenced: bool


class DeleteEvent(Value, frozen=True):
    """Remove an event; with `Must.BE_PRESENT` it must be there."""

    key: EventKey
    must: Must = Must.ANY


class OweDelivery(Value, frozen=True):
    """An event that pipelined must still handle; `id` is unique, growing for each entity (see `next_delivery_id`).

    `event` is the whole event as handlers get it, `attempts` how often it was tried, `due_at` when to try (again).
    `rest` holds what of it is still to do, as pipelined wrote it (empty: all of it). Owing an id again replaces it, and
    takes it back from the dead letters. `change` is the `delivery` of the state change that the event belongs to
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
    """A delivery is done and forgotten, wherever it was; or it is given up, when `dead` tells why.

    An owed delivery that is given up rests among the dead letters, an unknown one stays unknown. The dead letters are
    bounded; the oldest make room.
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
    """Keep a small value of a daemon under a name: secrets of the store, watermarks, leases."""

    name: str
    value: bytes


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

    The oldest `entries_max` are looked at, so that a long history is trimmed a part at a time; the newest entry of all
    always stays.
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
)


class Committed(Value, frozen=True):
    """The writes are stored; `revision` is the store's after them, greater than that of every commit before."""

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
    """A resource or event was written (`body` is new) or removed (`body` is None); told in commit order.

    Removing what was not there is no change. `shown` is what readers get where that differs from the body.
    """

    revision: int
    key: Key | EventKey
    body: bytes | None
    shown: bytes | None = None


class AuditEntry(Value, frozen=True):
    """An entry of the audit log; ids grow."""

    id: int
    at: float
    body: bytes


class HistoryPosition(Value, frozen=True):
    """Where the older part of a history begins: its newest result and its newest state change, None where none is."""

    result: int | None
    change: int | None


class HistoryPage(Value, frozen=True):
    """Some entries of an event's history, those taken in last first; `older` is None where there are no more."""

    items: Sequence[Result]
    older: HistoryPosition | None


class HistorySize(Value, frozen=True):
    """About how many bytes a history log holds, and when its oldest entry was taken in (None where it is empty)."""

    bytes: int
    oldest_at: int | None


class DeliveriesSize(Value, frozen=True):
    """How many deliveries are owed, and the bytes of their events."""

    count: int
    bytes: int


class DeliveryCounts(Value, frozen=True):
    """How many deliveries of a namespace are pending, and how many are dead letters."""

    owed: int = 0
    dead: int = 0


class Page(Value, frozen=True):
    """Some items of a list, in order, and whether there are more after the last."""

    items: Sequence[Stored]
    more: bool


class EventPage(Value, frozen=True):
    """Some events of a list, in order, and whether there are more after the last."""

    items: Sequence[StoredEvent]
    more: bool


class EventOrder(Enum):
    """How a list of events is sorted: by severity and then the latest change, by the latest change, or by name."""

    SEVERITY = "severity"
    CHANGED = "changed"
    NAME = "name"


class EventQuery(Value, frozen=True):
    """The events of a namespace with one of these severities that are silenced, not silenced, or (None) both."""

    namespace: str
    order: EventOrder = EventOrder.SEVERITY
    severities: frozenset[int] = ALL
    silenced: bool | None = None


class EventSearch(Value, frozen=True):
    """The events of a query whose names fit; empty texts fit all.

    `word` is a part of `entity/check`, in which case of ASCII letters does not count; `entity` and `check` are names.
    """

    query: EventQuery
    word: str = ""
    entity: str = ""
    check: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether names matter."""
        return bool(self.word or self.entity or self.check)


class EventCounts(Value, frozen=True):
    """How many events there are: of each severity, and of those how many are silenced.

    `flapping` and `overdue` count events of any severity.
    """

    by_severity: tuple[int, int, int, int] = (0, 0, 0, 0)
    silenced: tuple[int, int, int, int] = (0, 0, 0, 0)
    flapping: int = 0
    overdue: int = 0

    @property
    def total(self) -> int:
        """How many events there are."""
        return sum(self.by_severity)

    def of(self, query: EventQuery) -> int:
        """How many events a query of the namespace finds."""
        return sum(self.of_severity(severity, query.silenced) for severity in query.severities)

    def of_severity(self, severity: int, silenced: bool | None = None) -> int:
        """How many events there are of a severity, silenced, not silenced, or (None) both."""
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
    """Where a walk over a list of events goes on: after the event with these sort keys, of the walk's order."""

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
    """Some events of a list, in order, without bodies; `after` is where the walk goes on, None at its end."""

    items: Sequence[ListedEvent]
    after: EventPosition | None


class EventChanges(Value, frozen=True):
    """What changed in a list of events: events whose state changed, with bodies, and events that were deleted.

    `revision` is that of the last change; `more` says that there were too many changes, and then none is listed.
    """

    changed: Sequence[ListedEvent]
    gone: Sequence[EventKey]
    revision: int
    more: bool = False


CountsByNamespace = Mapping[str, EventCounts]
