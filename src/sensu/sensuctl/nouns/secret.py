"""`sensuctl secret …`: the references to secrets, whose values nobody sees.

Source: docs/secrets.md.
"""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.forms import get
from sensu.sensuctl.kind import SECRET
from sensu.sensuctl.resource_commands import delete_resource, list_resources, name_of, namespace_of, show_resource
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


def list_secrets(context: Context) -> None:
    """`sensuctl secret list`."""
    list_resources(context, SECRET, COLUMNS)


def show_secret(context: Context) -> None:
    """`sensuctl secret info NAME`."""
    show_resource(context, SECRET, name_of, details)


def delete_secret(context: Context) -> None:
    """`sensuctl secret delete NAME`."""
    delete_resource(context, SECRET)
