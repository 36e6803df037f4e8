"""`sensuctl event …`."""

from collections.abc import Sequence
from typing import Any

from sensu.clock import SystemClock
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import get
from sensu.sensuctl.kind import EVENT
from sensu.sensuctl.resource_commands import (
    delete_resource,
    get_resource,
    go_time,
    joined,
    list_resources,
    show_resource,
)
from sensu.sensuctl.session import resource_path
from sensu.sensuctl.table import Column

RESOLVED = "Resolved manually by sensuctl"


def _entity(event: Any) -> str:
    return str(get(event, "entity.metadata.name") or "")


def _check(event: Any) -> str:
    return str(get(event, "check.metadata.name") or "")


def _age(event: Any) -> str:
    """How long ago it happened: `5m`."""
    from sensu.sensuctl.event_board import age  # noqa: PLC0415 - only for people

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


def details(event: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `event info`."""
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
    )


def list_events(context: Context) -> None:
    """`sensuctl event list`, once or for as long as somebody watches."""
    if context.flag("watch"):
        from sensu.sensuctl.nouns.event_watch import watch_events  # noqa: PLC0415 - a plain list needs none of it

        watch_events(context)
        return
    list_resources(context, EVENT, COLUMNS)


def show_event(context: Context) -> None:
    """`sensuctl event info ENTITY CHECK`."""
    show_resource(context, EVENT, lambda event: f"{_entity(event)} - {_check(event)}", details)


def delete_event(context: Context) -> None:
    """`sensuctl event delete ENTITY CHECK`."""
    delete_resource(context, EVENT)


def resolve_event(context: Context) -> None:
    """`sensuctl event resolve ENTITY CHECK`: a result of status 0 that says who sent it."""
    event = get_resource(context, EVENT)
    check = event.get("check")
    if not check:
        raise CommandFailed("an event without a check cannot be resolved")
    now = int(SystemClock().now())
    check |= {"status": 0, "output": RESOLVED, "executed": now}
    path = resource_path(EVENT, context.namespace, *context.words)
    context.session.call("PUT", path, {**event, "check": check, "timestamp": now})
    context.print("Resolved")
