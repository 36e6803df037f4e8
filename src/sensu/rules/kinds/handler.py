"""The rules of handlers.

Source: recorded scenario handlers-invalid.
"""

from sensu.resources.handler import Handler, HandlerSocket
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import name_problem
from sensu.rules.retrying import policy_of
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, as_text, own

RETRY_ATTEMPTS_MAX = 100
RETRY_DELAY_MAX_S = 86_400


def problem(handler: Handler) -> str | None:
    """The first rule that a handler breaks, or None."""
    why = name_problem(handler.metadata.name)
    if why is not None:
        return f"handler name {why}"
    why = _type_problem(handler)
    why = why or _retry_problem(handler)
    if why is not None:
        return why
    return None if handler.metadata.namespace else "namespace must be set"


def _type_problem(handler: Handler) -> str | None:
    match handler.type:
        case "":
            return "empty handler type"
        case "pipe":
            return None if handler.command.strip() else "missing command"
        case "set":
            return None
        case "tcp" | "udp":
            return _socket_problem(handler.socket)
        case _:
            return f"unknown handler type: {handler.type}"


def _socket_problem(socket: HandlerSocket | None) -> str | None:
    if socket is None:
        return "tcp and udp handlers need a valid socket"
    if not socket.host:
        return "socket host undefined"
    return None if socket.port else "socket port undefined"


def _retry_problem(handler: Handler) -> str | None:
    """The rules of the fields that Sensu Go does not have."""
    if (handler.retry_attempts or 0) > RETRY_ATTEMPTS_MAX:
        return f"retry_attempts must not be greater than {RETRY_ATTEMPTS_MAX}"
    for name in ("retry_delay", "retry_delay_max"):
        if getattr(handler, name) > RETRY_DELAY_MAX_S:
            return f"{name} must not be greater than {RETRY_DELAY_MAX_S} seconds"
    policy = policy_of(handler)
    if policy.delay_max_s < policy.delay_s:
        return "retry_delay_max must not be less than retry_delay"
    if not handler.fallback_handler:
        return None
    if handler.type == "set":
        return "a handler set has no fallback_handler; its handlers may have one each"
    if handler.fallback_handler == handler.metadata.name:
        return "fallback_handler must be another handler"
    why = name_problem(handler.fallback_handler)
    return None if why is None else f"fallback_handler {why}"


RULES = KindRules(
    problem=problem,
    selectable=Selectable(
        "handler", {**PLACE, **own(as_list, "filters", "handlers"), **own(as_text, "mutator", "type")}
    ),
    keeps_namespace=True,
    filters={"type": lambda handler, value: handler.type == value},
    suggested=("command", "timeout"),
)
