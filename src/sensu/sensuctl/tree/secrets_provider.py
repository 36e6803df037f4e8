"""`sensuctl secrets-provider …`: where the values of secrets come from.

Source: docs/secrets.md.
"""

from collections.abc import Sequence
from typing import Any

from sensu.resources.kinds import SECRET_PROVIDER
from sensu.sensuctl.declare import deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, name_of
from sensu.sensuctl.table import Column


def _place(provider: Any) -> str:
    """Where the provider has its values."""
    for path in ("client.agent_address", "client.address", "client.appliance_url", "client.region", "directory"):
        found = get(provider, f"spec.{path}")
        if found:
            return str(found)
    return ""


COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Type", lambda provider: str(provider.get("type", ""))),
    Column("Place", _place),
)


def details(provider: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `secrets-provider info`; keys and tokens are not among them."""
    rows: list[tuple[str, Any]] = [(column.title, column.cell(provider)) for column in COLUMNS]
    for title, path in (
        ("Version", "version"),
        ("Namespace", "namespace"),
        ("Account", "account"),
        ("Login", "login"),
        ("Timeout", "timeout"),
        ("TTL", "ttl"),
    ):
        value = get(provider, f"spec.client.{path}")
        rows += [(title, value)] if value else []
    return rows


NOUN = Noun(SECRET_PROVIDER, COLUMNS, details)
COMMANDS = (deletion("secrets-provider"), info("secrets-provider"), listing("secrets-provider", namespaced=False))
