"""The history of events, in addition to the one that they contain: read in pages, and trimmed to a limit."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import count

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.history_bounds import HistoryBounds
from sensu.backend.services.outcomes import Denied, Listing, NotFound, Refusal
from sensu.backend.services.pages import one_chunk, text_of, token_of
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.kinds import EVENT
from sensu.resources.metrics import Number
from sensu.resources.wire import Wire, always_int, always_str, encode
from sensu.rules.explain import Handling
from sensu.rules.handling import handled
from sensu.rules.handling import unpacked as unpacked_handling
from sensu.rules.history import HistoryEntry, unpacked
from sensu.store.contract import Store
from sensu.store.values import EventKey, HistoryPage, HistoryPosition, Result, TrimHistory

logger = logging.getLogger(__name__)

PAGE_DEFAULT, PAGE_MAX = 100, 1000
READ_AT_ONCE = 256
AHEAD_S = 300
"""How far an agent's clock may be ahead; results with later times may not be found by their time."""

TRIM_EVERY_S = 60.0
TRIMS_A_CUT = 10
"""The backend's limits are applied this many times for each time that those of namespaces are."""
TRIMMED_AT_ONCE = 2000
PAUSE_S = 0.05
"""The pause between parts of a long trim, so that events are processed meanwhile."""
_POSITION_DIGITS_MAX = 18


@dataclass(frozen=True, slots=True)
class Bound:
    """The maximum age of entries of a log, and their maximum total size."""

    age_s: float
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Period:
    """Results executed from `start` to `end`, both included, in Unix seconds."""

    start: float = float("-inf")
    end: float = float("inf")


class HistoryItem(Wire, frozen=True):
    """A result of an event, received at `at` and executed by its agent at `executed`, in Unix seconds.

    `changed` if it changed the state of the event, `truncated` if the output was longer; `duration` is in seconds.
    The outcomes of workflows, for a state change and the results that repeat it, are in `handling`; `handled` sums up.
    """

    at: int = always_int()
    executed: int = always_int()
    status: int = always_int()
    duration: Number = always_int()
    output: str = always_str()
    truncated: bool = False
    flapping: bool = False
    changed: bool = False
    handled: str = ""
    handling: tuple[Handling, ...] = ()


class History:
    """Reads and trims the history of events."""

    def __init__(self, store: Store, access: Access, clock: Clock, results: Bound, changes: Bound) -> None:
        self._store = store
        self._access = access
        self._clock = clock
        self._bounds = ((False, results), (True, changes))
        self._own_bounds = HistoryBounds(store, clock)

    async def run(self) -> None:
        """Trim the history periodically until cancelled."""
        for turn in count():
            try:
                await self.trim()
                if turn % TRIMS_A_CUT == 0:
                    await self._own_bounds.cut()
            except StoreError as err:
                logger.warning("old history could not be dropped", extra=fields(error=str(err)))
            await self._clock.sleep(TRIM_EVERY_S)

    async def trim(self) -> None:
        """Drop entries that are too old or exceed the size limit, in parts; raises StoreError."""
        for changes, bound in self._bounds:
            before = self._clock.now() - bound.age_s
            size = await self._store.history_size(changes)
            while size.bytes > bound.bytes_max or (size.oldest_at is not None and size.oldest_at < before):
                await self._store.commit([TrimHistory(changes, before, bound.bytes_max, TRIMMED_AT_ONCE)])
                left = await self._store.history_size(changes)
                if left == size:
                    break
                size = left
                await self._clock.sleep(PAUSE_S)

    async def listing(
        self, caller: Identity, key: EventKey, period: Period, limit: int, after: str
    ) -> Listing | Refusal:
        """The results of an event within a period, most recently received first; `after` continues a list."""
        if not self.allows(caller, key):
            return Denied()
        wanted = min(limit or PAGE_DEFAULT, PAGE_MAX)
        oldest_at = await self._own_bounds.oldest_at(key.namespace)

        def shown(item: Result) -> bool:
            return (item.changed or item.at >= oldest_at) and _within(item, period)

        found: list[Result] = []
        older: HistoryPosition | None = _position(after)
        while len(found) < wanted:
            page = await self._part(key, older, shown, wanted - len(found))
            if page is None:
                return NotFound()
            found += [item for item in page.items if shown(item)]
            older = page.older
            if older is None or _is_before(page, period):
                older = None
                break
        return Listing(one_chunk([_shown(item) for item in found]), "" if older is None else _token(older))

    def allows(self, caller: Identity, key: EventKey) -> bool:
        """Whether a caller may read the history of an event."""
        name = f"{key.entity}/{key.check}"
        return self._access.allows(caller, "get", EVENT.segment, name=name, namespace=key.namespace)

    async def entries(self, key: EventKey, period: Period) -> AsyncIterator[Sequence[tuple[Result, HistoryEntry]]]:
        """The results of an event within a period, most recently received first, some at a time."""
        oldest_at = await self._own_bounds.oldest_at(key.namespace)
        older: HistoryPosition | None = None
        while True:
            page = await self._store.history(key, READ_AT_ONCE, older)
            if page is None:
                return
            yield [
                (item, unpacked(item.body))
                for item in page.items
                if (item.changed or item.at >= oldest_at) and _within(item, period)
            ]
            older = page.older
            if older is None or _is_before(page, period):
                return
            await asyncio.sleep(0)

    async def _part(
        self, key: EventKey, position: HistoryPosition | None, shown: Callable[[Result], bool], wanted: int
    ) -> HistoryPage | None:
        """The next entries, up to and including the last one that is needed."""
        page = await self._store.history(key, READ_AT_ONCE, position)
        if page is None:
            return None
        places = [place for place, item in enumerate(page.items) if shown(item)]
        if len(places) < wanted:
            return page
        return await self._store.history(key, places[wanted - 1] + 1, position)


def _within(item: Result, period: Period) -> bool:
    if period == _ALWAYS:
        return True
    return period.start <= (unpacked(item.body).executed or item.at) <= period.end


_ALWAYS = Period()


def _is_before(page: HistoryPage, period: Period) -> bool:
    """Whether all older entries were received, and therefore executed, before the period began."""
    return bool(page.items) and page.items[-1].at < period.start - AHEAD_S


def _shown(item: Result) -> bytes:
    kept = unpacked(item.body)
    return encode(
        HistoryItem(
            at=item.at,
            executed=kept.executed,
            status=kept.status,
            duration=kept.duration,
            output=kept.output,
            truncated=kept.truncated,
            flapping=kept.flapping,
            changed=item.changed,
            handled=handled(item.delivery, item.handled) if item.changed else "",
            handling=unpacked_handling(item.handled or b""),
        )
    )


def _token(position: HistoryPosition) -> str:
    return token_of(f"{position.result or 0}/{position.change or 0}")


def _position(token: str) -> HistoryPosition | None:
    """The position of a token; None if it is not a token, so that the list starts at the beginning."""
    result, slash, change = text_of(token).partition("/")
    if not slash or not all(_is_position(part) for part in (result, change)):
        return None
    return HistoryPosition(int(result) or None, int(change) or None)


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _POSITION_DIGITS_MAX
