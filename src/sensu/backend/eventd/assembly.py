"""Puts the parts of eventd together."""

from collections.abc import Callable

from sensu.backend.basics import Basics
from sensu.backend.eventd.counters import EventCounters
from sensu.backend.eventd.daemon import Eventd
from sensu.backend.eventd.gate import DeliveryGate
from sensu.backend.membership import ALONE, Ownership
from sensu.backend.stored_entities import StoredEntities


def assembled(
    basics: Basics,
    entities: StoredEntities,
    counters: EventCounters,
    wake_deliveries: Callable[[], None],
    answered: Callable[[str, str, int], None],
    log_event: Callable[[bytes], None] | None = None,
    ownership: Ownership = ALONE,
) -> Eventd:
    """The daemon; the arguments are those of `Eventd`."""
    store, settings = basics.store, basics.settings
    gate = DeliveryGate(
        store.deliveries_size,
        settings.deliveries_owed_max,
        settings.deliveries_bytes_max,
        senders_elsewhere=not ownership.alone,
    )
    return Eventd(
        store,
        basics.records,
        entities,
        counters,
        basics.clock,
        wake_deliveries,
        keeps_results=settings.history_retention > 0,
        answered=answered,
        gate=gate,
        log_event=log_event,
        ownership=ownership,
    )
