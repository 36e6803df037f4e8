"""The gate that holds back what handlers would be owed."""

import pytest

from sensu.backend.eventd.gate import DeliveryGate
from sensu.backend.ports import IncomingEvent
from sensu.store.values import DeliveriesSize
from sensu.testing.factories import make_check, make_entity, make_event

HANDLED = IncomingEvent(make_event(make_entity(), make_check(handlers=("h",))))
QUIET = IncomingEvent(make_event(make_entity(), make_check()))
FAILURE = IncomingEvent(HANDLED.event, failure=True)
KEEPALIVE = IncomingEvent(make_event(make_entity(), make_check("keepalive", handlers=("h",))))


class Owed:
    """What is owed, as a test says."""

    def __init__(self) -> None:
        self.count = self.bytes = 0

    def size(self) -> DeliveriesSize:
        return DeliveriesSize(self.count, self.bytes)


@pytest.mark.parametrize("bound", ["count", "bytes"])
def test_the_gate_closes_at_either_bound_and_opens_clearly_below(bound: str) -> None:
    """It does not flutter at the bound, whichever of the two was reached."""
    owed = Owed()
    gate = DeliveryGate(owed.size, 100, 100)
    for number, admitted in ((99, True), (100, False), (99, False), (90, False), (89, True), (99, True), (100, False)):
        setattr(owed, bound, number)
        assert gate.admits(HANDLED) is admitted, number
        assert gate.admits(QUIET)


@pytest.mark.parametrize("urgent", [FAILURE, KEEPALIVE])
def test_what_is_urgent_passes_up_to_a_bound_of_its_own(urgent: IncomingEvent) -> None:
    """Keepalives and failure events pass for longer, up to a limit."""
    owed = Owed()
    gate = DeliveryGate(owed.size, 100, 10**9)
    owed.count = 124
    assert gate.admits(urgent)
    owed.count = 125
    assert not gate.admits(urgent)


def test_senders_are_paused_only_while_the_gate_is_closed() -> None:
    """A pause ends when the gate opens, and does not begin again by itself when it closes."""
    owed = Owed()
    gate = DeliveryGate(owed.size, 100, 10**9)
    owed.count = 100
    assert not gate.pauses_senders()
    gate.pause_senders()
    assert gate.pauses_senders()
    owed.count = 10
    assert not gate.pauses_senders()
    owed.count = 100
    assert not gate.pauses_senders()
