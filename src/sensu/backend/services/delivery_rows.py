"""Rows of deliveries: pending ones and dead letters, in groups by handlers and error.

The deliveries of a list are read for a bounded time, in order of their ids.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.ports import DaemonPorts, Peers
from sensu.backend.services.at_once import AtOnce
from sensu.backend.services.deliveries import RESOURCE, Deliveries, deliveries_where
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal
from sensu.backend.services.row_requests import LIMIT_DEFAULT, SEARCHES_MAX, TOO_MANY_SEARCHES, rows_problem
from sensu.clock import Clock
from sensu.rules.bulk import Where
from sensu.rules.owed import OWED, DeliveryView, error_of, handlers_of, next_due
from sensu.store.contract import Store
from sensu.store.values import CountedDeliveries

ORDERS = ("newest", "oldest")
READING_S = 0.5
"""For how long deliveries are read for one answer."""
GROUPS_MAX = 100
ERROR_CHARACTERS_MAX = 200
"""Errors in rows are cut; groups have them whole, because they choose deliveries."""


class DeliveryRow(msgspec.Struct, frozen=True):
    """A row of a list of deliveries. `event_at` and `due_at` (of the next attempt) are in Unix seconds, 0: unknown."""

    id: int
    state: str
    entity: str
    check: str
    handlers: Sequence[str]
    attempts: int
    error: str
    event_at: int
    due_at: float


class DeliveryGroup(msgspec.Struct, frozen=True):
    """The number of deliveries in a state to the same handlers with the same last error (empty: not tried yet)."""

    state: str
    handlers: Sequence[str]
    error: str
    number: int


class DeliveryRows(msgspec.Struct, frozen=True):
    """A page of a list of deliveries.

    `owed` and `dead` count those of the namespace. `total` and `groups` (the largest first, at most 100) count those
    that match. A list that was not read to its end is not `complete`; then `searched` deliveries were read. `held_back`
    says whether results have to wait because too many deliveries are pending.
    """

    total: int
    owed: int
    dead: int
    searched: int
    complete: bool
    held_back: bool
    groups: Sequence[DeliveryGroup]
    rows: Sequence[DeliveryRow]


class DeliveryRowsRequest(msgspec.Struct, frozen=True):
    """What part of which list is asked for."""

    where: Where
    order: str = ORDERS[0]
    offset: int = 0
    limit: int = LIMIT_DEFAULT


class DeliveryLists:
    """Lists the deliveries of a namespace as rows, for callers who may list them."""

    def __init__(
        self, store: Store, access: Access, deliveries: Deliveries, ports: DaemonPorts, peers: Peers, clock: Clock
    ) -> None:
        self._store, self._access, self._deliveries = store, access, deliveries
        self._ports, self._peers, self._clock = ports, peers, clock
        self._searches = AtOnce(SEARCHES_MAX)

    async def rows(self, caller: Identity, namespace: str, asked: DeliveryRowsRequest) -> Found | Refusal:
        """A page of the list, as JSON of `DeliveryRows`."""
        if not self._access.allows(caller, "list", RESOURCE, namespace=namespace):
            return Denied()
        problem = rows_problem(asked.order, asked.limit, asked.where.word, ORDERS)
        if problem:
            return Invalid(problem)
        with self._searches.admitted(caller) as admitted:
            return await self._page(namespace, asked) if admitted else TOO_MANY_SEARCHES

    async def _page(self, namespace: str, asked: DeliveryRowsRequest) -> Found | Invalid:
        matches = deliveries_where(asked.where)
        if isinstance(matches, Invalid):
            return matches
        found: list[DeliveryView] = []
        searched, complete, until = 0, True, self._clock.monotonic() + READING_S
        async with aclosing(self._deliveries.views(namespace, asked.where.state)) as parts:
            async for views in parts:
                searched += len(views)
                found += filter(matches, views)
                if self._clock.monotonic() >= until:
                    complete = False
                    break
        counts = (await self._store.delivery_counts(namespace)).get(namespace, CountedDeliveries())
        reports = [self._ports.activity(), *await self._peers.activity()]
        if asked.order == "newest":
            found.reverse()
        rows = DeliveryRows(
            total=len(found),
            owed=counts.owed,
            dead=counts.dead,
            searched=searched,
            complete=complete,
            held_back=any(report.held_back for report in reports),
            groups=_groups(found),
            rows=[_row(view) for view in found[asked.offset : asked.offset + asked.limit]],
        )
        return Found(msgspec.json.encode(rows))


def _groups(views: Sequence[DeliveryView]) -> list[DeliveryGroup]:
    numbers = Counter((view.state, handlers_of(view), error_of(view)) for view in views)
    return [DeliveryGroup(*group, number) for group, number in numbers.most_common(GROUPS_MAX)]


def _row(view: DeliveryView) -> DeliveryRow:
    error = error_of(view)
    return DeliveryRow(
        id=view.id,
        state=view.state,
        entity=view.entity,
        check=view.check,
        handlers=handlers_of(view),
        attempts=view.attempts,
        error=error if len(error) <= ERROR_CHARACTERS_MAX else f"{error[: ERROR_CHARACTERS_MAX - 1]}…",
        event_at=view.event_at,
        due_at=next_due(view) if view.state == OWED else 0.0,
    )
