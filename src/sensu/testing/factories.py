"""Creates valid resources for tests; arguments override the fields that matter to a test."""

from collections.abc import Mapping, Sequence
from typing import Any

from sensu.resources.check import KEEPALIVE, Check, CheckConfig
from sensu.resources.entity import AGENT_CLASS, PROXY_CLASS, Entity, EntityConfig
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.metrics import MetricPoint, Metrics
from sensu.resources.silenced import Silenced

NAMESPACE = "default"


def make_metadata(name: str, namespace: str = NAMESPACE, labels: Mapping[str, str] | None = None) -> ObjectMeta:
    """Metadata of a namespaced resource."""
    return ObjectMeta(name=name, namespace=namespace, labels=dict(labels or {}))


def make_check(name: str = "http", status: int = 0, *, namespace: str = NAMESPACE, **fields: Any) -> Check:
    """A result of a check that runs once a minute."""
    return Check(metadata=make_metadata(name, namespace), status=status, **{"interval": 60, **fields})


def make_check_config(name: str = "http", *, namespace: str = NAMESPACE, **fields: Any) -> CheckConfig:
    """A published check that runs once a minute for the subscription `linux`."""
    defaults = {"command": "true", "interval": 60, "publish": True, "subscriptions": ("linux",)}
    return CheckConfig(metadata=make_metadata(name, namespace), **{**defaults, **fields})


def make_entity(
    name: str = "web1",
    *,
    namespace: str = NAMESPACE,
    subscriptions: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    **fields: Any,
) -> Entity:
    """An agent's entity."""
    return Entity(
        metadata=make_metadata(name, namespace, labels),
        subscriptions=(*subscriptions, f"entity:{name}"),
        **{"entity_class": AGENT_CLASS, **fields},
    )


def make_proxy(name: str = "router1", **fields: Any) -> Entity:
    """An entity without an agent."""
    return make_entity(name, **{"entity_class": PROXY_CLASS, **fields})


def make_entity_config(name: str = "web1", *, namespace: str = NAMESPACE, **fields: Any) -> EntityConfig:
    """The configuration of an entity."""
    labels = fields.pop("labels", None)
    return EntityConfig(
        metadata=make_metadata(name, namespace, labels),
        **{"entity_class": AGENT_CLASS, "subscriptions": (f"entity:{name}",), **fields},
    )


def make_event(entity: Entity | None = None, check: Check | None = None, **fields: Any) -> Event:
    """An event of a check on an entity; its time is the check's."""
    entity = entity or make_entity()
    check = check or make_check()
    defaults = {"metadata": ObjectMeta(namespace=entity.metadata.namespace), "timestamp": check.executed}
    return Event(entity=entity, check=check, **{**defaults, **fields})


def make_metrics_event(entity: Entity | None = None, handlers: Sequence[str] = ("influx",), **fields: Any) -> Event:
    """An event with one point and no check."""
    entity = entity or make_entity()
    points = (MetricPoint(name="cpu", value=1.5, timestamp=1_700_000_000),)
    metrics = Metrics(handlers=tuple(handlers), points=points)
    return Event(entity=entity, metrics=metrics, metadata=ObjectMeta(namespace=entity.metadata.namespace), **fields)


def make_keepalive(
    entity: Entity | None = None, *, timestamp: int, timeout: int = 120, critical: int = 0, **fields: Any
) -> Event:
    """A keepalive as an agent sends it, once in 20 seconds."""
    entity = entity or make_entity()
    check = make_check(KEEPALIVE, interval=20, timeout=timeout, ttl=critical, namespace=entity.metadata.namespace)
    return make_event(entity, check, timestamp=timestamp, **fields)


def make_silence(subscription: str = "", check: str = "", *, namespace: str = NAMESPACE, **fields: Any) -> Silenced:
    """A silence of a subscription, a check or both, with its name."""
    metadata = make_metadata(f"{subscription or '*'}:{check or '*'}", namespace)
    return Silenced(metadata=metadata, subscription=subscription, check=check, **fields)
