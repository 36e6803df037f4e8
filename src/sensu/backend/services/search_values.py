"""What searches can be completed with: the fields of a kind, and the values that they have.

The values of a field are counted in memory when somebody asks for them, in slices between which other work goes first,
and kept for a while. An answer is given in time, with what was found so far.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.services.lists import event_walk, resource_walk
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields as about
from sensu.resources.kinds import ALL_KINDS, API_KEY, EVENT, Kind
from sensu.resources.wire import Wire, always_bool, always_int, always_list, always_str, encode
from sensu.rules.kinds.table import selectable_of
from sensu.rules.selectors.evaluate import LIST_SEPARATOR
from sensu.rules.selectors.selectable import Selectable, as_list
from sensu.rules.selectors.selection import Columns, LabelNames
from sensu.store.contract import Store

logger = logging.getLogger(__name__)

LIMIT, LIMIT_MAX = 20, 100
DISTINCT_MAX = 200_000
"""How many distinct values are kept in all; beyond that, those of the least recently used fields are dropped."""
FIELDS_MAX = 64
KEPT_S = 30.0
WAIT_S = 0.15
FIELD_CHARACTERS_MAX = 200

LABELS = "labels"
OPERATORS = ("==", "!=", "in", "notin", "matches")
_INDEXED = {("events", "event.entity.name"), ("events", "event.check.name")}
"""The fields of which the store finds equal values in an index; so it does the name of every kind."""

_KINDS = {kind.segment: kind for kind in reversed(ALL_KINDS) if kind is not API_KEY}


class SearchField(Wire, frozen=True):
    """A field that selectors can compare, and with which operators; `indexed` if equal values are found at once.

    `values` says how to ask for its values: `labels` stands for the names of labels.
    """

    name: str = always_str()
    operators: tuple[str, ...] = always_list()
    indexed: bool = always_bool()


class SearchFields(Wire, frozen=True):
    """The fields of a kind. Labels are compared as `KIND.labels.NAME`; the field `labels` has their names as values."""

    fields: tuple[SearchField, ...] = always_list()


class SearchValue(Wire, frozen=True):
    """A value and how many resources have it."""

    value: str = always_str()
    count: int = always_int()


class SearchValues(Wire, frozen=True):
    """The most frequent values first; `partial` if not all resources were looked at."""

    values: tuple[SearchValue, ...] = always_list()
    partial: bool = always_bool()


@dataclass(slots=True)
class _Counted:
    """The values of a field so far; `task` counts them."""

    since: float
    counts: Counter[str] = field(default_factory=Counter)
    complete: bool = False
    task: "asyncio.Task[None] | None" = None


class SearchIndex:
    """Completes searches for callers who may list the kind."""

    def __init__(self, store: Store, access: Access, clock: Clock) -> None:
        self._store, self._access, self._clock = store, access, clock
        self._counted: OrderedDict[tuple[str, str, str], _Counted] = OrderedDict()

    def fields(self, caller: Identity, namespace: str, of: str) -> Found | Refusal:
        """The fields of a kind, as JSON of `SearchFields`."""
        kind = self._kind(caller, namespace, of)
        if not isinstance(kind, Kind):
            return kind
        selectable = selectable_of(kind)
        names = [f"{selectable.prefix}.{name}" for name in sorted(selectable.fields)]
        found = [
            SearchField(name=name, operators=OPERATORS, indexed=_is_indexed(of, selectable, name)) for name in names
        ]
        found.append(SearchField(name=LABELS))
        return Found(encode(SearchFields(fields=tuple(found))))

    async def values(
        self, caller: Identity, namespace: str, of: str, name: str, prefix: str, limit: int
    ) -> Found | Refusal:
        """The values of a field or label that begin with a prefix, as JSON of `SearchValues`."""
        kind = self._kind(caller, namespace, of)
        if not isinstance(kind, Kind):
            return kind
        if not name or len(name) > FIELD_CHARACTERS_MAX:
            return Invalid(f"field must have between 1 and {FIELD_CHARACTERS_MAX} characters")
        if not 0 < limit <= LIMIT_MAX:
            return Invalid(f"limit must be between 1 and {LIMIT_MAX}")
        counted = self._counting(namespace, kind, name)
        if counted.task is not None:
            await asyncio.wait((counted.task,), timeout=WAIT_S)
        lower = prefix.lower()
        matching = [(value, number) for value, number in counted.counts.items() if value.lower().startswith(lower)]
        matching.sort(key=lambda one: (-one[1], one[0]))
        values = tuple(SearchValue(value=value, count=number) for value, number in matching[:limit])
        return Found(encode(SearchValues(values=values, partial=not counted.complete)))

    def _kind(self, caller: Identity, namespace: str, of: str) -> Kind | Refusal:
        kind = _KINDS.get(of)
        if kind is None or not kind.namespaced:
            return Invalid("of must be the word in URLs of a kind in namespaces, such as events or checks")
        allowed = self._access.allows(caller, "list", kind.segment, namespace=namespace)
        return kind if allowed else Denied()

    def _counting(self, namespace: str, kind: Kind, name: str) -> _Counted:
        """The counts of a field, which are computed again if they are too old."""
        key, now = (namespace, kind.segment, name), self._clock.monotonic()
        counted = self._counted.get(key)
        if counted is None or (counted.task is None and counted.since + KEPT_S < now):
            counted = self._counted[key] = _Counted(now)
            counted.task = asyncio.get_running_loop().create_task(self._count(namespace, kind, name, counted))
        self._counted.move_to_end(key)
        self._keep_bounds()
        return counted

    def _keep_bounds(self) -> None:
        while len(self._counted) > FIELDS_MAX or (self._distinct() > DISTINCT_MAX and len(self._counted) > 1):
            _, oldest = self._counted.popitem(last=False)
            if oldest.task is not None:
                oldest.task.cancel()

    def _distinct(self) -> int:
        return sum(len(counted.counts) for counted in self._counted.values())

    async def _count(self, namespace: str, kind: Kind, name: str, counted: _Counted) -> None:
        selectable = selectable_of(kind)
        splits = selectable.fields.get(name.removeprefix(f"{selectable.prefix}."))
        is_list = splits is not None and splits.written is as_list
        columns, labels = Columns(selectable, (name,)), LabelNames(selectable)
        try:
            async for bodies in self._bodies(namespace, kind):
                for body in bodies:
                    if name == LABELS:
                        counted.counts.update(labels.of(body))
                        continue
                    value = columns.of(body).get(name)
                    if value:
                        counted.counts.update(value.split(LIST_SEPARATOR) if is_list else (value,))
                if len(counted.counts) > DISTINCT_MAX:
                    return
                await asyncio.sleep(0)
            counted.complete = True
        except StoreError as err:
            logger.warning("values could not be counted", extra=about(field=name, error=str(err)))
        finally:
            counted.task = None

    async def _bodies(self, namespace: str, kind: Kind) -> AsyncIterator[Sequence[bytes]]:
        if kind is EVENT:
            async for events in event_walk(self._store, namespace, None, None)(None):
                yield [body for _, body in events]
            return
        async for items in resource_walk(self._store, kind, namespace, None)(None):
            yield [body for _, body in items]


def _is_indexed(of: str, selectable: Selectable, name: str) -> bool:
    return (of, name) in _INDEXED or (of != "events" and name == f"{selectable.prefix}.name")
