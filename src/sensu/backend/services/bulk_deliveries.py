"""Bulk requests on deliveries: retry and discard."""

from collections.abc import Awaitable, Callable

from sensu.backend.auth.identity import Identity
from sensu.backend.membership import Ownership
from sensu.backend.services.bulk import Action, Bulk, BulkOutcome, BulkRuns, Lines
from sensu.backend.services.deliveries import RESOURCE, Deliveries
from sensu.backend.services.outcomes import Deleted, Invalid, NotFound, Refusal, Unavailable
from sensu.backend.services.payload import Payload, decoded
from sensu.rules.bulk import BulkLine, BulkOfNamed, BulkRequest, Where
from sensu.rules.share import slot_of_delivery

Elsewhere = Callable[[int, Identity, str, str], Awaitable[int]]
"""Has another member do an action (`retry`, `discard`) with a delivery; returns the status of its answer."""

_NOT_FOUND, _UNAVAILABLE = 404, 500


class BulkOnDeliveries:
    """Acts on many deliveries, for callers who may do so for each of them; each at the member that handles it."""

    def __init__(self, deliveries: Deliveries, runs: BulkRuns, ownership: Ownership) -> None:
        self._deliveries, self._runs, self._ownership = deliveries, runs, ownership

    async def begin(self, caller: Identity, namespace: str, payload: Payload, elsewhere: Elsewhere) -> Lines | Refusal:
        """The lines of the answer, as deliveries are acted on."""
        request = await decoded(BulkOfNamed, payload)
        if isinstance(request, Invalid):
            return request

        async def act(caller: Identity, name: str, request: BulkRequest) -> BulkOutcome:
            member = self._ownership.owner_of(slot_of_delivery(int(name)))
            if member != self._ownership.member:
                return _outcome_of(await elsewhere(member, caller, name, request.action))
            if request.action == "retry":
                return await self._deliveries.retry(caller, namespace, name)
            return await self._deliveries.discard(caller, namespace, name)

        async def matching(where: Where, limit: int) -> list[str] | Invalid:
            return await self._deliveries.matching(namespace, where, limit)

        async def exists(name: str) -> bool:
            return await self._deliveries.exists(namespace, name)

        actions = {
            "retry": Action("update", RESOURCE, _name, act),
            "discard": Action("delete", RESOURCE, _name, act),
        }
        bulk = Bulk(RESOURCE, namespace, actions, matching, exists, lambda name: BulkLine(delivery=name))
        return await self._runs.begin(caller, bulk, request, None if request.of is None else list(map(str, request.of)))


def _name(name: str) -> str:
    return name


def _outcome_of(status: int) -> BulkOutcome:
    if status < 300:
        return Deleted()
    if status == _NOT_FOUND:
        return NotFound("delivery not found")
    if status >= _UNAVAILABLE:
        return Unavailable("the worker that handles the delivery does not answer")
    return Invalid(f"the worker that handles the delivery refused with status {status}")
