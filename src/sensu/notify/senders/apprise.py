"""Sends messages with Apprise, which knows more than a hundred services by their URLs."""

import importlib
import logging
from functools import cache
from typing import Any
from urllib.parse import urlencode

from sensu.clock import SystemClock
from sensu.notify.sending import SendRequest, SendResult
from sensu.rules.command_output import last_line
from sensu.rules.notify.message import CRITICAL, PASSING, UNKNOWN, WARNING
from sensu.rules.notify.urls import masked, scheme_of
from sensu.rules.spelling import nearest

MISSING = "messages need the package apprise: pip install 'sensu[notify]'"
TIME_SHARE = 0.8
"""The part of a time limit that the service gets, so that the answer arrives within it."""
LOG_LINES_MAX = 20
_CLOCK = SystemClock()
_TYPES = {CRITICAL: "failure", WARNING: "warning", UNKNOWN: "warning", PASSING: "success"}
_MAIL = frozenset(("mailto", "mailtos"))
_KEYS = {"pagerduty": {"dedup": "{}", "action": "map"}, "opsgenie": {"alias": "{}"}}
"""Services that close what they have opened by a key, and their parameters for it."""
TIMED_OUT = "timed out"
_TIMEOUT = "TIMEOUT"


def send(request: SendRequest) -> SendResult:
    """Send a message; never raises."""
    started = _CLOCK.monotonic()
    try:
        why, log = _sent(request)
    except Exception as err:
        why, log = f"{type(err).__name__}: {last_line(str(err), secrets_of(request.url))}", ()
    return SendResult(why, _CLOCK.monotonic() - started, log)


def _sent(request: SendRequest) -> tuple[str, tuple[str, ...]]:
    apprise = _apprise()
    if apprise is None:
        return MISSING, ()
    service = _service(apprise, with_thread(request))
    if service is None:
        return _unusable(apprise, request.url), ()
    sender = apprise.Apprise(asset=_asset(apprise))
    sender.add(service)
    body, body_format = _body(request, service)
    with sender.notify(
        title=request.message.title,
        body=body,
        body_format=body_format,
        notify_type=_TYPES[request.message.severity],
        timeout=request.timeout_s * TIME_SHARE,
        log_level=logging.INFO,
    ) as result:
        hidden = secrets_of(request.url)
        log = tuple(last_line(entry.message, hidden) for entry in result.logs())[-LOG_LINES_MAX:]
        if result:
            return "", log
        if result.status.name == _TIMEOUT:
            return TIMED_OUT, log
        return (log[-1] if log else "the service did not take the message"), log


@cache
def _apprise() -> Any:
    """The package, None if it is not installed (extra `notify`)."""
    try:
        return importlib.import_module("apprise")
    except ImportError:
        return None


def _service(apprise: Any, url: str) -> Any:
    """The service of a URL, None if there is none or the URL is not complete."""
    return apprise.Apprise.instantiate(url, asset=_asset(apprise), suppress_exceptions=True)


def _asset(apprise: Any) -> Any:
    """Settings of Apprise: it names this product, loads no files and shows no tokens."""
    return apprise.AppriseAsset(
        app_id="Sensu",
        app_desc="Sensu",
        app_url="",
        image_url_mask="",
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )


def _body(request: SendRequest, service: Any) -> tuple[str, str]:
    """The text of a message in the format that the service shows best: the first that it names, or the URL's own."""
    formats = service.notify_format
    best = formats[0] if isinstance(formats, tuple) else formats
    name, message = str(getattr(best, "value", best)), request.message
    return {"html": message.html, "markdown": message.markdown}.get(name, message.text), name


def with_thread(request: SendRequest) -> str:
    """The URL with what groups the messages of an incident, where the service has a parameter for it."""
    scheme, thread = scheme_of(request.url), request.thread
    if not thread:
        return request.url
    if scheme in _MAIL:
        more = dict.fromkeys(("+References", "+In-Reply-To"), f"<{thread}@sensu>")
    else:
        more = {name: value.format(thread) for name, value in _KEYS.get(scheme, {}).items()}
    query = request.url.partition("?")[2]
    given = {pair.partition("=")[0] for pair in query.split("&")}
    left = {name: value for name, value in more.items() if name not in given}
    return f"{request.url}{'&' if query else '?'}{urlencode(left)}" if left else request.url


def _unusable(apprise: Any, url: str) -> str:
    """Why a URL cannot be used, with the service that was probably meant."""
    scheme = scheme_of(url)
    known = list(importlib.import_module("apprise.manager_plugins").NotificationManager().schemas())
    if scheme in known:
        return f"the URL {masked(url)} is not complete; see the documentation of {scheme} at Apprise"
    meant = nearest(scheme, known)
    return f"unknown service {scheme}" + (f"; did you mean {meant}?" if meant else "")


def secrets_of(url: str) -> list[str]:
    """The URL, and its parts that are hidden when it is shown."""
    rest = url.partition("://")[2]
    parts = [part for piece in rest.replace("?", "/").replace("&", "/").split("/") for part in piece.split("@")]
    values = [part.rpartition(":")[2].rpartition("=")[2] for part in parts]
    shown = masked(url)
    return [url, *(value for value in values if len(value) >= 6 and value not in shown)]
