"""`sensuctl event …`."""

from collections.abc import Sequence
from typing import Any

from sensu.clock import SystemClock
from sensu.flags import Flag
from sensu.resources.kinds import EVENT
from sensu.sensuctl.command import Context
from sensu.sensuctl.declare import FORMAT, TWO, change, deletion, info, listing, method
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import get
from sensu.sensuctl.output import show_one
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import Noun, get_resource, go_time, joined
from sensu.sensuctl.table import Column

RESOLVED = "Resolved manually by sensuctl"


def _entity(event: Any) -> str:
    return str(get(event, "entity.metadata.name") or "")


def _check(event: Any) -> str:
    return str(get(event, "check.metadata.name") or "")


def _age(event: Any) -> str:
    """The age of an event: `5m`."""
    from sensu.sensuctl.event_board import age  # noqa: PLC0415 - only at a terminal

    happened = event.get("timestamp")
    return age(SystemClock().now() - happened) if happened else ""


COLUMNS = (
    Column("Entity", _entity, key=True),
    Column("Check", _check),
    Column("Output", lambda event: get(event, "check.output") or ""),
    Column("Status", lambda event: get(event, "check.status") or 0),
    Column("Silenced", lambda event: bool(get(event, "check.is_silenced")), spare=1),
    Column("Age", lambda event: _age(event), extra=True, whole=True),
    Column("Timestamp", lambda event: go_time(event.get("timestamp")), spare=1, whole=True),
    Column("UUID", lambda event: event.get("id") or "", spare=2, whole=True),
)


def details(event: Any, page: str = "") -> Sequence[tuple[str, Any]]:
    """The rows of `event info`; `page` is the page of the event in the web UI."""
    check = event.get("check") or {}
    silenced = [("Silenced By", joined(check["silenced"], ", "))] if check.get("silenced") else []
    return (
        ("Entity", _entity(event)),
        ("Check", _check(event)),
        ("Output", str(check.get("output") or "").removesuffix("\n")),
        ("Status", str(check.get("status") or 0)),
        ("History", joined([result["status"] for result in check.get("history") or ()])),
        ("Silenced", "true" if check.get("is_silenced") else "false"),
        *silenced,
        ("Timestamp", go_time(event.get("timestamp"))),
        ("UUID", event.get("id") or ""),
        *([("Page", page)] if page else ()),
    )


def _title(event: Any) -> str:
    return f"{_entity(event)} - {_check(event)}"


class EventNoun(Noun):
    """Events, which can be watched and resolved."""

    def list(self, context: Context) -> None:
        """`sensuctl event list`, with --watch until it is interrupted."""
        if context.flag("watch"):
            from sensu.sensuctl.nouns.event_watch import watch_events  # noqa: PLC0415 - a plain list needs none of it

            watch_events(context)
        else:
            super().list(context)

    def show(self, context: Context) -> None:
        """`sensuctl event info ENTITY CHECK`, with the page of the event if the backend knows the URL of the web UI."""
        event, headers = context.session.get_with_headers(resource_path(EVENT, context.namespace, *context.words))
        show_one(context, EVENT, event, _title(event), details(event, headers.get("sensu-event-url", "")))

    def resolve(self, context: Context) -> None:
        """`sensuctl event resolve ENTITY CHECK`: send a result of status 0 whose output names sensuctl."""
        event = get_resource(context, EVENT)
        check = event.get("check")
        if not check:
            raise CommandFailed("an event without a check cannot be resolved")
        now = int(SystemClock().now())
        check |= {"status": 0, "output": RESOLVED, "executed": now}
        path = resource_path(EVENT, context.namespace, *context.words)
        context.session.call("PUT", path, {**event, "check": check, "timestamp": now})
        context.print("Resolved")


NOUN = EventNoun(EVENT, COLUMNS, details, title=_title)
_WATCH = Flag("watch", "bool", default=False, short="w", help="follow changes until interrupted")
_NOTE = Flag(
    "note",
    help="with --watch at a terminal: text shown below the events, for example which cluster this is; "
    "@FILE shows what a file says now",
)
_EVENT = "[ENTITY] [CHECK]"
COMMANDS = (
    deletion("event", _EVENT, TWO),
    change(
        "event",
        "explain",
        "nouns.explain:explain_event",
        _EVENT,
        TWO,
        "Explain why handlers did or did not receive an event",
        "server-1 disk",
        FORMAT,
    ),
    info("event", _EVENT, TWO),
    listing("event", more=(_NOTE, _WATCH))._replace(
        example="sensuctl event list --format json\nsensuctl event list --watch"
    ),
    change("event", "resolve", method("event", "resolve"), _EVENT, TWO, "Resolve an event manually", "server-1 disk"),
)
