"""Notify handlers: messages to chat, mail and paging services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from sensu.backend.pipelined.steps.commands import hidden_values, revealed
from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.messages import place_of
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Filtered, Outcome, Retry
from sensu.backend.pipelined.steps.storms import Gatherable, InDigest, Withdrawn
from sensu.backend.secrets.provider import NoSecret
from sensu.notify.sending import SendRequest
from sensu.resources.check import Check
from sensu.resources.handler import Handler, Notify
from sensu.rules.command_output import printable, without
from sensu.rules.event_links import list_of
from sensu.rules.notify.digest import DigestItem
from sensu.rules.notify.incidents import (
    Announced,
    Incident,
    current,
    incident_of,
    name_in,
    new_incident,
    service_key,
)
from sensu.rules.notify.message import message_of
from sensu.rules.notify.occasions import (
    ANNOUNCED_BEFORE,
    NO_CHECK,
    NoMessage,
    after_message,
    occasion_of,
    without_message,
)
from sensu.rules.notify.settings import storm_of, wishes_of
from sensu.rules.notify.template import templated
from sensu.rules.notify.urls import closes_by_key, expanded, masked
from sensu.store.values import EventKey

TIME_LIMIT_S = 15
"""The time that a message may take, without a timeout of the handler's own."""
SENT_BEFORE = "the message was sent before"
WITHDRAWN = "the message was not sent"


@dataclass(frozen=True, slots=True)
class _Case:
    """An event with its incident, and the id of the delivery."""

    event: Mapping[str, Any]
    check: Check
    incident: Incident
    occasion: Occasion


async def deliver(tools: Tools, handler: Handler, payload: bytes, occasion: Occasion) -> Outcome:
    """Send messages about the event in `payload` to the services of the handler that need one."""
    event = event_in(payload)
    if isinstance(event, Dropped):
        return event
    notify, check = handler.notify, check_in(event)
    if notify is None or not notify.urls:
        return Dropped("a notify handler needs notify.urls")
    if check is None:
        return Filtered(why=NO_CHECK)
    namespace, entity = handler.metadata.namespace, name_in(event, "entity")
    place = place_of(namespace, handler.metadata.name, entity)
    known = incident_of(await tools.messages.incidents.at(place), entity, check.metadata.name)
    case = _Case(event, check, current(known, new_incident(namespace, event), check), occasion)
    decided = {key: _decided(case, notify, key, tools.clock.now()) for key in map(service_key, notify.urls)}
    wanted = {key: happened for key, happened in decided.items() if isinstance(happened, str)}
    services = await services_of(tools, handler) if wanted else Services({}, ())
    if isinstance(services, str):
        return Retry(services)
    requests = {key: _request(case, handler, notify, key, services.urls[key], what) for key, what in wanted.items()}
    sent = await _sent(tools, handler, notify, case, requests)
    if isinstance(sent, Withdrawn):
        return Retry(WITHDRAWN)
    results = sent.results
    changes = _changes(case, decided, sent, tools.clock.now())
    if changes and (known is not None or any(changes.values())):
        await tools.messages.incidents.note(place, case.incident, changes)
    failed = [f"{masked(requests[key].url)}: {result.why}" for key, result in results.items() if result.why]
    if failed:
        return Retry(printable(without("; ".join(failed), services.hidden)))
    if wanted:
        return Delivered()
    notes = [happened.why for happened in decided.values() if isinstance(happened, NoMessage)]
    before = [note for note in notes if note in (ANNOUNCED_BEFORE, SENT_BEFORE)]
    return Delivered(before[0]) if before else Filtered(why=notes[0])


def _decided(case: _Case, notify: Notify, key: str, now: float) -> str | NoMessage:
    """What the message to a service says."""
    last = case.incident.announced.get(key)
    if last is not None and last.delivery == case.occasion.delivery_id:
        return NoMessage(SENT_BEFORE)
    return occasion_of(case.check, wishes_of(notify), last, now)


def _request(case: _Case, handler: Handler, notify: Notify, key: str, url: str, happened: str) -> SendRequest:
    incident, links = case.incident, case.occasion.links
    since = incident.began if incident.announced or incident.is_exact else 0
    built_in = message_of(case.event, happened, links, since)
    message = templated(built_in, notify.template, case.event, happened, links)
    last, timeout_s = incident.announced.get(key), float(handler.timeout or TIME_LIMIT_S)
    return SendRequest(url, message, timeout_s, happened, incident.id, "" if last is None else last.reference)


async def _sent(
    tools: Tools, handler: Handler, notify: Notify, case: _Case, requests: Mapping[str, SendRequest]
) -> InDigest | Withdrawn:
    """Send the messages, alone or as a part of digests; services that close what they opened are sent to alone."""
    at_once = {key: request for key, request in requests.items() if closes_by_key(request.url)}
    results = dict(await tools.messages.send(at_once))
    rest = {key: request for key, request in requests.items() if key not in at_once}
    if not rest:
        return InDigest(results, is_over=False)
    entity, check, occasion = name_in(case.event, "entity"), case.check, case.occasion
    happened = next(iter(rest.values())).happened
    gatherable = Gatherable(
        occasion.delivery_id,
        EventKey(handler.metadata.namespace, entity, check.metadata.name),
        DigestItem(entity, check.metadata.name, check.status, happened, check.output),
        rest,
        "" if occasion.links is None else list_of(occasion.links),
    )
    name = (handler.metadata.namespace, handler.metadata.name)
    async with occasion.paused():
        verdict = await tools.messages.storms.verdict(name, storm_of(notify), gatherable)
    if isinstance(verdict, Withdrawn):
        return verdict
    if isinstance(verdict, InDigest):
        return InDigest({**results, **verdict.results}, verdict.is_over)
    return InDigest({**results, **await tools.messages.send(rest)}, is_over=False)


def _changes(
    case: _Case, decided: Mapping[str, str | NoMessage], sent: InDigest, now: float
) -> dict[str, Announced | None]:
    """What changes about what services know: of those that took a message, and of those that get none."""
    changes: dict[str, Announced | None] = {}
    for key, happened in decided.items():
        last = case.incident.announced.get(key)
        if isinstance(happened, NoMessage):
            then = without_message(case.check, last, happened)
        elif sent.results[key].why:
            continue
        elif sent.is_over:
            then = None
        else:
            reference = sent.results[key].reference or (last.reference if last is not None else "")
            then = after_message(case.check, happened, now, reference, case.occasion.delivery_id)
        if then != last:
            changes[key] = then
    return changes


def event_in(payload: bytes) -> Mapping[str, Any] | Dropped:
    """The event that a mutator left, in JSON."""
    try:
        event = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = None
    return event if isinstance(event, dict) else Dropped("the mutator's output is no event, which messages are made of")


def check_in(event: Mapping[str, Any]) -> Check | None:
    """The check of an event, None if it has none."""
    check = event.get("check")
    try:
        return None if check is None else msgspec.convert(check, Check)
    except msgspec.ValidationError:
        return None


class Services(NamedTuple):
    """The URLs of a handler by the keys of their services, with secrets in them; `hidden` must not be shown."""

    urls: Mapping[str, str]
    hidden: Sequence[str]


async def services_of(tools: Tools, handler: Handler) -> Services | str:
    """The services of a handler, or why they are not known."""
    values = await tools.secrets.variables(handler.metadata.namespace, handler.secrets)
    if isinstance(values, NoSecret):
        return values.why
    variables, urls, opened = dict(revealed(values)), dict[str, str](), tools.messages.opened(handler)
    stored = (handler.notify and handler.notify.urls) or ()
    for kept, url in zip(stored, (opened.notify and opened.notify.urls) or (), strict=True):
        try:
            urls[service_key(kept)] = expanded(url, variables)
        except KeyError as err:
            return f"the variable {err.args[0]} is not in secrets"
    return Services(urls, hidden_values(values, None))
