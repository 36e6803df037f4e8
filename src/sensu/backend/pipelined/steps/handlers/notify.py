"""Notify handlers: messages to chat, mail and paging services."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sensu.backend.pipelined.steps.commands import revealed
from sensu.backend.pipelined.steps.handlers.deliver import Occasion, Tools
from sensu.backend.pipelined.steps.outcome import Delivered, Dropped, Outcome, Retry
from sensu.backend.secrets.provider import NoSecret
from sensu.notify.sending import SendRequest
from sensu.resources.check import Check
from sensu.resources.handler import Handler
from sensu.rules.command_output import printable
from sensu.rules.notify.message import message_of
from sensu.rules.notify.occasions import NoMessage, occasion_of
from sensu.rules.notify.template import templated
from sensu.rules.notify.urls import expanded

TIME_LIMIT_S = 15
"""The time that a message may take, without a timeout of the handler's own."""


async def deliver(tools: Tools, handler: Handler, payload: bytes, occasion: Occasion) -> Outcome:
    """Send the messages about the event in `payload` to all services of the handler, side by side."""
    event = _event_in(payload)
    if isinstance(event, Dropped):
        return event
    notify = handler.notify
    if notify is None:
        return Dropped("a notify handler needs the field notify")
    happened = occasion_of(_check_in(event), notify.when)
    if isinstance(happened, NoMessage):
        return Delivered(happened.why)
    urls = await _urls(tools, handler)
    if isinstance(urls, str):
        return Retry(urls)
    message = templated(message_of(event, happened, occasion.links), notify.template, event, happened, occasion.links)
    timeout_s = float(handler.timeout or TIME_LIMIT_S)
    requests = [SendRequest(url, message, timeout_s) for url in urls]
    failed = await tools.messages.send(occasion.delivery_id, requests)
    return Retry(printable("; ".join(failed))) if failed else Delivered()


def _event_in(payload: bytes) -> Mapping[str, Any] | Dropped:
    try:
        event = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = None
    return event if isinstance(event, dict) else Dropped("the mutator's output is no event, which messages are made of")


def _check_in(event: Mapping[str, Any]) -> Check | None:
    check = event.get("check")
    try:
        return None if check is None else msgspec.convert(check, Check)
    except msgspec.ValidationError:
        return None


async def _urls(tools: Tools, handler: Handler) -> Sequence[str] | str:
    """The URLs of a handler with its secrets in them, or why they are not known."""
    values = await tools.secrets.variables(handler.metadata.namespace, handler.secrets)
    if isinstance(values, NoSecret):
        return values.why
    urls = []
    opened = tools.messages.opened(handler)
    for url in (opened.notify and opened.notify.urls) or ():
        try:
            urls.append(expanded(url, dict(revealed(values))))
        except KeyError as err:
            return f"the variable {err.args[0]} is not in secrets"
    return urls
