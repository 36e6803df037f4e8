"""Event filters, which decide whether an event reaches a handler."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.time_window import TimeWindowWhen
from sensu.resources.wire import Wire, always, always_null


class EventFilter(Wire, frozen=True):
    """Expressions and time windows that allow or deny events."""

    metadata: ObjectMeta = always(ObjectMeta)
    action: str = ""
    expressions: tuple[str, ...] | None = always_null()
    when: TimeWindowWhen | None = None
    runtime_assets: tuple[str, ...] | None = always_null()
