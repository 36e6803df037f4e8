"""The rules of handlers.

Source: recorded scenario handlers-invalid.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from sensu.resources.handler import HANDLER_TYPES, Handler, HandlerSocket, Notify, NotifyTemplate
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one, suggestion
from sensu.rules.names import name_problem
from sensu.rules.notify.occasions import OCCASIONS
from sensu.rules.notify.settings import REPEAT_MIN_S, duration_problem, storm_problems
from sensu.rules.notify.template import template_problems
from sensu.rules.notify.urls import HIDDEN, SEALED_BY, masked, scheme_of, stored_parts, url_problem
from sensu.rules.redaction import REDACTED
from sensu.rules.retrying import Retried, policy_of
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, as_text, own

RETRY_ATTEMPTS_MAX = 100
RETRY_DELAY_MAX_S = 86_400
URLS_MAX = 32


class RetriedHandler(Retried, Protocol):
    """A handler of any kind."""

    @property
    def fallback_handler(self) -> str:
        """The handler of events that are given up."""
        ...


def problems(handler: Handler) -> Iterator[FieldProblem]:
    """The rules that a handler breaks."""
    why = name_problem(handler.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"handler name {why}")
    yield from _type_problems(handler)
    yield from retry_problems(handler)
    yield from at_most_one("fallback_handler", _own_fallback_problem(handler))
    if not handler.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace must be set")


def _type_problems(handler: Handler) -> Iterator[FieldProblem]:
    match handler.type:
        case "":
            yield FieldProblem("type", "empty handler type")
        case "pipe":
            if not handler.command.strip():
                yield FieldProblem("command", "missing command")
        case "set":
            pass
        case "tcp" | "udp":
            yield from _socket_problems(handler.socket)
        case "notify":
            yield from _notify_problems(handler, handler.notify or Notify())
        case _:
            meant = suggestion(handler.type, HANDLER_TYPES)
            yield FieldProblem("type", f"unknown handler type: {handler.type}{meant}")


def _socket_problems(socket: HandlerSocket | None) -> Iterator[FieldProblem]:
    if socket is None:
        yield FieldProblem("socket", "tcp and udp handlers need a valid socket")
        return
    if not socket.host:
        yield FieldProblem("socket.host", "socket host undefined")
    if not socket.port:
        yield FieldProblem("socket.port", "socket port undefined")


def _notify_problems(handler: Handler, notify: Notify) -> Iterator[FieldProblem]:
    if not notify.urls or len(notify.urls) > URLS_MAX:
        message = f"notify.urls must have 1 to {URLS_MAX} URLs, for example ntfy://ntfy.example.org/alerts"
        yield FieldProblem("notify.urls", message)
    variables = frozenset(each.name for each in handler.secrets or ())
    for number, url in enumerate(notify.urls or ()):
        why = url_problem(url, variables)
        yield from at_most_one(f"notify.urls[{number}]", why and f"notify.urls[{number}] {why}")
    for part, why in template_problems(notify.template or NotifyTemplate()):
        yield FieldProblem(f"notify.template.{part}", f"notify.template.{part} {why}")
    yield from at_most_one("notify.repeat", duration_problem(notify.repeat, "notify.repeat", REPEAT_MIN_S))
    yield from (FieldProblem(path, why) for path, why in storm_problems(notify))
    for word in notify.when:
        if word not in OCCASIONS:
            yield FieldProblem("notify.when", f"notify.when must have words of {', '.join(OCCASIONS)}, not {word}")


def retry_problems(handler: RetriedHandler) -> Iterator[FieldProblem]:
    """The rules of the fields that Sensu Go does not have."""
    if (handler.retry_attempts or 0) > RETRY_ATTEMPTS_MAX:
        message = f"retry_attempts must not be greater than {RETRY_ATTEMPTS_MAX}"
        yield FieldProblem("retry_attempts", message)
    too_long = [name for name in ("retry_delay", "retry_delay_max") if getattr(handler, name) > RETRY_DELAY_MAX_S]
    for name in too_long:
        yield FieldProblem(name, f"{name} must not be greater than {RETRY_DELAY_MAX_S} seconds")
    policy = policy_of(handler)
    if not too_long and policy.delay_max_s < policy.delay_s:
        yield FieldProblem("retry_delay_max", "retry_delay_max must not be less than retry_delay")
    why = name_problem(handler.fallback_handler) if handler.fallback_handler else None
    if why is not None:
        yield FieldProblem("fallback_handler", f"fallback_handler {why}")


def _own_fallback_problem(handler: Handler) -> str | None:
    if not handler.fallback_handler:
        return None
    if handler.type == "set":
        return "a handler set has no fallback_handler; its handlers may have one each"
    return "fallback_handler must be another handler" if handler.fallback_handler == handler.metadata.name else None


def secrets(handler: Handler, change: Callable[[str, str], str]) -> Handler:
    """The handler with `change(place, url)` instead of each URL of a service that contains a token or password.

    A URL is stored as its masked form, by which it is found again when the masked form is sent, and its sealed form.
    """
    if handler.notify is None or not handler.notify.urls:
        return handler
    seen: dict[str, int] = {}
    urls = tuple(_changed_url(url, seen, change) for url in handler.notify.urls)
    if urls == handler.notify.urls:
        return handler
    return msgspec.structs.replace(handler, notify=msgspec.structs.replace(handler.notify, urls=urls))


def _changed_url(url: str, seen: dict[str, int], change: Callable[[str, str], str]) -> str:
    shown, sealed = stored_parts(url)
    if not sealed:
        shown = masked(url)
        if shown == url and HIDDEN not in url:
            return url
    seen[shown] = seen.get(shown, 0) + 1
    place = f"the URL {shown}" + (f" ({seen[shown]})" if seen[shown] > 1 else "")
    changed = change(place, sealed or (REDACTED if shown == url else url))
    if changed == REDACTED:
        return shown
    return f"{shown}{SEALED_BY}{changed}" if scheme_of(changed) == "" else changed


def _shown(handler: Handler) -> Handler:
    return secrets(handler, lambda place, url: REDACTED)


def notice(handler: Handler) -> str:
    """A warning about tokens and passwords in URLs."""
    urls = (handler.notify.urls if handler.notify else None) or ()
    if not any(HIDDEN in masked(stored_parts(url)[0]) for url in urls):
        return ""
    return "a URL in notify.urls has a token or password; put it into a Secret and write ${NAME} instead"


RULES = KindRules(
    problems=problems,
    notice=notice,
    shown=_shown,
    secrets=secrets,
    selectable=Selectable(
        "handler", {**PLACE, **own(as_list, "filters", "handlers"), **own(as_text, "mutator", "type")}
    ),
    keeps_namespace=True,
    filters={"type": lambda handler, value: handler.type == value},
    suggested=("command", "timeout"),
)
