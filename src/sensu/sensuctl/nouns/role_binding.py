"""`sensuctl role-binding …` and `sensuctl cluster-role-binding …`."""

from collections.abc import Iterator, Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import get
from sensu.sensuctl.kind import CLUSTER_ROLE_BINDING, ROLE_BINDING, Kind
from sensu.sensuctl.output import show_one
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

CLUSTER_ROLE, ROLE = "ClusterRole", "Role"


def _role(binding: Any, kind: str) -> str:
    """The name of the role that is granted, if it is of that kind."""
    return str(get(binding, "role_ref.name") or "") if get(binding, "role_ref.type") == kind else ""


_NAME = Column("Name", name_of, key=True)
_CLUSTER_ROLE = Column("Cluster Role", lambda binding: _role(binding, CLUSTER_ROLE))
_SUBJECTS = Column("Subjects", lambda binding: len(binding.get("subjects") or ()))
CLUSTER_COLUMNS = (_NAME, _CLUSTER_ROLE, _SUBJECTS)
COLUMNS = (
    _NAME,
    Column("Namespace", namespace_of),
    _CLUSTER_ROLE,
    Column("Role", lambda binding: _role(binding, ROLE)),
    _SUBJECTS,
)


def _subject_rows(binding: Any) -> Iterator[tuple[str, Any]]:
    yield "Subjects", ""
    for label, kind in (("  Users", "User"), ("  Groups", "Group")):
        names = [subject["name"] for subject in binding.get("subjects") or () if subject.get("type") == kind]
        if names:
            yield label, joined(names, ", ")


def details(binding: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `role-binding info`."""
    return (
        ("Name", name_of(binding)),
        ("Namespace", namespace_of(binding)),
        (str(get(binding, "role_ref.type")), str(get(binding, "role_ref.name"))),
        *_subject_rows(binding),
    )


def cluster_details(binding: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `cluster-role-binding info`."""
    return (
        ("Name", name_of(binding)),
        ("Cluster Role", str(get(binding, "role_ref.name"))),
        *_subject_rows(binding),
    )


def _create(context: Context, kind: Kind, role_ref: dict[str, str]) -> None:
    groups, users = context.flag("group") or [], context.flag("user") or []
    if not groups and not users:
        raise CommandFailed("at least one group or user must be provided")
    subjects = [{"type": "Group", "name": name} for name in groups] + [{"type": "User", "name": name} for name in users]
    metadata = metadata_of(context, context.words[0], namespaced=kind.namespaced)
    create_resource(context, kind, {"subjects": subjects, "role_ref": role_ref, "metadata": metadata})


def create_role_binding(context: Context) -> None:
    """`sensuctl role-binding create NAME`; a cluster role goes before a role."""
    cluster_role, role = context.text("cluster-role"), context.text("role")
    if not cluster_role and not role:
        raise CommandFailed("a role or cluster role must be provided")
    kind, name = (CLUSTER_ROLE, cluster_role) if cluster_role else (ROLE, role)
    _create(context, ROLE_BINDING, {"type": kind, "name": name})


def create_cluster_role_binding(context: Context) -> None:
    """`sensuctl cluster-role-binding create NAME`."""
    name = context.text("cluster-role")
    if not name:
        raise CommandFailed("a ClusterRole must be provided")
    _create(context, CLUSTER_ROLE_BINDING, {"type": CLUSTER_ROLE, "name": name})


def list_role_bindings(context: Context) -> None:
    """`sensuctl role-binding list`."""
    list_resources(context, ROLE_BINDING, COLUMNS)


def list_cluster_role_bindings(context: Context) -> None:
    """`sensuctl cluster-role-binding list`."""
    list_resources(context, CLUSTER_ROLE_BINDING, CLUSTER_COLUMNS)


def show_role_binding(context: Context) -> None:
    """`sensuctl role-binding info NAME`."""
    binding = get_resource(context, ROLE_BINDING, context.words[0])
    title = f"{namespace_of(binding)}/{name_of(binding)}"
    show_one(context, ROLE_BINDING, binding, title, details(binding))


def show_cluster_role_binding(context: Context) -> None:
    """`sensuctl cluster-role-binding info NAME`."""
    binding = get_resource(context, CLUSTER_ROLE_BINDING, context.words[0])
    show_one(context, CLUSTER_ROLE_BINDING, binding, name_of(binding), cluster_details(binding))


def delete_role_binding(context: Context) -> None:
    """`sensuctl role-binding delete NAME`."""
    delete_resource(context, ROLE_BINDING)


def delete_cluster_role_binding(context: Context) -> None:
    """`sensuctl cluster-role-binding delete NAME`."""
    delete_resource(context, CLUSTER_ROLE_BINDING)
