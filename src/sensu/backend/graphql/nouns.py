"""Resolvers of fields of resources that are not stored under their own name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from sensu.backend.graphql.lists import chosen_of
from sensu.backend.graphql.node_ids import NODE_KINDS, check_id, id_of
from sensu.backend.graphql.reader import Info
from sensu.resources import envelope
from sensu.resources.check import Check, CheckConfig
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler
from sensu.resources.hook import Hook, HookConfig
from sensu.resources.kinds import ASSET, CHECK, ENTITY, EVENT, HANDLER, MUTATOR, SILENCED, kind_of
from sensu.resources.silenced import Silenced
from sensu.resources.wire import decode, encode
from sensu.rules import incident
from sensu.rules.silencing import ANY, in_force

Resolver = Callable[..., Any]
_EVERY = ("", ANY)


@dataclass(frozen=True, slots=True)
class HookNames:
    """The hooks of a check for a status or severity."""

    hooks: tuple[str, ...]
    type: str


def wrapped(resource: Any) -> dict[str, Any]:
    """A resource as `{type, api_version, metadata, spec}`."""
    return envelope.wrapped(kind_of(resource), msgspec.json.decode(encode(resource)))


def _node_id(resource: Any, info: Info) -> str:
    return id_of(resource)


def _to_json(resource: Any, info: Info) -> Any:
    return wrapped(resource)


def _name(resource: Any, info: Info) -> str:
    return str(resource.metadata.name)


def _namespace(resource: Any, info: Info) -> str:
    return str(resource.metadata.namespace)


def _check_node_id(check: Check, info: Info) -> str:
    return check_id(check.metadata.namespace, check.metadata.name)


async def _handlers(resource: CheckConfig | Check | Handler, info: Info) -> Any:
    return await info.context.named(info, HANDLER, resource.metadata.namespace, resource.handlers)


async def _metric_handlers(check: CheckConfig | Check, info: Info) -> Any:
    return await info.context.named(info, HANDLER, check.metadata.namespace, check.output_metric_handlers)


async def _assets(resource: CheckConfig | Check | EventFilter, info: Info) -> Any:
    return await info.context.named(info, ASSET, resource.metadata.namespace, resource.runtime_assets)


def _check_hooks(check: CheckConfig | Check, info: Info) -> list[HookNames]:
    return [HookNames(hooks or (), word) for one in check.check_hooks or () for word, hooks in one.items()]


async def _silences_of_check(check: CheckConfig, info: Info) -> list[Silenced]:
    """The silences of the check on all entities, and those of all checks of one of its subscriptions."""
    reader = info.context
    now = reader.use_cases.clock.now()
    found = await reader.silences(check.metadata.namespace)
    return [one for one in found if in_force(one, now) and _is_about(one, check)]


def _is_about(silence: Silenced, check: CheckConfig) -> bool:
    if silence.check in _EVERY:
        return silence.subscription in check.subscriptions
    return silence.check == check.metadata.name and silence.subscription in _EVERY


async def _silences_of_result(check: Check, info: Info) -> Any:
    """The silences that applied when the event was processed."""
    return await info.context.named(info, SILENCED, check.metadata.namespace, check.silenced)


async def _silences_of_entity(entity: Entity, info: Info) -> list[Silenced]:
    reader = info.context
    now = reader.use_cases.clock.now()
    found = await reader.silences(entity.metadata.namespace)
    subscriptions = {*(entity.subscriptions or ()), f"entity:{entity.metadata.name}", *_EVERY}
    return [one for one in found if in_force(one, now) and one.check in _EVERY and one.subscription in subscriptions]


async def _silences_of_event(event: Event, info: Info) -> list[Silenced]:
    if event.entity is None:
        return []
    reader = info.context
    index = await reader.silence_index(event.entity.metadata.namespace)
    return index.matching(event, reader.use_cases.clock.now())


def _is_silenced(silences: Resolver) -> Resolver:
    """A resolver that tests whether any of those silences exists."""

    async def is_silenced(resource: Any, info: Info) -> bool:
        return bool(await silences(resource, info))

    return is_silenced


def _history(check: Check, info: Info, first: int | None) -> Any:
    latest = check.history or ()
    chosen = latest[-first:] if first and first > 0 else latest if first is None else ()
    info.context.work.listed(len(chosen), info)
    return chosen


def _output(check: Check, info: Info, first: int | None = None, last: int | None = None) -> str:
    text = check.output if first is None else check.output[: max(0, first)]
    return text if last is None else text[max(0, len(text) - max(0, last)) :]


def _hook_duration(hook: Hook, info: Info) -> int:
    return int(hook.duration)


def _hook_config(hook: Hook, info: Info) -> HookConfig:
    """The configuration of the hook as far as the event contains it; the stored one may have changed since."""
    return hook.config or HookConfig(
        metadata=hook.metadata,
        command=hook.command,
        timeout=hook.timeout,
        stdin=hook.stdin,
        runtime_assets=hook.runtime_assets,
    )


async def _mutator(handler: Handler, info: Info) -> Any:
    found = await info.context.named(
        info, MUTATOR, handler.metadata.namespace, [handler.mutator] if handler.mutator else ()
    )
    return found[0] if found else None


def _action(event_filter: EventFilter, info: Info) -> str:
    return event_filter.action.upper()


async def _silenced_check(silence: Silenced, info: Info) -> Any:
    if silence.check in _EVERY:
        return None
    return await info.context.one(info, CHECK, silence.metadata.namespace, silence.check)


def _begins_incident(check: Check) -> bool:
    """Whether this result is the first failure after a passing one; false for the first result of all."""
    return check.status != 0 and len(check.history or ()) > 1 and incident.status_before(check) == 0


def _event_namespace(event: Event, info: Info) -> str:
    return event.entity.metadata.namespace if event.entity else ""


def _of_its_check(field: Callable[[Check], Any], without: Any) -> Resolver:
    """A resolver for a field of an event's check; `without` is the value if the event has no check."""
    return lambda event, info: without if event.check is None else field(event.check)


async def _entity_events(entity: Entity, info: Info, **args: Any) -> list[Event]:
    reader = info.context
    found = await reader.bodies(EVENT, entity.metadata.namespace, entity.metadata.name)
    chosen = chosen_of(EVENT, found, args)
    reader.work.shown(len(chosen), info)
    return [decode(Event, body) for body in chosen]


async def _entity_status(entity: Entity, info: Info) -> int:
    found = await info.context.bodies(EVENT, entity.metadata.namespace, entity.metadata.name)
    events = (decode(Event, body) for body in found.items)
    return max((event.check.status for event in events if event.check), default=0)


async def _related(entity: Entity, info: Info, limit: int | None) -> list[Entity]:
    reader = info.context
    found = await reader.bodies(ENTITY, entity.metadata.namespace)
    own = set(entity.subscriptions or ())
    others = [decode(Entity, body) for body in found.items]
    alike = [(len(own & set(other.subscriptions or ())), other) for other in others]
    rest = [one for one in alike if one[0] and one[1].metadata.name != entity.metadata.name]
    rest.sort(key=lambda one: (-one[0], one[1].metadata.name))
    shown = rest[: max(0, limit or 0)]
    reader.work.shown(len(shown), info)
    return [other for _, other in shown]


_RESOURCE = {"id": _node_id, "name": _name, "namespace": _namespace, "toJSON": _to_json}
_CHECK_TERMS: Mapping[str, Resolver] = {
    "name": _name,
    "toJSON": _to_json,
    "handlers": _handlers,
    "outputMetricHandlers": _metric_handlers,
    "runtimeAssets": _assets,
    "checkHooks": _check_hooks,
}
NOUN_RESOLVERS: dict[str, dict[str, Resolver]] = {
    kind.type: dict(_RESOURCE) for kind in NODE_KINDS.values() if kind.namespaced and kind is not EVENT
}
"""Resolvers by type and field."""


def _answer(type_name: str, **fields: Resolver) -> None:
    """Set the resolvers of fields of a type."""
    NOUN_RESOLVERS.setdefault(type_name, {}).update(fields)


_answer("Namespace", id=_node_id)
_answer("EventFilter", action=_action, runtimeAssets=_assets)
_answer("Handler", handlers=_handlers, mutator=_mutator)
_answer("Silenced", check=_silenced_check, expires=lambda silence, info: silence.expire_at or None)
_answer("Hook", duration=_hook_duration, config=_hook_config)
_answer("CheckConfig", **_CHECK_TERMS, isSilenced=_is_silenced(_silences_of_check), silences=_silences_of_check)
_answer(
    "Check",
    **_CHECK_TERMS,
    history=_history,
    nodeId=_check_node_id,
    output=_output,
    silences=_silences_of_result,
)
_answer(
    "Entity",
    events=_entity_events,
    isSilenced=_is_silenced(_silences_of_entity),
    related=_related,
    silences=_silences_of_entity,
    status=_entity_status,
)
_answer(
    "Event",
    id=_node_id,
    namespace=_event_namespace,
    toJSON=_to_json,
    hooks=_of_its_check(lambda check: check.hooks, ()),
    isIncident=_of_its_check(lambda check: check.status != 0, False),
    isNewIncident=_of_its_check(_begins_incident, False),
    isResolution=_of_its_check(incident.is_resolution, False),
    isSilenced=_is_silenced(_silences_of_event),
    silenced=_of_its_check(lambda check: check.silenced, ()),
    silences=_silences_of_event,
    wasSilenced=_of_its_check(lambda check: check.is_silenced, False),
)
