"""The rules of handlers.

Source: recorded scenario handlers-invalid.
"""

from collections.abc import Iterator

from sensu.resources.handler import Handler, HandlerSocket
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.names import name_problem
from sensu.rules.retrying import policy_of
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, as_text, own

RETRY_ATTEMPTS_MAX = 100
RETRY_DELAY_MAX_S = 86_400


def problems(handler: Handler) -> Iterator[FieldProblem]:
    """The rules that a handler breaks."""
    why = name_problem(handler.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"handler name {why}")
    yield from _type_problems(handler)
    yield from _retry_problems(handler)
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
        case _:
            yield FieldProblem("type", f"unknown handler type: {handler.type}")


def _socket_problems(socket: HandlerSocket | None) -> Iterator[FieldProblem]:
    if socket is None:
        yield FieldProblem("socket", "tcp and udp handlers need a valid socket")
        return
    if not socket.host:
        yield FieldProblem("socket.host", "socket host undefined")
    if not socket.port:
        yield FieldProblem("socket.port", "socket port undefined")


def _retry_problems(handler: Handler) -> Iterator[FieldProblem]:
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
    yield from at_most_one("fallback_handler", _fallback_problem(handler))


def _fallback_problem(handler: Handler) -> str | None:
    if not handler.fallback_handler:
        return None
    if handler.type == "set":
        return "a handler set has no fallback_handler; its handlers may have one each"
    if handler.fallback_handler == handler.metadata.name:
        return "fallback_handler must be another handler"
    why = name_problem(handler.fallback_handler)
    return None if why is None else f"fallback_handler {why}"


RULES = KindRules(
    problems=problems,
    selectable=Selectable(
        "handler", {**PLACE, **own(as_list, "filters", "handlers"), **own(as_text, "mutator", "type")}
    ),
    keeps_namespace=True,
    filters={"type": lambda handler, value: handler.type == value},
    suggested=("command", "timeout"),
)
