"""`sensuctl role …` and `sensuctl cluster-role …`."""

from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.kind import CLUSTER_ROLE, ROLE, Kind
from sensu.sensuctl.output import show_document, show_table
from sensu.sensuctl.resource_commands import (
    create_resource,
    delete_resource,
    get_resource,
    joined,
    list_resources,
    metadata_of,
    name_of,
    namespace_of,
)
from sensu.sensuctl.table import Column


def _rule_count(role: Any) -> int:
    return len(role.get("rules") or ())


_NAME = Column("Name", name_of, key=True)
_RULES = Column("Rules", _rule_count)
ROLE_COLUMNS = (_NAME, Column("Namespace", namespace_of), _RULES)
CLUSTER_ROLE_COLUMNS = (_NAME, _RULES)
RULE_COLUMNS = (
    Column("Verbs", lambda rule: joined(rule.get("verbs")), key=True),
    Column("Resources", lambda rule: joined(rule.get("resources"))),
    Column("Resource Names", lambda rule: joined(rule.get("resource_names"))),
)


def _create(context: Context, kind: Kind) -> None:
    """Create a role with one rule, which the flags give."""
    rule = {
        "verbs": context.flag("verb") or [],
        "resources": context.flag("resource") or [],
        "resource_names": context.flag("resource-name"),
    }
    if not rule["verbs"]:
        raise CommandFailed("at least one verb must be provided")
    if not rule["resources"]:
        raise CommandFailed("at least one resource must be provided")
    metadata = metadata_of(context, context.words[0], namespaced=kind.namespaced)
    create_resource(context, kind, {"rules": [rule], "metadata": metadata})


def create_role(context: Context) -> None:
    """`sensuctl role create NAME`."""
    _create(context, ROLE)


def create_cluster_role(context: Context) -> None:
    """`sensuctl cluster-role create NAME`."""
    _create(context, CLUSTER_ROLE)


def list_roles(context: Context) -> None:
    """`sensuctl role list`."""
    list_resources(context, ROLE, ROLE_COLUMNS)


def list_cluster_roles(context: Context) -> None:
    """`sensuctl cluster-role list`."""
    list_resources(context, CLUSTER_ROLE, CLUSTER_ROLE_COLUMNS)


def show_role(context: Context) -> None:
    """`sensuctl role info NAME`."""
    role = get_resource(context, ROLE, context.words[0])
    if not show_document(context, ROLE, role):
        namespace = Column("Namespace", lambda _: namespace_of(role), key=True)
        show_table(context, (namespace, *RULE_COLUMNS), role.get("rules") or ())


def show_cluster_role(context: Context) -> None:
    """`sensuctl cluster-role info NAME`."""
    role = get_resource(context, CLUSTER_ROLE, context.words[0])
    if not show_document(context, CLUSTER_ROLE, role):
        show_table(context, RULE_COLUMNS, role.get("rules") or ())


def delete_role(context: Context) -> None:
    """`sensuctl role delete NAME`."""
    delete_resource(context, ROLE)


def delete_cluster_role(context: Context) -> None:
    """`sensuctl cluster-role delete NAME`."""
    delete_resource(context, CLUSTER_ROLE)
