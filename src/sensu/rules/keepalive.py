"""Decides what a keepalive, or a missing one, leads to.

Source: docs, agent reference (keepalive monitoring); recorded scenarios keepalive-first, keepalive-timeout,
keepalive-deregister.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.entity import AGENT_CLASS, MANAGED_BY_LABEL, Entity, EntityConfig
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta

WARNING_TIMEOUT_DEFAULT_S = 120
WARNING, CRITICAL = 1, 2
SCHEDULER = "etcd"
"""The `scheduler` of keepalive events on the wire."""
MANAGED_BY_AGENT = "sensu-agent"
_ON_TIME_S = 1.5
_EARLY_S = 0.01


def warning_timeout_s(check: Check) -> int:
    """Seconds without a keepalive until the first failure event; without a warning stage, until the critical one."""
    return check.timeout or (check.ttl if check.ttl > 0 else WARNING_TIMEOUT_DEFAULT_S)


def keepalive_event(keepalive: Event, now: float, event_id: str) -> Event:
    """The event that is stored and handled for an agent's keepalive."""
    check, entity, second = keepalive.check, keepalive.entity, int(now)
    assert check is not None
    assert entity is not None
    seen = msgspec.structs.replace(entity, last_seen=keepalive.timestamp)
    metadata = ObjectMeta(
        name=KEEPALIVE,
        namespace=entity.metadata.namespace,
        labels=check.metadata.labels,
        annotations=check.metadata.annotations,
    )
    alive = Check(
        handlers=entity.keepalive_handlers or (KEEPALIVE,),
        interval=check.interval,
        timeout=check.timeout,
        ttl=check.ttl,
        executed=second,
        issued=second,
        output=f"Keepalive last sent from {entity.metadata.name} at {_in_words(keepalive.timestamp)}",
        metadata=metadata,
        scheduler=SCHEDULER,
    )
    return msgspec.structs.replace(keepalive, check=alive, entity=seen, id=event_id, timestamp=second, metrics=None)


def _in_words(timestamp: int) -> str:
    try:
        return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} +0000 UTC"
    except (OverflowError, ValueError, OSError):
        return f"{timestamp} seconds after 1970-01-01"


def seen_entity(stored: Entity | None, keepalive: Event) -> Entity:
    """The entity to store: configuration from the stored entity, observed state from the keepalive.

    A proxy entity becomes an agent entity when an agent connects under its name, and keeps its configuration. A new
    entity is stored as its agent sends it. An agent-managed entity takes its configuration from the first keepalive of
    a session, and from the first one after the agent stops managing it.
    """
    entity = keepalive.entity
    assert entity is not None
    if stored is None or _takes_configuration(stored, entity, keepalive.sequence):
        return msgspec.structs.replace(entity, last_seen=keepalive.timestamp)
    return msgspec.structs.replace(
        stored,
        entity_class=AGENT_CLASS if entity.entity_class == AGENT_CLASS else stored.entity_class,
        system=entity.system,
        last_seen=keepalive.timestamp,
        sensu_agent_version=entity.sensu_agent_version,
    )


def same_configuration(one: Entity, other: Entity) -> bool:
    """Whether two versions of an entity have the same configuration, and differ at most in what was observed."""
    return all(getattr(one, name) == getattr(other, name) for name in EntityConfig.__struct_fields__)


def _takes_configuration(stored: Entity, entity: Entity, sequence: int) -> bool:
    managed = entity.metadata.labels.get(MANAGED_BY_LABEL) == MANAGED_BY_AGENT
    was_managed = stored.metadata.labels.get(MANAGED_BY_LABEL) == MANAGED_BY_AGENT
    return sequence == 1 if managed else was_managed


def registration_event(entity: Entity, now: float) -> Event:
    """The event that the handler `registration` receives for a new agent; it is not stored."""
    check = _notice("registration", entity, "registration")
    return Event(
        check=check, entity=entity, metadata=ObjectMeta(namespace=entity.metadata.namespace), timestamp=int(now)
    )


def deregistration_event(entity: Entity, now: float, event_id: str, default_handler: str = "") -> Event | None:
    """The event for the deregistration handler of an entity, or the default one; None without either; not stored."""
    handler = entity.deregistration.handler or default_handler
    if not handler:
        return None
    return Event(check=_notice("deregistration", entity, handler), entity=entity, id=event_id, timestamp=int(now))


def _notice(name: str, entity: Entity, handler: str) -> Check:
    metadata = ObjectMeta(name=name, namespace=entity.metadata.namespace)
    return Check(metadata=metadata, handlers=(handler,), interval=1, status=WARNING)


def resolved_by_deregistration(stored: Event) -> Event:
    """The last event of a check whose entity is deregistered."""
    check = stored.check
    assert check is not None
    resolved = msgspec.structs.replace(
        check, status=0, state="passing", output="Resolving due to entity deregistering", history=()
    )
    return msgspec.structs.replace(stored, check=resolved)


@dataclass(frozen=True, slots=True)
class MissingKeepalive:
    """The failure event to store, and when the next one is due."""

    event: Event
    due_after_s: float


def arrived_meanwhile(stored: Event, now: float) -> bool:
    """Whether the stored keepalive is recent, so that the expired deadline is that of an earlier one."""
    check = stored.check
    assert check is not None
    return check.status == 0 and 0 <= now - check.executed < warning_timeout_s(check) - _ON_TIME_S


def missing(stored: Event, entity: Entity, now: float, event_id: str) -> MissingKeepalive:
    """The failure event for an agent whose last keepalive event is `stored` and whose deadline has passed."""
    check = stored.check
    assert check is not None
    warning_s = warning_timeout_s(check)
    missing_s = max(now - (check.last_ok or entity.last_seen), _missing_at_least_s(check, warning_s))
    critical = check.ttl > 0 and missing_s + _EARLY_S >= check.ttl
    limit_s = check.ttl if critical else warning_s
    second = int(now)
    failing = msgspec.structs.replace(
        check,
        status=CRITICAL if critical else WARNING,
        output=f"No keepalive sent from {entity.metadata.name} for {int(missing_s + _EARLY_S)} seconds (>= {limit_s})",
        executed=second,
        issued=second,
    )
    event = msgspec.structs.replace(stored, check=failing, entity=entity, id=event_id, timestamp=second, metrics=None)
    return MissingKeepalive(event, next_failure_s(missing_s, warning_s, check.ttl) - missing_s)


def _missing_at_least_s(check: Check, warning_s: int) -> float:
    """How long keepalives have been missing by the number of failures so far, in case the clock was set back."""
    history = check.history or ()
    failures = next((at for at, entry in enumerate(reversed(history)) if entry.status == 0), len(history))
    failures = max(failures, check.occurrences if check.status != 0 else 0)
    steady_s = float(warning_s * (failures + 1))
    return min(steady_s, max(warning_s, check.ttl)) if check.ttl > 0 else steady_s


def next_failure_s(missing_s: float, warning_s: int, critical_s: int) -> float:
    """When the next failure event is due, in seconds without a keepalive, after one at `missing_s`.

    Failure events follow at each multiple of the warning timeout and at the critical timeout, and after that at the
    next multiple that is at least a warning timeout away.
    """
    periods, into_period_s = divmod(missing_s, warning_s)
    following = (periods + 1) * warning_s
    if critical_s > 0 and missing_s + _EARLY_S < critical_s:
        return min(following, critical_s)
    return following if into_period_s < _ON_TIME_S else following + warning_s
