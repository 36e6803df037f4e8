"""Puts the parts of eventd together."""

from collections.abc import Callable

from sensu.backend.basics import Basics
from sensu.backend.eventd.counters import Counters
from sensu.backend.eventd.daemon import Eventd
from sensu.backend.eventd.gate import Gate
from sensu.backend.stored_entities import StoredEntities
from sensu.rules.share import WHOLE, Share


def assembled(
    basics: Basics,
    entities: StoredEntities,
    counters: Counters,
    wake_deliveries: Callable[[], None],
    answered: Callable[[str, str, int], None],
    log_event: Callable[[bytes], None] | None = None,
    share: Share = WHOLE,
    held_up: Callable[[], bool] = lambda: False,
) -> Eventd:
    """The daemon; the arguments are those of `Eventd`."""
    store, settings = basics.store, basics.settings
    gate = Gate(
        store.deliveries_size,
        settings.deliveries_owed_max,
        settings.deliveries_bytes_max,
        senders_elsewhere=share.members > 1,
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
        share=share,
        held_up=held_up,
    )
