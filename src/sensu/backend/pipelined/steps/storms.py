"""Gathers the deliveries of notify handlers in a storm, and sends their digests.

What is gathered stays pending in the store, so that a restart loses nothing; it is settled when a message that contains
it went out. Each process gathers for itself.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.log import fields
from sensu.notify.sending import SendRequest, SendResult
from sensu.rules.event_row import listed_body
from sensu.rules.notify.digest import DIGEST, DigestItem, digest_of
from sensu.rules.notify.occasions import FLAPS, PROBLEM, RESOLVED
from sensu.rules.notify.plan import Owed, PlanState, StormSettings, arrived, plan
from sensu.store.contract import Store
from sensu.store.values import EventKey

log = logging.getLogger("sensu.pipelined")

HANDLERS_MAX = 1_000
"""Handlers whose recent messages are remembered; beyond it, those for which nothing waits are forgotten."""

SendMessages = Callable[[Mapping[str, SendRequest]], Awaitable[Mapping[str, SendResult]]]
HandlerName = tuple[str, str]
"""A namespace and the name of a handler in it."""


class SentAlone(NamedTuple):
    """The delivery has a message of its own, to be sent now."""


class Withdrawn(NamedTuple):
    """The delivery was discarded, or is another member's now."""


class InDigest(NamedTuple):
    """The digest that contains the delivery was sent: the result by service; `is_over` if it said so of the problem."""

    results: Mapping[str, SendResult]
    is_over: bool


Verdict = SentAlone | Withdrawn | InDigest


class Gatherable(NamedTuple):
    """A delivery that may be gathered: its event, its line in a digest, and its own messages by service."""

    delivery_id: str
    event: EventKey
    item: DigestItem
    requests: Mapping[str, SendRequest]
    list_url: str = ""


@dataclass(slots=True)
class _Waiting:
    gatherable: Gatherable
    at: float
    verdict: "asyncio.Future[Verdict]"


@dataclass(slots=True)
class _Gathering:
    """What waits for one handler."""

    settings: StormSettings
    state: PlanState = PlanState()
    waiting: dict[int, _Waiting] = field(default_factory=dict)
    timer: asyncio.Task[None] | None = None


class Storms:
    """Decides for each delivery of a notify handler whether it has its own message or is part of a digest."""

    def __init__(self, store: Store, clock: Clock, send: SendMessages) -> None:
        self._store, self._clock, self._send = store, clock, send
        self._handlers: dict[HandlerName, _Gathering] = {}
        self._numbers = itertools.count()
        self._sending: set[asyncio.Task[None]] = set()

    async def verdict(self, handler: HandlerName, settings: StormSettings, gatherable: Gatherable) -> Verdict:
        """Return at once, or when the digest that contains the delivery was sent."""
        gathering, now = self._gathering(handler), self._clock.monotonic()
        gathering.settings = settings
        number, verdict = next(self._numbers), asyncio.get_running_loop().create_future()
        gathering.waiting[number] = _Waiting(gatherable, now, verdict)
        if gatherable.item.happened in (PROBLEM, FLAPS):
            gathering.state = arrived(gathering.state, now)
        self._step(gathering)
        try:
            found: Verdict = await verdict
            return found
        finally:
            gathering.waiting.pop(number, None)

    def end_wait(self, delivery: int, *, sends: bool) -> None:
        """Stop gathering a delivery: it is sent alone now, or not at all."""
        for gathering in self._handlers.values():
            for waiting in gathering.waiting.values():
                if waiting.gatherable.delivery_id.startswith(f"{delivery}:") and not waiting.verdict.done():
                    waiting.verdict.set_result(SentAlone() if sends else Withdrawn())

    def close(self) -> None:
        """Send no more digests."""
        timers = [gathering.timer for gathering in self._handlers.values() if gathering.timer is not None]
        for task in (*timers, *self._sending):
            task.cancel()

    def _gathering(self, handler: HandlerName) -> _Gathering:
        if len(self._handlers) >= HANDLERS_MAX and handler not in self._handlers:
            idle = [name for name, one in self._handlers.items() if not one.waiting and one.timer is None]
            for name in idle:
                del self._handlers[name]
        return self._handlers.setdefault(handler, _Gathering(StormSettings()))

    def _step(self, gathering: _Gathering) -> None:
        """Carry out the plan for what waits now."""
        now = self._clock.monotonic()
        waiting = {number: one for number, one in gathering.waiting.items() if not one.verdict.done()}
        owed = [Owed(number, one.at) for number, one in waiting.items()]
        found = plan(now, owed, gathering.state, gathering.settings)
        gathering.state = found.state
        for sending in found.sendings:
            together = [waiting[number] for number in sending.ids]
            for number in sending.ids:
                gathering.waiting.pop(number, None)
            if len(together) == 1:
                together[0].verdict.set_result(SentAlone())
            else:
                task = asyncio.create_task(self._digest(together))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
        if gathering.timer is not None:
            gathering.timer.cancel()
        gathering.timer = None
        if found.again_at is not None:
            gathering.timer = asyncio.create_task(self._step_at(gathering, found.again_at))

    async def _step_at(self, gathering: _Gathering, at: float) -> None:
        while (left_s := at - self._clock.monotonic()) > 0:
            await self._clock.sleep(left_s)
        gathering.timer = None
        self._step(gathering)

    async def _digest(self, together: Sequence[_Waiting]) -> None:
        """Send a digest to each service, and tell every delivery in it."""
        results: Mapping[str, SendResult] = {}
        over = await self._over(together)
        items = [with_end(one.gatherable.item, one.gatherable.event in over) for one in together]
        try:
            results = await self._send(_requests(together, items))
        except Exception as err:
            log.exception("a digest cannot be sent", extra=fields(deliveries=len(together)))
            keys = {key for one in together for key in one.gatherable.requests}
            results = dict.fromkeys(keys, SendResult(type(err).__name__))
        for one, item in zip(together, items, strict=True):
            if not one.verdict.done():
                own = {key: results[key] for key in one.gatherable.requests}
                one.verdict.set_result(InDigest(own, item.is_over))

    async def _over(self, together: Sequence[_Waiting]) -> set[EventKey]:
        """The events that are passing by now."""
        keys = [one.gatherable.event for one in together if one.gatherable.item.happened != RESOLVED]
        with contextlib.suppress(StoreError):
            stored = await self._store.get_events(keys)
            return {key for key, event in stored.items() if not listed_body(event.body).check.status}
        return set()


def with_end(item: DigestItem, is_passing: bool) -> DigestItem:
    """The item, over if it was a problem that passes by now."""
    return item._replace(is_over=True) if is_passing and item.status and item.happened != RESOLVED else item


def _requests(together: Sequence[_Waiting], items: Sequence[DigestItem]) -> dict[str, SendRequest]:
    """The digests by service: each has the deliveries that the service would have got messages about."""
    requests: dict[str, SendRequest] = {}
    for key in dict.fromkeys(key for one in together for key in one.gatherable.requests):
        chosen = [place for place, one in enumerate(together) if key in one.gatherable.requests]
        newest = together[chosen[-1]].gatherable
        message = digest_of([items[place] for place in chosen], newest.list_url)
        last = newest.requests[key]
        requests[key] = SendRequest(last.url, message, last.timeout_s, DIGEST)
    return requests
