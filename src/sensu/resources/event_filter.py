"""Event filters: which events reach a handler."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.time_window import TimeWindowWhen
from sensu.resources.wire import Wire, always, always_null


class EventFilter(Wire, frozen=True):
    """Expressions and windows of time that allow or deny events."""

    metadata: ObjectMeta = always(ObjectMeta)
    action: str = ""
    expressions: tuple[str, ...] | None = always_null()
    when: TimeWindowWhen | None = None
    runtime_assets: tuple[str, ...] | None = always_null()
