"""The result of a rule, and the event that it becomes.

A rule decides about the check's status, output, handlers, labels and annotations, the metrics, and the annotations and
labels of the event. Entity, namespace and the name of the check follow from the component.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.check import Check
from sensu.resources.entity import SERVICE_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.metrics import Metrics
from sensu.resources.service_component import ComponentRule, ServiceComponent
from sensu.resources.wire import convert_client
from sensu.rules.services.script_numbers import number_text

NOT_EVALUATED = 3
"""The status of a rule that could not be evaluated."""
STATUS_MAX = 255
TTL_INTERVALS, TTL_LEAST_S = 2, 5
"""Events of components with an interval fail if there is no new one for this many intervals, at least for this long."""
COMPONENT_ANNOTATION = "sensu.io/service_component"
"""Names the component in the checks of its events."""

Texts = Mapping[str, str]


class RuleResult(msgspec.Struct, frozen=True):
    """What a rule found; `check_labels` and `check_annotations` are those that the rule adds to the check."""

    status: int
    output: str
    handlers: tuple[str, ...] = ()
    check_labels: Texts = {}
    check_annotations: Texts = {}
    labels: Texts = {}
    annotations: Texts = {}
    metrics: Metrics | None = None
    timestamp: int = 0


def failed(why: str) -> RuleResult:
    """The result of a rule that could not be evaluated."""
    return RuleResult(NOT_EVALUATED, f"UNKNOWN: {why}\n")


def service_entity(namespace: str, name: str) -> Entity:
    """The entity of a business service, as it is created with the first event about it."""
    return Entity(
        entity_class=SERVICE_CLASS,
        metadata=ObjectMeta(name=name, namespace=namespace),
        subscriptions=(f"entity:{name}",),
    )


def rule_event(component: ServiceComponent, rule: ComponentRule, service: str, result: RuleResult, now: float) -> Event:
    """The event of a rule about a service.

    The check has the labels and annotations of the component. The handlers of the component come first.
    """
    metadata, second = component.metadata, result.timestamp or int(now)
    annotations = {**metadata.annotations, **result.check_annotations, COMPONENT_ANNOTATION: metadata.name}
    named = ObjectMeta(
        name=rule.name,
        namespace=metadata.namespace,
        labels={**metadata.labels, **result.check_labels},
        annotations=annotations,
    )
    check = Check(
        metadata=named,
        interval=component.interval,
        cron=component.cron,
        ttl=max(component.interval * TTL_INTERVALS, TTL_LEAST_S) if component.interval else 0,
        handlers=component.handlers or result.handlers,
        issued=int(now),
        executed=int(now),
        status=result.status,
        output=result.output,
        publish=True,
    )
    about = ObjectMeta(namespace=metadata.namespace, labels=dict(result.labels), annotations=dict(result.annotations))
    entity = service_entity(metadata.namespace, service)
    return Event(check=check, entity=entity, metadata=about, metrics=result.metrics, timestamp=second)


def script_event(component: ServiceComponent, rule: ComponentRule, service: str) -> dict[str, Any]:
    """The event that a script gets to change: metadata are beside the other fields."""
    namespace = component.metadata.namespace
    empty: dict[str, Any] = {"labels": {}, "annotations": {}}
    return {
        "entity": {
            "name": service,
            "namespace": namespace,
            "entity_class": SERVICE_CLASS,
            "subscriptions": [f"entity:{service}"],
            **empty,
        },
        "check": {
            "name": rule.name,
            "namespace": namespace,
            "interval": component.interval,
            "cron": component.cron,
            "handlers": list(component.handlers or ()),
            "status": 0,
            "output": "",
            **empty,
        },
        "namespace": namespace,
        "timestamp": 0,
        "metrics": None,
        **empty,
    }


def places_of(component: ServiceComponent) -> list[tuple[str, str]]:
    """The services and the rules of a component, in pairs: the entities and checks of its events."""
    return [(service, rule.name) for service in component.services for rule in component.rules]


def result_in(event: Any) -> RuleResult | str:
    """The result in the event of a script, or why it is none."""
    if not isinstance(event, Mapping):
        return "the template returned no event"
    check = event.get("check")
    if not isinstance(check, Mapping):
        return "the template returned an event without a check"
    status = check.get("status", 0)
    if isinstance(status, bool) or not isinstance(status, int | float) or status != int(status):
        return f"the template set event.check.status to {_shown(status)}, which is no exit status"
    if not 0 <= status <= STATUS_MAX:
        return f"the template set event.check.status to {_shown(status)}, which is not between 0 and {STATUS_MAX}"
    output, handlers, at = check.get("output"), check.get("handlers") or (), event.get("timestamp") or 0
    if not isinstance(handlers, list | tuple) or not all(isinstance(name, str) for name in handlers):
        return "the template set event.check.handlers to something that is no list of names"
    metrics = _metrics(event.get("metrics"))
    if isinstance(metrics, str):
        return metrics
    return RuleResult(
        status=int(status),
        output="" if output is None else _text(output),
        handlers=tuple(handlers),
        check_labels=_texts(check.get("labels")),
        check_annotations=_texts(check.get("annotations")),
        labels=_texts(event.get("labels")),
        annotations=_texts(event.get("annotations")),
        metrics=metrics,
        timestamp=int(at) if isinstance(at, int | float) and 0 < at < 2**53 else 0,
    )


def _metrics(found: Any) -> Metrics | None | str:
    if found is None:
        return None
    try:
        return convert_client(Metrics, found)
    except InvalidResource as err:
        return f"the metrics of the template are not valid: {err}"


def _texts(found: Any) -> Texts:
    """Labels or annotations; what is no text becomes one, as in JavaScript."""
    if not isinstance(found, Mapping):
        return {}
    return {name: _text(value) for name, value in found.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, int | float) else msgspec.json.encode(value).decode()


def _shown(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
