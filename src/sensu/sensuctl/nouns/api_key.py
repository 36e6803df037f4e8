"""`sensuctl api-key …`."""

from collections.abc import Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.kind import API_KEY
from sensu.sensuctl.resource_commands import delete_resource, go_time, list_resources, name_of, show_resource
from sensu.sensuctl.session import resource_path
from sensu.sensuctl.table import Column

COLUMNS = (
    Column("Name", name_of, key=True, whole=True),
    Column("Username", lambda key: key.get("username", "")),
    Column("Created At", lambda key: go_time(key.get("created_at")), whole=True),
)


def details(key: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `api-key info`."""
    return tuple((column.title, column.cell(key)) for column in COLUMNS)


def grant(context: Context) -> None:
    """`sensuctl api-key grant USERNAME`."""
    answer = context.session.call("POST", resource_path(API_KEY, ""), {"username": context.words[0]})
    context.print(f"Created: {answer.headers.get('location', '')}")


def list_keys(context: Context) -> None:
    """`sensuctl api-key list`."""
    list_resources(context, API_KEY, COLUMNS)


def show_key(context: Context) -> None:
    """`sensuctl api-key info NAME`."""
    show_resource(context, API_KEY, name_of, details)


def revoke(context: Context) -> None:
    """`sensuctl api-key revoke NAME`."""
    delete_resource(context, API_KEY)
