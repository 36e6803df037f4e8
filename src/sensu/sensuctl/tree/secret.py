"""`sensuctl secret …`: references to secrets; their values are never shown.

Source: docs/secrets.md.
"""

from collections.abc import Sequence
from typing import Any

from sensu.resources.kinds import SECRET
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, name_of, namespace_of
from sensu.sensuctl.table import Column

COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Provider", lambda secret: get(secret, "spec.provider") or ""),
    Column("ID", lambda secret: get(secret, "spec.id") or ""),
)


def details(secret: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `secret info`."""
    name, provider, reference = (column.cell(secret) for column in COLUMNS)
    return (("Name", name), ("Namespace", namespace_of(secret)), ("Provider", provider), ("ID", reference))


NOUN = Noun(SECRET, COLUMNS, details)
COMMANDS = (deletion("secret"), info("secret"), listing("secret"))
