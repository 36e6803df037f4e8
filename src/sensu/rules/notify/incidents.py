"""Incidents as the services of a notify handler know them: the last message to each of them.

An incident lasts from the first failing result of a check on an entity to the next passing one. Its id is the same for
all handlers and all messages about it, so that services can group them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sensu.errors import InvalidResource
from sensu.resources.check import Check
from sensu.rules.check_state import FLAPPING
from sensu.rules.flapping import HISTORY_MAX

INCIDENTS_MAX = 500
"""Open incidents that are remembered for a handler and a slot of entities; beyond it, the oldest are forgotten."""
ID_CHARACTERS = 16


class Announced(msgspec.Struct, frozen=True, array_like=True):
    """The last message about an incident that a service took.

    `status` is the check's status in it, `at` its time, `reference` what the service calls its first message (empty:
    it does not say), `is_flapping` whether it said that the check is flapping, and `delivery` the id of the delivery.
    """

    status: int
    at: float
    reference: str = ""
    is_flapping: bool = False
    delivery: str = ""


class Incident(msgspec.Struct, frozen=True, array_like=True):
    """An incident that some services know: by service, what was announced last; `began` in Unix seconds."""

    entity: str
    check: str
    id: str
    began: int
    announced: dict[str, Announced] = {}
    is_exact: bool = True
    """Whether the history showed the beginning."""


Incidents = tuple[Incident, ...]
_decoder = msgspec.msgpack.Decoder(Incidents)


def packed(incidents: Sequence[Incident]) -> bytes:
    """The incidents, encoded as they are kept; the newest, if there are too many."""
    kept = sorted(incidents, key=lambda one: one.began)[-INCIDENTS_MAX:]
    return msgspec.msgpack.encode(kept) if kept else b""


def unpacked(data: bytes | None) -> Incidents:
    """Decodes kept incidents; raises InvalidResource."""
    try:
        return _decoder.decode(data) if data else ()
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise InvalidResource(f"the incidents of a handler cannot be read: {err}") from err


def service_key(url: str) -> str:
    """The key of a service in `Incident.announced`, from its URL as it is stored in the handler."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def new_incident(namespace: str, event: Mapping[str, Any]) -> Incident:
    """The incident that a failing event belongs to, which no service knows yet."""
    check = event.get("check") or {}
    shown = incident_began(check)
    began = shown or int(check.get("last_ok") or 0) or int(check.get("executed") or 0)
    entity_name, check_name = name_in(event, "entity"), name_in(event, "check")
    text = "\0".join((namespace, entity_name, check_name, str(began)))
    incident_id = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:ID_CHARACTERS]
    return Incident(entity_name, check_name, incident_id, began, is_exact=shown > 0)


def incident_began(check: Mapping[str, Any]) -> int:
    """When the first failing result of the present or just ended incident was executed, 0 if that is not known."""
    history = list(check.get("history") or ())
    is_full = len(history) >= HISTORY_MAX
    if history and not int(check.get("status") or 0):
        history.pop()
    began = 0
    for result in reversed(history):
        if not result.get("status"):
            return began
        began = int(result.get("executed") or 0)
    return 0 if is_full else began


def incident_of(incidents: Sequence[Incident], entity: str, check: str) -> Incident | None:
    """The open incident of a check on an entity."""
    return next((one for one in incidents if one.entity == entity and one.check == check), None)


def current(known: Incident | None, fresh: Incident, check: Check) -> Incident:
    """The incident of an event: the known one, unless the handler missed that it ended and a new one began.

    That is so if a filter kept the passing result from the handler, or if the check or entity was deleted meanwhile.
    """
    if known is None:
        return fresh
    is_flapping = check.state == FLAPPING or any(one.is_flapping for one in known.announced.values())
    return fresh if check.status and not is_flapping and fresh.began > known.began and fresh.is_exact else known


def with_incident(incidents: Sequence[Incident], incident: Incident) -> list[Incident]:
    """The incidents with a new state of one; one that no service knows is left out."""
    others = [one for one in incidents if (one.entity, one.check) != (incident.entity, incident.check)]
    return [*others, incident] if incident.announced else others


def with_announced(incident: Incident, changes: Mapping[str, Announced | None]) -> Incident:
    """The incident with the last messages to services; None for those that know that it is over."""
    announced = {**incident.announced, **changes}
    kept = {key: one for key, one in announced.items() if one is not None}
    return msgspec.structs.replace(incident, announced=kept)


def name_in(event: Mapping[str, Any], part: str) -> str:
    """The name of an event's entity or check."""
    return str(((event.get(part) or {}).get("metadata") or {}).get("name") or "")
