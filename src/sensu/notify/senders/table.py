"""The senders: those of our own, for services that can update a message or reply to it, and Apprise for all others."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from sensu.clock import SystemClock
from sensu.notify.senders import apprise, discord, matrix, ntfy, slack, telegram
from sensu.notify.senders.service_url import parsed
from sensu.notify.senders.web_call import ServiceRefused
from sensu.notify.sending import SendRequest, SendResult
from sensu.rules.command_output import printable, without

OWN: tuple[ModuleType, ...] = (slack, discord, telegram, matrix, ntfy)
"""Each has `accepts(url)` and `send(request)`, which returns the reference to the message or raises ServiceRefused."""
_CLOCK = SystemClock()


def send(request: SendRequest) -> SendResult:
    """Send a message; never raises."""
    sender = own_sender(request.url)
    if sender is None:
        return apprise.send(request)
    started, why, reference = _CLOCK.monotonic(), "", ""
    try:
        reference = sender(request)
    except ServiceRefused as refused:
        why = refused.why
    except Exception as err:
        why = f"{type(err).__name__}: {err}"
    hidden = apprise.secrets_of(request.url)
    return SendResult(printable(without(why, hidden)), _CLOCK.monotonic() - started, (), reference)


def own_sender(url: str) -> Callable[[SendRequest], str] | None:
    """The sender of our own for a URL."""
    parts = parsed(url)
    found: Any = next((module for module in OWN if module.accepts(parts)), None)
    return None if found is None else found.send
