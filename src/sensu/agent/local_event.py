"""Validates and completes the events that local programs send to the agent.

Source: recorded scenarios agent-local/api, tcp and udp.
"""

import uuid

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.check import Check
from sensu.resources.entity import PROXY_CLASS, Entity
from sensu.resources.event import Event
from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, convert_client, decode_client, parse_whole_json
from sensu.resources.wire_numbers import U32
from sensu.rules.kinds import check as check_rules
from sensu.rules.kinds import event as event_rules

NO_EVENT = "an event must be provided"
NOTHING_IN_IT = "at least check or metrics need to be instantiated for this event"


USED_IDS_MAX = 1000
"""How many event ids are remembered; beyond that the oldest are forgotten."""


class UsedIds:
    """Drops event ids that were used before: a backend ignores events whose id it has already processed."""

    def __init__(self) -> None:
        self._used: dict[str, None] = {}

    def unused(self, event: Event) -> Event:
        """The event, without its id if the id was used before."""
        if not event.id:
            return event
        plain = event.id.lower().replace("-", "")
        if plain in self._used:
            return msgspec.structs.replace(event, id="")
        self._used[plain] = None
        if len(self._used) > USED_IDS_MAX:
            del self._used[next(iter(self._used))]
        return event


def completed(event: Event, entity: Entity, now: float) -> Event:
    """The event as the agent sends it, with the agent's entity; raises InvalidResource with the rule that it breaks.

    The name of another entity becomes the proxy entity of the check.
    """
    own, check = entity.metadata, event.check
    if check is None and event.metrics is None:
        raise InvalidResource(NOTHING_IN_IT)
    if check is not None:
        other = event.entity.metadata.name if event.entity is not None else ""
        check = _completed_check(check, own, other if other != own.name else "", now)
        why = check_rules.problem(check)
        if why is not None:
            raise InvalidResource(why)
    event = msgspec.structs.replace(
        event,
        check=check,
        entity=entity,
        id=event.id or str(uuid.uuid4()),
        metadata=msgspec.structs.replace(event.metadata, namespace=event.metadata.namespace or own.namespace),
        timestamp=event.timestamp or int(now),
    )
    why = event_rules.problem(event)
    if why is not None:
        raise InvalidResource(why)
    return event


def _completed_check(check: Check, own: ObjectMeta, proxy: str, now: float) -> Check:
    return msgspec.structs.replace(
        check,
        interval=check.interval or 1,
        executed=check.executed or int(now),
        processed_by=own.name,
        proxy_entity_name=proxy or check.proxy_entity_name,
        metadata=msgspec.structs.replace(check.metadata, namespace=check.metadata.namespace or own.namespace),
    )


class CheckResult(Wire, frozen=True):
    """A check result in the format of Sensu 1.x. Source: docs, "Agent reference", create events with the socket."""

    name: str = ""
    output: str = ""
    status: U32 = 0
    command: str = ""
    subscribers: tuple[str, ...] = ()
    interval: U32 = 0
    issued: int = 0
    executed: int = 0
    duration: int | float = 0
    source: str = ""
    client: str = ""
    handler: str = ""
    handlers: tuple[str, ...] = ()


class Incomplete(InvalidResource):
    """A check result that was parsed but does not make a valid event."""


def from_check_result(data: bytes, entity: Entity, now: float) -> Event:
    """The event of a check result in JSON; raises InvalidResource, which is Incomplete if the result was parsed."""
    content = parse_whole_json(data)
    result = convert_client(CheckResult, {} if content is None else content)
    if not result.name or not result.output:
        raise Incomplete("name and output must not be empty")
    source = result.source or result.client
    handlers = result.handlers or ((result.handler,) if result.handler else ())
    try:
        event = Event(
            check=Check(
                metadata=ObjectMeta(name=result.name),
                output=result.output,
                status=result.status,
                command=result.command,
                subscriptions=result.subscribers,
                interval=result.interval,
                issued=result.issued,
                executed=result.executed,
                duration=result.duration,
                handlers=handlers,
            ),
            entity=Entity(entity_class=PROXY_CLASS, metadata=ObjectMeta(name=source)) if source else None,
        )
        event = decode_client(Event, msgspec.json.encode(event))  # checks the ranges of numbers
        return completed(event, entity, now)
    except InvalidResource as error:
        raise Incomplete(str(error)) from error
