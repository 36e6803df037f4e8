"""What the store keeps of a decided event."""

from operator import attrgetter

import msgspec

from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.wire import settled
from sensu.rules.check_state import truncated

_nullable_of_check = attrgetter(
    "runtime_assets", "check_hooks", "output_metric_handlers", "env_vars", "secrets", "proxy_requests", "history"
)
_nested_of_check = attrgetter("hooks", "output_metric_thresholds", "subdues", "proxy_requests")
_EMPTY = ()


def kept_of(event: Event) -> Event:
    """The event as it is stored: without metrics and what is too long, settled; the same object where that is all."""
    kept = truncated(event)
    if kept.metrics is not None or kept.pipelines == _EMPTY:
        kept = msgspec.structs.replace(kept, metrics=None, pipelines=kept.pipelines or None)
    return kept if _is_settled(kept) else settled(kept)


def _is_settled(event: Event) -> bool:
    """Whether `settled` surely changes nothing; it is asked for every event and `settled` looks at all of it."""
    check, entity = event.check, event.entity
    assert check is not None
    assert entity is not None
    return _check_is_settled(check) and _entity_is_settled(entity)


def _check_is_settled(check: Check) -> bool:
    if check.duration == 0 and type(check.duration) is float:
        return False
    return _EMPTY not in _nullable_of_check(check) and not any(_nested_of_check(check))


def _entity_is_settled(entity: Entity) -> bool:
    system = entity.system
    interfaces = system.network.interfaces
    if interfaces == _EMPTY or system.processes == _EMPTY or entity.subscriptions == _EMPTY:
        return False
    return not interfaces or all(interface.addresses != _EMPTY for interface in interfaces)
