"""`sensuctl entity …`."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import ENTITY
from sensu.sensuctl.declare import INTERACTIVE, creation, deletion, info, listing, update
from sensu.sensuctl.failure import BadArguments
from sensu.sensuctl.forms import FormField
from sensu.sensuctl.resource_commands import Noun, go_time, joined, name_of
from sensu.sensuctl.table import Column

FIELDS = (
    FormField("entity_class", "Entity Class:", default="proxy"),
    FormField("subscriptions", "Subscriptions:", "list"),
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


class EntityNoun(Noun):
    """Entities, which have no subscriptions rather than an empty list of them."""

    def completed(self, content: dict[str, Any]) -> dict[str, Any]:
        """The entity to create."""
        return {**content, "subscriptions": content["subscriptions"] or None}


NOUN = EntityNoun(ENTITY, COLUMNS, details, FIELDS, question="Entity Name:", refusal=BadArguments)
COMMANDS = (
    creation(
        "entity",
        "switch-1 --entity-class proxy",
        Flag("entity-class", short="c", required=True, help="agent, proxy or another class"),
        INTERACTIVE,
        Flag("subscriptions", short="s", help="comma-separated subscriptions"),
    ),
    deletion("entity"),
    info("entity", "[ID]"),
    listing("entity"),
    update("entity", "[ID]"),
)
