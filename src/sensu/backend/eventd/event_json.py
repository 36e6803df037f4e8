"""Encodes decided events, for the store and for handlers."""

from operator import attrgetter

import msgspec

from sensu.backend.stored_form import entity_in_event
from sensu.resources.check import Check
from sensu.resources.event import Event, EventAroundEntity, around
from sensu.resources.wire import canonical, encode
from sensu.rules.check_state import truncated

_nullable = attrgetter(
    "runtime_assets", "check_hooks", "output_metric_handlers", "env_vars", "secrets", "proxy_requests", "history"
)
_nested = attrgetter("hooks", "output_metric_thresholds", "subdues", "proxy_requests")
_EMPTY = ()


def stored_json(event: Event, entity_json: msgspec.Raw | None = None) -> bytes:
    """The event as it is stored: canonical, without metrics, output truncated; `entity_json` is used if it is known."""
    check, entity = event.check, event.entity
    assert check is not None
    assert entity is not None
    check = truncated(check)
    return encode(
        EventAroundEntity(
            check=check if _is_canonical(check) else canonical(check),
            entity=entity_in_event(entity) if entity_json is None else entity_json,
            id=event.id or None,
            metadata=event.metadata,
            pipelines=event.pipelines or None,
            sequence=event.sequence,
            timestamp=event.timestamp,
        )
    )


def delivery_json(event: Event, entity_json: msgspec.Raw | None = None) -> bytes:
    """The whole event, as handlers receive it; `entity_json` is used if it is known."""
    return encode(event if entity_json is None else around(event, entity_json))


def _is_canonical(check: Check) -> bool:
    """Whether `canonical` would change nothing: a cheap test for every event, as `canonical` visits the whole check."""
    if check.duration == 0 and type(check.duration) is float:
        return False
    return _EMPTY not in _nullable(check) and not any(_nested(check))
