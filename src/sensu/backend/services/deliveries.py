"""Lists, retries and discards deliveries: pending ones and dead letters."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from heapq import merge
from itertools import islice

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import Identity
from sensu.backend.ports import OfferedDeliveries as Pipelined
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.lists import Items, Pages, Walk, chosen_by
from sensu.backend.services.outcomes import Deleted, Denied, Found, Invalid, Listing, NotFound, Refusal, Written
from sensu.backend.services.pages import PageRequest, text_of, token_of
from sensu.errors import InvalidResource
from sensu.resources.event import Event
from sensu.resources.wire import decode, encode
from sensu.rules.bulk import Where
from sensu.rules.finding import has_words
from sensu.rules.owed import (
    DEAD,
    OWED,
    DeliveryView,
    Step,
    error_of,
    handlers_of,
    owed_workflows,
    steps_of,
    why_of,
)
from sensu.rules.selectors.selectable import Selectable, SelectableField, as_text
from sensu.store.contract import Store
from sensu.store.values import OweDelivery

RESOURCE = "deliveries"
"""The resource type of deliveries in roles. Of the built-in roles only `cluster-admin` includes it, through `*`."""
STATES = (OWED, DEAD)
UNKNOWN = NotFound("delivery not found")

_READ_AT_ONCE = 100
_ID_DIGITS_MAX = 18
_NAMES = ("id", "namespace", "state", "entity", "check", "event_id", "why")
_SELECTABLE = Selectable("delivery", {name: SelectableField((name,), as_text) for name in _NAMES}, ())

DeliveryEntry = tuple[int, OweDelivery, str, str]
"""The id of a delivery, by which lists are sorted; the delivery; its state; and the reason if it was given up."""


class Deliveries:
    """Lists, retries and discards deliveries for callers with the permission."""

    def __init__(self, store: Store, access: Access, pipelined: Pipelined, audit: AuditLog) -> None:
        self._store, self._access, self._pipelined, self._audit = store, access, pipelined, audit

    async def listing(self, caller: Identity, namespace: str, state: str, page: PageRequest) -> Listing | Refusal:
        """The deliveries of a namespace, sorted by id; `state` is one of `STATES`, or empty for all."""
        if not self._access.allows(caller, "list", RESOURCE, namespace=namespace):
            return Denied()
        if state not in ("", *STATES):
            return Invalid(f"state must be {OWED} or {DEAD}")
        selection = chosen_by(_SELECTABLE, page)
        if isinstance(selection, Invalid):
            return selection
        pages = Pages(self._walk(namespace, state), lambda delivery_id: (delivery_id,), selection)
        after = _number(text_of(page.after))
        return await pages.listing(page, after, lambda delivery_id: token_of(str(delivery_id)), None)

    async def get(self, caller: Identity, namespace: str, name: str) -> Found | Refusal:
        """One delivery, with its event."""
        if not self._access.allows(caller, "get", RESOURCE, name=name, namespace=namespace):
            return Denied()
        delivery_id = _number(name)
        found = None if delivery_id is None else await self._one(namespace, delivery_id)
        if found is None:
            return UNKNOWN
        event = _event_of(found[1])
        shown = encode(self._view(*found[1:]))
        return Found(shown if event is None else shown[:-1] + b',"event":' + found[1].event + b"}")

    async def retry(self, caller: Identity, namespace: str, name: str) -> Written | Refusal:
        """Retry a delivery at once. A dead letter becomes pending again, with all its attempts."""
        if not self._access.allows(caller, "update", RESOURCE, name=name, namespace=namespace):
            return Denied()
        delivery_id = _number(name)
        if delivery_id is None or (entry := await self._one(namespace, delivery_id)) is None:
            return UNKNOWN
        also = self._audit.of_delivery(caller, "retry", namespace, self._view(*entry[1:]))
        if not await self._pipelined.actions.retry(namespace, delivery_id, also):
            return UNKNOWN
        return Written(b'{"id":%d}' % delivery_id)

    async def discard(self, caller: Identity, namespace: str, name: str) -> Deleted | Refusal:
        """Discard a delivery. Attempts that are running may end."""
        if not self._access.allows(caller, "delete", RESOURCE, name=name, namespace=namespace):
            return Denied()
        delivery_id = _number(name)
        if delivery_id is None or (entry := await self._one(namespace, delivery_id)) is None:
            return UNKNOWN
        also = self._audit.of_delivery(caller, "discard", namespace, self._view(*entry[1:]))
        if not await self._pipelined.actions.discard(namespace, delivery_id, also):
            return UNKNOWN
        return Deleted()

    async def exists(self, namespace: str, name: str) -> bool:
        """Whether there is such a delivery."""
        delivery_id = _number(name)
        return delivery_id is not None and await self._one(namespace, delivery_id) is not None

    async def matching(self, namespace: str, where: Where, limit: int) -> list[str] | Invalid:
        """The ids of at most `limit` of the deliveries that a filter matches."""
        matches = deliveries_where(where)
        if isinstance(matches, Invalid):
            return matches
        found = list[str]()
        async for views in self.views(namespace, where.state):
            found += [str(view.id) for view in views if matches(view)]
            if len(found) >= limit:
                break
        return found[:limit]

    async def views(self, namespace: str, state: str, last: int = 0) -> AsyncGenerator[list[DeliveryView], None]:
        """The deliveries of a namespace in a state (empty for any) with ids above `last`, in order, some at a time."""
        while entries := await self._entries(state, last, _READ_AT_ONCE):
            last = entries[-1][0]
            found = [self._view(*entry[1:]) for entry in entries if entry[1].namespace == namespace]
            if found:
                yield found
            await asyncio.sleep(0)

    async def _one(self, namespace: str, delivery_id: int) -> DeliveryEntry | None:
        for entry in await self._entries("", delivery_id - 1, 1):
            if (entry[0], entry[1].namespace) == (delivery_id, namespace):
                return entry
        return None

    def _walk(self, namespace: str, state: str) -> Walk[int]:
        async def walk(after: int | None) -> AsyncIterator[Items[int]]:
            async for views in self.views(namespace, state, after or 0):
                yield [(view.id, encode(view)) for view in views]

        return walk

    async def _entries(self, state: str, after: int, limit: int) -> Sequence[DeliveryEntry]:
        """The next deliveries of all namespaces."""
        owed = () if state == DEAD else await self._store.deliveries_owed(limit, after)
        dead = () if state == OWED else await self._store.dead_letters(limit, after)
        entries = merge(
            ((each.id, each, OWED, "") for each in owed),
            ((each.id, each, DEAD, why) for each, why in dead),
            key=lambda entry: entry[0],
        )
        return list(islice(entries, limit))

    def _view(self, delivery: OweDelivery, state: str, why: str) -> DeliveryView:
        event = _event_of(delivery)
        entity, check = (None, None) if event is None else (event.entity, event.check)
        handlers = {} if event is None else self._pipelined.workflows.handlers(delivery.namespace, event)
        workflows = owed_workflows(_steps(delivery, handlers), handlers)
        return DeliveryView(
            id=delivery.id,
            namespace=delivery.namespace,
            state=state,
            entity="" if entity is None else entity.metadata.name,
            check="" if check is None else check.metadata.name,
            event_id="" if event is None else event.id or "",
            event_at=0 if event is None else event.timestamp,
            attempts=delivery.attempts,
            due_at=delivery.due_at if state == OWED else 0.0,
            why=why or why_of(workflows),
            workflows=workflows,
        )


def deliveries_where(where: Where) -> Callable[[DeliveryView], bool] | Invalid:
    """Whether a delivery matches a filter; words are parts of `entity/check`, handlers' names and the error."""
    if where.state not in ("", *STATES):
        return Invalid(f"state must be {OWED} or {DEAD}")
    selectors = PageRequest(label_selectors=where.label_selectors, field_selectors=where.field_selectors)
    selection = chosen_by(_SELECTABLE, selectors)
    if isinstance(selection, Invalid):
        return selection
    wanted = None if where.handlers is None else sorted(where.handlers)

    def matches(view: DeliveryView) -> bool:
        handlers, error = handlers_of(view), error_of(view)
        return (
            (not where.state or view.state == where.state)
            and (wanted is None or wanted == sorted(handlers))
            and (where.error is None or where.error == error)
            and has_words(" ".join((f"{view.entity}/{view.check}", *handlers, error)), where.word)
            and (selection is None or selection.holds(encode(view)))
        )

    return matches


def _steps(delivery: OweDelivery, handlers: Mapping[str, str]) -> Mapping[str, Step]:
    """The remaining workflows; untried ones are those of the event."""
    try:
        steps = steps_of(delivery.rest, delivery.due_at)
    except InvalidResource:
        return {}
    return dict.fromkeys(handlers, Step()) if steps is None else steps


def _event_of(delivery: OweDelivery) -> Event | None:
    """The event, None if it cannot be read."""
    try:
        return decode(Event, delivery.event)
    except InvalidResource:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX else None
