"""`sensuctl handler …`."""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import BadArguments, CommandFailed
from sensu.sensuctl.forms import Field, asked_metadata, from_answers, from_flags
from sensu.sensuctl.kind import HANDLER
from sensu.sensuctl.resource_commands import (
    checked,
    create_resource,
    delete_resource,
    first_word,
    get_resource,
    joined,
    list_resources,
    metadata_of,
    name_of,
    replace_resource,
    show_resource,
)
from sensu.sensuctl.table import Column

TYPES = ("pipe", "tcp", "udp", "set")
_COMMON = (
    Field("env_vars", "Environment variables:", "list"),
    Field("filters", "Filters:", "list"),
    Field("mutator", "Mutator:"),
    Field("timeout", "Timeout:", "number"),
    Field("type", "Type:", "choice", choices=TYPES, default="pipe"),
    Field("runtime_assets", "Runtime Assets:", "list"),
)
_OF_TYPE = {
    "pipe": (Field("command", "Command:"),),
    "set": (Field("handlers", "Handlers:", "list"),),
    "tcp": (
        Field("socket.host", "Socket Host:", flag="socket-host"),
        Field("socket.port", "Socket Port:", "number", flag="socket-port"),
    ),
}
_OF_TYPE["udp"] = _OF_TYPE["tcp"]


GAP = "\u2000"
"""The wide blank that the reference puts behind the kind of a deed."""


def _execute(handler: Any) -> str:
    """What the handler does, by its type.

    Source: recorded sensuctl session handler.
    """
    kind = handler.get("type", "")
    if kind in ("tcp", "udp"):
        socket = handler.get("socket") or {}
        return f"PUSH:{GAP}{kind}://{socket.get('host', '')}:{socket.get('port', 0)}"
    if kind == "pipe":
        return f"RUN:{GAP}{GAP}{handler.get('command', '')}"
    return f"CALL:{GAP}{joined(handler.get('handlers'))}" if kind == "set" else "UNKNOWN"


COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Type", lambda handler: handler.get("type", "")),
    Column("Timeout", lambda handler: handler.get("timeout", 0)),
    Column("Filters", lambda handler: joined(handler.get("filters"))),
    Column("Mutator", lambda handler: handler.get("mutator", "")),
    Column("Execute", _execute),
    Column("Environment Variables", lambda handler: joined(handler.get("env_vars")), key=True),
    Column("Assets", lambda handler: joined(handler.get("runtime_assets"))),
)


def details(handler: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `handler info`."""
    return (
        ("Name", name_of(handler)),
        ("Type", handler.get("type", "")),
        ("Timeout", str(handler.get("timeout", 0))),
        ("Filters", joined(handler.get("filters"), ", ")),
        ("Mutator", handler.get("mutator", "")),
        ("Execute", _execute(handler)),
        ("Environment Variables", joined(handler.get("env_vars"), ", ")),
        ("Runtime Assets", joined(handler.get("runtime_assets"), ", ")),
    )


def list_handlers(context: Context) -> None:
    """`sensuctl handler list`."""
    list_resources(context, HANDLER, COLUMNS)


def show_handler(context: Context) -> None:
    """`sensuctl handler info NAME`."""
    show_resource(context, HANDLER, name_of, details)


def delete_handler(context: Context) -> None:
    """`sensuctl handler delete NAME`."""
    delete_resource(context, HANDLER)


def create_handler(context: Context) -> None:
    """`sensuctl handler create NAME`; whatever is wrong reads like a bad command line.

    Source: recorded sensuctl session handler.
    """
    name = first_word(context)
    if context.flag("interactive"):
        metadata = asked_metadata(context, "Handler Name:", name)
        handler = {**_answers(context, None), "metadata": metadata}
    else:
        handler = {**_from_flags(context), "metadata": metadata_of(context, name)}
        _require_valid(handler)
    create_resource(context, HANDLER, handler)


def _from_flags(context: Context) -> dict[str, Any]:
    """The handler that the flags describe; what only other types need is kept if it was given."""
    socket = _OF_TYPE["tcp"] if context.text("socket-host") or context.text("socket-port") else ()
    handler = from_flags(context, (*_COMMON, *_OF_TYPE["pipe"], *_OF_TYPE["set"], *socket))
    return {**handler, "type": handler["type"].lower()}


def _require_valid(handler: Any) -> None:
    try:
        checked(HANDLER, handler)
    except CommandFailed as err:
        raise BadArguments from err


def _answers(context: Context, current: Any) -> dict[str, Any]:
    common = from_answers(context, _COMMON, current)
    return {**common, **from_answers(context, _OF_TYPE[common["type"]], current)}


def update_handler(context: Context) -> None:
    """`sensuctl handler update NAME`."""
    handler = get_resource(context, HANDLER)
    replace_resource(context, HANDLER, {**handler, **_answers(context, handler)})
    context.print("Updated")
