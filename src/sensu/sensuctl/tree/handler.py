"""`sensuctl handler …`."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.handler import HANDLER_TYPES
from sensu.resources.kinds import HANDLER
from sensu.rules.notify.urls import masked
from sensu.sensuctl.command import Context
from sensu.sensuctl.declare import (
    ENV_VARS,
    FORMAT,
    INTERACTIVE,
    ONE,
    RUNTIME_ASSETS,
    change,
    creation,
    deletion,
    info,
    listing,
    update,
)
from sensu.sensuctl.failure import BadArguments
from sensu.sensuctl.forms import FormField, from_answers, from_flags
from sensu.sensuctl.resource_commands import Noun, joined, name_of
from sensu.sensuctl.table import Column

_COMMON = (
    FormField("env_vars", "Environment variables:", "list"),
    FormField("filters", "Filters:", "list"),
    FormField("mutator", "Mutator:"),
    FormField("timeout", "Timeout:", "number"),
    FormField("type", "Type:", "choice", choices=HANDLER_TYPES, default="pipe"),
    FormField("runtime_assets", "Runtime Assets:", "list"),
)
_OF_TYPE = {
    "pipe": (FormField("command", "Command:"),),
    "notify": (FormField("notify.urls", "URLs:", "list", flag="urls"),),
    "set": (FormField("handlers", "Handlers:", "list"),),
    "tcp": (
        FormField("socket.host", "Socket Host:", flag="socket-host"),
        FormField("socket.port", "Socket Port:", "number", flag="socket-port"),
    ),
}
_OF_TYPE["udp"] = _OF_TYPE["tcp"]
GAP = "\u2000"
"""The wide space after the first word of the `Execute` column, as in the reference."""


def _execute(handler: Any) -> str:
    """What the handler runs, calls or connects to.

    Source: recorded sensuctl session handler.
    """
    kind = handler.get("type", "")
    if kind in ("tcp", "udp"):
        socket = handler.get("socket") or {}
        return f"PUSH:{GAP}{kind}://{socket.get('host', '')}:{socket.get('port', 0)}"
    if kind == "pipe":
        return f"RUN:{GAP}{GAP}{handler.get('command', '')}"
    if kind == "notify":
        return f"SEND:{GAP}{', '.join(masked(url) for url in (handler.get('notify') or {}).get('urls') or ())}"
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


class HandlerNoun(Noun):
    """Handlers, whose fields depend on their type."""

    def given(self, context: Context) -> dict[str, Any]:
        """The fields from flags, with those of other types if they were given."""
        socket = _OF_TYPE["tcp"] if context.text("socket-host") or context.text("socket-port") else ()
        urls = _OF_TYPE["notify"] if context.text("urls") else ()
        handler = from_flags(context, (*_COMMON, *_OF_TYPE["pipe"], *_OF_TYPE["set"], *socket, *urls))
        return {**handler, "type": handler["type"].lower()}

    def answers(self, context: Context, current: Any) -> dict[str, Any]:
        """The common fields, then those of the type."""
        common = from_answers(context, _COMMON, current)
        return {**common, **from_answers(context, _OF_TYPE[common["type"]], current)}


def refusal(why: str) -> BadArguments:
    """The error for flags that describe no valid handler; only people at a terminal read why.

    Source: recorded sensuctl session handler.
    """
    return BadArguments(plain=why)


NOUN = HandlerNoun(HANDLER, COLUMNS, details, question="Handler Name:", refusal=refusal)
COMMANDS = (
    creation(
        "handler",
        "mail --type pipe --command 'send-mail -t ops' --filters is_incident",
        Flag("command", help="command of a pipe handler"),
        ENV_VARS,
        Flag("filters", help="comma-separated filters"),
        Flag("handlers", help="comma-separated handlers of a set"),
        INTERACTIVE,
        Flag("mutator", short="m", help="mutator to apply to events"),
        RUNTIME_ASSETS,
        Flag("socket-host", help="host of a tcp or udp handler"),
        Flag("socket-port", help="port of a tcp or udp handler"),
        Flag("timeout", short="i", help="seconds after which the command is stopped"),
        Flag("type", short="t", default="pipe", help='"pipe", "notify", "tcp", "udp" or "set"'),
        Flag("urls", help="comma-separated URLs of the services of a notify handler, such as ntfy://HOST/TOPIC"),
    ),
    deletion("handler"),
    info("handler", "[ID]"),
    listing("handler"),
    change(
        "handler",
        "test",
        "nouns.handler_test:test_handler",
        "[NAME]",
        ONE,
        "Send a marked test event to a handler, past all filters, and report what came of it",
        "slack",
        Flag("dry-run", kind="bool", help="show the message and where it would go; nothing is sent"),
        FORMAT,
        Flag("resolve", kind="bool", help="send the end of an incident instead of its beginning"),
        Flag("status", default="2", help="status of the check in the event"),
        Flag("url-index", help="test only one URL of a notify handler; the first has the index 0"),
    ),
    update("handler"),
)
