"""Whether a handler is valid.

Source: recorded scenario handlers-invalid.
"""

from sensu.resources.handler import Handler, HandlerSocket
from sensu.rules.validity.names import name_problem


def problem(handler: Handler) -> str | None:
    """The first rule that a handler breaks, or None."""
    why = name_problem(handler.metadata.name)
    if why is not None:
        return f"handler name {why}"
    why = _type_problem(handler)
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
