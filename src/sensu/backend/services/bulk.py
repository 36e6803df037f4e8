"""Does the same to many things, some at a time, and says for each what came of it.

Each item needs the permission that the action needs by itself; the entries of the audit log share the id of the batch.
When the client disconnects, no further items are begun.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.outcomes import (
    Deleted,
    Denied,
    Exists,
    Invalid,
    NotFound,
    Refusal,
    TooMany,
    Unavailable,
    Written,
)
from sensu.errors import StoreError
from sensu.resources.wire import encode
from sensu.rules.bulk import (
    DONE,
    FAILED,
    GONE,
    MATCHED_MAX,
    REFUSED,
    BulkLine,
    BulkRequest,
    Where,
    problem,
    summary_of,
)

ITEMS_AT_ONCE = 32
BULKS_AT_ONCE_MAX = 1
"""How many bulk requests a caller may have under way."""
_BUSY = Exists("another bulk request of this caller is under way")

Item = TypeVar("Item")
BulkOutcome = Written | Deleted | Refusal


@dataclass(frozen=True, slots=True)
class Action(Generic[Item]):
    """What is done to an item, and which permission it needs: a verb on a resource type, by the name of the item."""

    verb: str
    resource: str
    name: Callable[[Item], str]
    act: Callable[[Identity, Item, BulkRequest], Awaitable[BulkOutcome]]


@dataclass(frozen=True, slots=True)
class Bulk(Generic[Item]):
    """A bulk request: the actions on items of a kind in a namespace.

    `matching` finds at most so many items that a filter matches, `exists` says whether an item does, `line` begins its
    line of the answer. Filters need the permission to list the `resource`.
    """

    resource: str
    namespace: str
    actions: Mapping[str, Action[Item]]
    matching: Callable[[Where, int], Awaitable[Sequence[Item] | Invalid]]
    exists: Callable[[Item], Awaitable[bool]]
    line: Callable[[Item], BulkLine]


class BulkRuns:
    """Runs bulk requests, one of a caller at a time."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._at_once = AtOnce(BULKS_AT_ONCE_MAX)

    async def begin(
        self, caller: Identity, bulk: Bulk[Item], request: BulkRequest, of: Sequence[Item] | None
    ) -> "Lines | Refusal":
        """The lines of the answer; the items are done while they are read."""
        why = problem(request, bulk.resource, of, bulk.actions)
        if why is not None:
            return Invalid(why)
        items = list(dict.fromkeys(of or ()))
        if request.where is not None:
            found = await self._matching(caller, bulk, request, request.where)
            if isinstance(found, Refusal):
                return found
            items = list(found)
        with ExitStack() as stack:
            if not stack.enter_context(self._at_once.admitted(caller)):
                return _BUSY
            batch = str(uuid.uuid4())
            lines = self._lines(msgspec.structs.replace(caller, batch=batch), bulk, request, items, batch)
            return Lines(lines, stack.pop_all())

    async def _matching(
        self, caller: Identity, bulk: Bulk[Item], request: BulkRequest, where: Where
    ) -> Sequence[Item] | Refusal:
        if not self._access.allows(caller, "list", bulk.resource, namespace=bulk.namespace):
            return Denied()
        found = await bulk.matching(where, MATCHED_MAX + 1)
        if isinstance(found, Invalid):
            return found
        if len(found) > MATCHED_MAX:
            return Invalid(f"where matches more than {MATCHED_MAX:,} items, at most that many are allowed")
        if len(found) != request.expect:
            return Exists(f"where matches {len(found)} items, {request.expect} were expected")
        return found

    async def _lines(
        self, caller: Identity, bulk: Bulk[Item], request: BulkRequest, items: Sequence[Item], batch: str
    ) -> AsyncIterator[bytes]:
        outcomes: list[str] = []
        for start in range(0, len(items), ITEMS_AT_ONCE):
            some = items[start : start + ITEMS_AT_ONCE]
            found = await asyncio.gather(*(self._done(caller, bulk, request, item) for item in some))
            outcomes += [outcome for outcome, _ in found]
            yield b"".join(
                encode(msgspec.structs.replace(bulk.line(item), outcome=outcome, why=why)) + b"\n"
                for item, (outcome, why) in zip(some, found, strict=True)
            )
        summary = summary_of(batch, outcomes, dry_run=request.dry_run)
        yield encode(BulkLine(summary=summary)) + b"\n"

    async def _done(self, caller: Identity, bulk: Bulk[Item], request: BulkRequest, item: Item) -> tuple[str, str]:
        """The outcome of an item, and the reason if it is not done."""
        action = bulk.actions[request.action]
        name = action.name(item)
        if not self._access.allows(caller, action.verb, action.resource, name=name, namespace=bulk.namespace):
            return REFUSED, f"needs {action.verb} on {action.resource}"
        try:
            if not await bulk.exists(item):
                return GONE, "not found"
            return (DONE, "") if request.dry_run else _word_of(await action.act(caller, item, request))
        except StoreError:
            return FAILED, "the store does not answer"


class Lines:
    """The lines of an answer, some at a time; must be closed."""

    def __init__(self, lines: AsyncIterator[bytes], stack: ExitStack) -> None:
        self._lines, self._stack = lines, stack

    def __aiter__(self) -> "Lines":
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._lines)

    async def aclose(self) -> None:
        """End the work, and let the caller begin another one."""
        self._stack.close()
        await self._lines.aclose()  # type: ignore[attr-defined]


def _word_of(outcome: BulkOutcome) -> tuple[str, str]:
    match outcome:
        case Written() | Deleted():
            return DONE, ""
        case NotFound(why):
            return GONE, why
        case Denied():
            return REFUSED, "unauthorized to perform action"
        case TooMany(why) | Unavailable(why):
            return FAILED, why
    return REFUSED, outcome.why
