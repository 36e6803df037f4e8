"""Keepalive events."""

import uuid

import msgspec

from sensu.agent.settings import AgentSettings
from sensu.resources.check import KEEPALIVE, Check
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta


def keepalive(settings: AgentSettings, entity: Entity, sequence: int, now: float) -> Event:
    """The keepalive to send at `now`; `sequence` counts from 1 in each session.

    The entity of an agent that manages its entity has `created_by`, in keepalives only.
    Source: recorded scenarios agent-first-frames, agent-first-frames-flags and agent-managed.
    """
    if settings.agent_managed_entity:
        metadata = msgspec.structs.replace(entity.metadata, created_by=settings.user)
        entity = msgspec.structs.replace(entity, metadata=metadata)
    return Event(
        check=Check(
            metadata=ObjectMeta(name=KEEPALIVE, namespace=entity.metadata.namespace),
            interval=settings.keepalive_interval,
            timeout=settings.keepalive_warning_timeout,
            ttl=settings.keepalive_critical_timeout,
        ),
        entity=entity,
        id=str(uuid.uuid4()),
        metadata=ObjectMeta(
            namespace=entity.metadata.namespace,
            labels=settings.keepalive_check_labels,
            annotations=settings.keepalive_check_annotations,
        ),
        pipelines=settings.pipelines or None,
        sequence=sequence,
        timestamp=int(now),
    )
