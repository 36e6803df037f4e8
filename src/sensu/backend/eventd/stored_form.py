"""The two forms of a decided event: as handlers get it, and as the store keeps it."""

from operator import attrgetter

import msgspec

from sensu.resources.check import Check
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.wire import encode, settled
from sensu.rules.check_state import truncated

_nullable_of_check = attrgetter(
    "runtime_assets", "check_hooks", "output_metric_handlers", "env_vars", "secrets", "proxy_requests", "history"
)
_nested_of_check = attrgetter("hooks", "output_metric_thresholds", "subdues", "proxy_requests")
_EMPTY = ()


def bodies(event: Event) -> tuple[bytes, bytes]:
    """The JSON that handlers get and the JSON that is stored, the same object where they do not differ."""
    whole = encode(event)
    kept = truncated(event)
    if event.metrics is not None:
        kept = msgspec.structs.replace(kept, metrics=None)
    if kept is event and _is_settled(event):
        return whole, whole
    return whole, encode(settled(kept))


def _is_settled(event: Event) -> bool:
    """Whether `settled` surely changes nothing; it is asked for every event and `settled` looks at all of it."""
    check, entity = event.check, event.entity
    assert check is not None
    assert entity is not None
    return event.pipelines != _EMPTY and _check_is_settled(check) and _entity_is_settled(entity)


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
