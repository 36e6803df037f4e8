"""`sensuctl entity …`."""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import BadArguments, CommandFailed
from sensu.sensuctl.forms import Field, asked_metadata, from_answers, from_flags
from sensu.sensuctl.kind import ENTITY
from sensu.sensuctl.resource_commands import (
    checked,
    create_resource,
    delete_resource,
    first_word,
    get_resource,
    go_time,
    joined,
    list_resources,
    metadata_of,
    name_of,
    replace_resource,
    show_resource,
)
from sensu.sensuctl.table import Column

FIELDS = (
    Field("entity_class", "Entity Class:", default="proxy"),
    Field("subscriptions", "Subscriptions:", "list"),
)

COLUMNS = (
    Column("ID", name_of, key=True),
    Column("Class", lambda entity: entity["entity_class"]),
    Column("OS", lambda entity: entity["system"].get("os", "")),
    Column("Subscriptions", lambda entity: joined(entity["subscriptions"])),
    Column("Last Seen", lambda entity: go_time(entity["last_seen"]), whole=True),
)


def details(entity: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `entity info`."""
    system = entity["system"]
    return (
        ("Name", name_of(entity)),
        ("Entity Class", entity["entity_class"]),
        ("Subscriptions", joined(entity["subscriptions"], ", ")),
        ("Last Seen", go_time(entity["last_seen"])),
        ("Hostname", system.get("hostname", "")),
        ("OS", system.get("os", "")),
        ("Platform", system.get("platform", "")),
        ("Platform Family", system.get("platform_family", "")),
        ("Platform Version", system.get("platform_version", "")),
        ("Auto-Deregistration", entity["deregister"]),
        ("Deregistration Handler", entity["deregistration"].get("handler", "")),
    )


def list_entities(context: Context) -> None:
    """`sensuctl entity list`."""
    list_resources(context, ENTITY, COLUMNS)


def show_entity(context: Context) -> None:
    """`sensuctl entity info NAME`."""
    show_resource(context, ENTITY, name_of, details)


def delete_entity(context: Context) -> None:
    """`sensuctl entity delete NAME`."""
    delete_resource(context, ENTITY)


def create_entity(context: Context) -> None:
    """`sensuctl entity create NAME`."""
    name = first_word(context)
    if context.flag("interactive"):
        metadata = asked_metadata(context, "Entity Name:", name)
        entity = from_answers(context, FIELDS)
    else:
        metadata = metadata_of(context, name)
        entity = from_flags(context, FIELDS)
    entity["subscriptions"] = entity["subscriptions"] or None
    entity["metadata"] = metadata
    try:
        checked(ENTITY, entity)
    except CommandFailed as err:
        raise BadArguments(str(err)) from err
    create_resource(context, ENTITY, entity)


def update_entity(context: Context) -> None:
    """`sensuctl entity update NAME`."""
    entity = get_resource(context, ENTITY)
    replace_resource(context, ENTITY, {**entity, **from_answers(context, FIELDS, entity)})
    context.print("Updated")
