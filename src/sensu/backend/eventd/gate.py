"""Holds back events that handlers would be owed while too much is owed already."""

from collections.abc import Callable

from sensu.backend.seams import IncomingEvent
from sensu.resources.check import KEEPALIVE
from sensu.rules.workflow import wants_handling
from sensu.store.contract import DeliveriesSize

OPENS_AT = 0.9
"""The gate opens again when what is owed is below this part of the bounds."""
URGENT_UP_TO = 1.25
"""Keepalives and alarms pass until this many times the bounds are owed: silence would only raise more alarms."""
TOO_MANY = "too many deliveries are owed, try again later"


class Gate:
    """Bounds what is owed: so many deliveries, so many bytes of events.

    What waits in eventd's queue when the gate closes passes still, so that the bounds are exceeded by a queue at most.
    Events that name no pipeline and no handler always pass.
    """

    def __init__(
        self, owed: Callable[[], DeliveriesSize], count_max: int, bytes_max: int, senders_elsewhere: bool = False
    ) -> None:
        """With `senders_elsewhere` it is not known here whether a sender is not read; then it is taken for granted."""
        self._senders_elsewhere = senders_elsewhere
        self._owed, self._count_max, self._bytes_max = owed, count_max, bytes_max
        self._closed = False
        self._pauses_senders = False

    def admits(self, incoming: IncomingEvent) -> bool:
        """Whether an event may come in."""
        if not wants_handling(incoming.event) or not self.is_closed():
            return True
        check = incoming.event.check
        urgent = incoming.failure or (check is not None and check.metadata.name == KEEPALIVE)
        return urgent and not self._exceeds(URGENT_UP_TO)

    def is_closed(self) -> bool:
        """Whether events that would be owed must wait."""
        self._closed = self._exceeds(OPENS_AT if self._closed else 1.0)
        self._pauses_senders = self._pauses_senders and self._closed
        return self._closed

    def pause_senders(self) -> None:
        """A sender is not read any more until the gate opens."""
        self._pauses_senders = True

    def pauses_senders(self) -> bool:
        """Whether a sender is not read, so that the silence of its checks means nothing."""
        return (self._pauses_senders or self._senders_elsewhere) and self.is_closed()

    def _exceeds(self, part: float) -> bool:
        owed = self._owed()
        return owed.count >= self._count_max * part or owed.bytes >= self._bytes_max * part
