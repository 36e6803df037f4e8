"""The values that go into and come out of a store: keys, resources, events, deliveries, and the writes of a commit."""

from collections.abc import Sequence
from enum import Enum

import msgspec


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

    Those with `changed` are state changes, which are kept in a log of their own.
    """

    at: int
    body: bytes
    changed: bool = False


class PutEvent(Value, frozen=True):
    """Create or replace an event.

    `due_at` is when its silence becomes an alarm (keepalive or TTL, Unix seconds), None where nothing is awaited.
    `result` is added to the event's history, behind what is there; the history of an event that is deleted is gone.
    """

    key: EventKey
    body: bytes
    due_at: float | None = None
    result: Result | None = None


class DeleteEvent(Value, frozen=True):
    """Remove an event; with `Must.BE_PRESENT` it must be there."""

    key: EventKey
    must: Must = Must.ANY


class OweDelivery(Value, frozen=True):
    """An event that pipelined must still handle; `id` is unique, growing for each entity (see `next_delivery_id`).

    `event` is the whole event as handlers get it, `attempts` how often it was tried, `due_at` when to try (again).
    `rest` holds what of it is still to do, as pipelined wrote it (empty: all of it). Owing an id again replaces it, and
    takes it back from the dead letters.
    """

    id: int
    namespace: str
    event: bytes
    due_at: float
    attempts: int = 0
    rest: bytes = b""


class SettleDelivery(Value, frozen=True):
    """A delivery is done and forgotten, wherever it was; or it is given up, when `dead` tells why.

    An owed delivery that is given up rests among the dead letters, an unknown one stays unknown. The dead letters are
    bounded; the oldest make room.
    """

    id: int
    dead: str = ""


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
    | DeleteEvent
    | OweDelivery
    | SettleDelivery
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
    """An event as the store has it."""

    key: EventKey
    body: bytes
    due_at: float | None


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


class Page(Value, frozen=True):
    """Some items of a list, in order, and whether there are more after the last."""

    items: Sequence[Stored]
    more: bool


class EventPage(Value, frozen=True):
    """Some events of a list, in order, and whether there are more after the last."""

    items: Sequence[StoredEvent]
    more: bool
