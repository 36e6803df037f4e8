"""Mutations: the use cases of the REST API, with ids instead of paths and inputs instead of bodies."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from graphql import GraphQLError

from sensu.backend.graphql import node_ids
from sensu.backend.graphql.node_ids import NodeId
from sensu.backend.graphql.nouns import Resolver
from sensu.backend.graphql.reader import Info, QueryReader
from sensu.backend.services.outcomes import Deleted, Denied, Exists, Found, NotFound, Refusal, Written
from sensu.backend.services.payload import ANY_STATE, Payload
from sensu.resources.event import Event
from sensu.resources.kinds import CHECK, ENTITY, EVENT, SILENCED, Kind
from sensu.resources.wire import decode, encode
from sensu.rules.kinds.silenced import name_of_entry

UNAUTHORIZED = "request unauthorized"
ANONYMOUS = "no claims found in the request context"
_CHECK_PROPS = {
    "command": "command",
    "handlers": "handlers",
    "highFlapThreshold": "high_flap_threshold",
    "lowFlapThreshold": "low_flap_threshold",
    "interval": "interval",
    "publish": "publish",
    "subscriptions": "subscriptions",
    "assets": "runtime_assets",
}
"""The names in the REST API of the props of a check."""


@dataclass(frozen=True, slots=True)
class StandardError:
    """An entry of a mutation's `errors`."""

    code: str
    message: str
    input: str


Remove = Callable[[QueryReader, NodeId], Awaitable[Deleted | Refusal]]


def _payload_of(value: Any) -> Payload:
    """A request body with this value."""

    async def body() -> bytes:
        return encode(value)

    return body


def _denied_text(reader: QueryReader) -> str:
    return UNAUTHORIZED if reader.is_known else ANONYMOUS


def _refused(reader: QueryReader, outcome: Refusal) -> GraphQLError:
    """The error of a field whose use case refused the request."""
    return GraphQLError(_denied_text(reader) if isinstance(outcome, Denied) else outcome.why)


def _writer_of(info: Info) -> QueryReader:
    """The reader of a mutation; raises GraphQLError if the caller is not authenticated."""
    reader = info.context
    if not reader.is_known:
        raise GraphQLError(ANONYMOUS)
    return reader


def _meant(kind: Kind, given: str) -> NodeId:
    """Parse the id of a resource of a kind."""
    node = node_ids.parsed(given)
    if isinstance(node, str):
        raise GraphQLError(node)
    if node.kind is not kind:
        raise GraphQLError(f"the id belongs to {node.kind.segment}, not to {kind.segment}")
    return node


def _payload(given: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """The payload that a mutation returns."""
    return {"clientMutationId": given.get("clientMutationId") or "", **fields}


async def _written(info: Info, kind: Kind, namespace: str, name: str) -> Any:
    """The written resource, if the caller may read it."""
    info.context.forget()
    found = await info.context.one(info, kind, namespace, name)
    if found is None:
        raise GraphQLError("the change was made, but you do not have permission to read the result")
    return found


def _check_body(props: Mapping[str, Any]) -> dict[str, Any]:
    return {_CHECK_PROPS[key]: value for key, value in props.items() if value is not None}


async def _create_check(root: None, info: Info, input: Mapping[str, Any]) -> Any:
    reader = _writer_of(info)
    namespace, name = input["namespace"], input["name"]
    body = {"metadata": {"namespace": namespace, "name": name}, **_check_body(input["props"])}
    outcome = await reader.use_cases.resources.create(reader.caller, CHECK, namespace, _payload_of(body))
    if not isinstance(outcome, Written):
        raise _refused(reader, outcome)
    return _payload(input, check=await _written(info, CHECK, namespace, name))


async def _update_check(root: None, info: Info, input: Mapping[str, Any]) -> Any:
    reader = _writer_of(info)
    node = _meant(CHECK, input["id"])
    patch = _payload_of(_check_body(input["props"]))
    outcome = await reader.use_cases.resources.patch(reader.caller, CHECK, node.namespace, node.name, patch, ANY_STATE)
    if not isinstance(outcome, Written):
        raise _refused(reader, outcome)
    return _payload(input, check=await _written(info, CHECK, node.namespace, node.name))


async def _execute_check(root: None, info: Info, input: Mapping[str, Any]) -> Any:
    reader = info.context
    node = _meant(CHECK, input["id"])
    wish = _payload_of({"check": node.name, "subscriptions": input["subscriptions"] or ()})
    outcome: Written | Refusal = Denied()
    if reader.is_known:
        outcome = await reader.use_cases.checks.execute(reader.caller, node.namespace, node.name, wish)
    return _payload(input, errors=[] if isinstance(outcome, Written) else [_entry(reader, outcome, "id")])


def _entry(reader: QueryReader, outcome: Refusal, argument: str) -> StandardError:
    match outcome:
        case Denied():
            return StandardError("ERR_PERMISSION_DENIED", _denied_text(reader), argument)
        case NotFound(why):
            return StandardError("ERR_NOT_FOUND", why, argument)
        case Exists(why):
            return StandardError("ERR_ALREADY_EXISTS", why, argument)
    return StandardError("ERR_INTERNAL", outcome.why, argument)


def _removal(kind: Kind, remove: Remove, *, must_be_there: bool = False) -> Resolver:
    """A mutation that deletes a resource of that kind; it also succeeds if the resource does not exist."""

    async def removed(root: None, info: Info, input: Mapping[str, Any]) -> Any:
        reader = _writer_of(info)
        outcome = await remove(reader, _meant(kind, input["id"]))
        if not isinstance(outcome, Deleted) and (must_be_there or not isinstance(outcome, NotFound)):
            raise _refused(reader, outcome)
        reader.forget()
        return _payload(input, deletedId=input["id"])

    return removed


async def _remove(reader: QueryReader, node: NodeId) -> Deleted | Refusal:
    return await reader.use_cases.resources.delete(reader.caller, node.kind, node.namespace, node.name)


async def _remove_entity(reader: QueryReader, node: NodeId) -> Deleted | Refusal:
    return await reader.use_cases.entities.delete(reader.caller, node.namespace, node.name)


async def _remove_event(reader: QueryReader, node: NodeId) -> Deleted | Refusal:
    return await reader.use_cases.events.delete(reader.caller, node.event_key)


async def _remove_silence(reader: QueryReader, node: NodeId) -> Deleted | Refusal:
    return await reader.use_cases.silences.delete(reader.caller, node.namespace, node.name)


async def _resolve_event(root: None, info: Info, input: Mapping[str, Any]) -> Any:
    """Resolve an event; one that is passing is not changed."""
    reader = _writer_of(info)
    node = _meant(EVENT, input["id"])
    events = reader.use_cases.events
    found = await events.get(reader.caller, node.event_key)
    if not isinstance(found, Found):
        raise _refused(reader, found)
    event = decode(Event, found.body)
    if event.check is None:
        raise GraphQLError("the event has no check to resolve")
    if event.check.status == 0:
        return _payload(input, event=event)
    now = int(reader.use_cases.clock.now())
    output = f"Resolved manually with {input['source'] or 'GraphQL'}"
    check = msgspec.structs.replace(event.check, status=0, output=output, executed=now, issued=now)
    sent = msgspec.structs.replace(event, check=check, timestamp=now, id=None)
    outcome = await events.put(reader.caller, "update", node.event_key, _payload_of(sent))
    if not isinstance(outcome, Written):
        raise _refused(reader, outcome)
    return _payload(input, event=await _written(info, EVENT, node.namespace, node.name))


async def _create_silence(root: None, info: Info, input: Mapping[str, Any]) -> Any:
    reader = _writer_of(info)
    subscription, check, props = input.get("subscription") or "", input.get("check") or "", input["props"]
    namespace, name = input["namespace"], name_of_entry(subscription, check)
    body = _payload_of(
        {
            "metadata": {"namespace": namespace, "name": name},
            "subscription": subscription,
            "check": check,
            "reason": props.get("reason") or "",
            "begin": props.get("begin") or 0,
            "expire": -1 if props["expire"] is None else props["expire"],
            "expire_at": props.get("expireAt") or 0,
            "expire_on_resolve": bool(props["expireOnResolve"]),
        }
    )
    silences = reader.use_cases.silences
    outcome = await silences.create(reader.caller, namespace, body)
    if isinstance(outcome, Exists):
        outcome = await silences.replace(reader.caller, namespace, name, body)
    if not isinstance(outcome, Written):
        raise _refused(reader, outcome)
    return _payload(input, silence=await _written(info, SILENCED, namespace, name))


_REMOVALS: Mapping[Kind, Remove] = {ENTITY: _remove_entity, EVENT: _remove_event, SILENCED: _remove_silence}
"""How to delete resources of kinds that have a use case of their own for it."""


def removal_of(kind: Kind) -> Resolver:
    """The mutation that deletes a resource of a kind."""
    return _removal(kind, _REMOVALS.get(kind, _remove), must_be_there=kind is ENTITY)


MUTATION_RESOLVERS: Mapping[str, Mapping[str, Resolver]] = {
    "Mutation": {
        "createCheck": _create_check,
        "updateCheck": _update_check,
        "executeCheck": _execute_check,
        "resolveEvent": _resolve_event,
        "createSilence": _create_silence,
    }
}
"""Resolvers by type and field; `schema.py` adds those that delete resources."""
