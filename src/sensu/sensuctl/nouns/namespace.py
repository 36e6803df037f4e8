"""`sensuctl namespace …`."""

from sensu.sensuctl.command import Context
from sensu.sensuctl.kind import NAMESPACE
from sensu.sensuctl.resource_commands import create_resource, delete_resource, first_word, list_resources
from sensu.sensuctl.table import Column

COLUMNS = (Column("Name", lambda namespace: namespace.get("name", ""), key=True),)


def create_namespace(context: Context) -> None:
    """`sensuctl namespace create NAME`."""
    name = first_word(context)
    if context.flag("interactive"):
        from sensu.sensuctl.prompt import ask  # noqa: PLC0415 - only for people

        name = ask(context, "Name:", name)
    create_resource(context, NAMESPACE, {"name": name})


def list_namespaces(context: Context) -> None:
    """`sensuctl namespace list`."""
    list_resources(context, NAMESPACE, COLUMNS)


def delete_namespace(context: Context) -> None:
    """`sensuctl namespace delete NAME`."""
    delete_resource(context, NAMESPACE)
