"""Whether this member may begin attempts: it must not while another one may have taken over its deliveries."""

from sensu.backend.pipelined.queue.delivery import PendingDelivery
from sensu.clock import Clock
from sensu.errors import StoreError
from sensu.store.contract import ChangeFeed

AGAIN_S = 0.5
"""How often to look whether attempts may begin again."""


async def until_valid(feed: ChangeFeed, clock: Clock, pending: PendingDelivery) -> None:
    """Return when no other member can have taken the delivery over unnoticed, or when it is stopped anyway."""
    while not pending.is_stopped:
        try:
            await feed.caught_up()
        except StoreError:
            await clock.sleep(AGAIN_S)
        else:
            return
