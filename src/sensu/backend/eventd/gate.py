"""Holds back events with handlers while too many deliveries are pending."""

from collections.abc import Callable

from sensu.backend.ports import IncomingEvent
from sensu.resources.check import KEEPALIVE
from sensu.rules.workflow import wants_handling
from sensu.store.values import DeliveriesSize

OPENS_AT = 0.9
"""The gate opens again when the pending deliveries fall below this part of the bounds."""
URGENT_UP_TO = 1.25
"""Keepalives and failure events pass up to this part of the bounds: without them, more failures would be reported."""
TOO_MANY = "too many deliveries are pending, try again later"


class DeliveryGate:
    """Bounds the number of pending deliveries, and the bytes of their events.

    Events in eventd's queue still pass when the gate closes, so the bounds are exceeded by at most one queue. Events
    that name no pipeline and no handler always pass.
    """

    def __init__(
        self, owed: Callable[[], DeliveriesSize], count_max: int, bytes_max: int, senders_elsewhere: bool = False
    ) -> None:
        """With `senders_elsewhere`, senders may be connected to other members, and are assumed to be paused."""
        self._senders_elsewhere = senders_elsewhere
        self._owed, self._count_max, self._bytes_max = owed, count_max, bytes_max
        self._closed = False
        self._pauses_senders = False

    def admits(self, incoming: IncomingEvent) -> bool:
        """Whether an event is admitted now."""
        if not wants_handling(incoming.event) or not self.is_closed():
            return True
        check = incoming.event.check
        urgent = incoming.failure or (check is not None and check.metadata.name == KEEPALIVE)
        return urgent and not self._exceeds(URGENT_UP_TO)

    def is_closed(self) -> bool:
        """Whether events with handlers must wait."""
        self._closed = self._exceeds(OPENS_AT if self._closed else 1.0)
        self._pauses_senders = self._pauses_senders and self._closed
        return self._closed

    def pause_senders(self) -> None:
        """Note that a sender is not read until the gate opens."""
        self._pauses_senders = True

    def pauses_senders(self) -> bool:
        """Whether senders are not read, so that missing results and keepalives are no failures."""
        return (self._pauses_senders or self._senders_elsewhere) and self.is_closed()

    def _exceeds(self, part: float) -> bool:
        owed = self._owed()
        return owed.count >= self._count_max * part or owed.bytes >= self._bytes_max * part
