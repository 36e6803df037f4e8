"""`sensuctl role-binding …`, and what `sensuctl cluster-role-binding …` has in common with it."""

from collections.abc import Iterator, Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import ROLE_BINDING
from sensu.sensuctl.command import ANY_NUMBER, Command, Context
from sensu.sensuctl.declare import FORCE, ONE, TOO_MANY, deletion, info, listing, method
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import (
    Noun,
    create_resource,
    joined,
    metadata_of,
    name_of,
    namespace_of,
)
from sensu.sensuctl.table import Column

CLUSTER_ROLE, ROLE = "ClusterRole", "Role"


def granted(binding: Any, kind: str) -> str:
    """The name of the role that is granted, empty if it is of another kind."""
    return str(get(binding, "role_ref.name") or "") if get(binding, "role_ref.type") == kind else ""


NAME = Column("Name", name_of, key=True)
GRANTS_CLUSTER_ROLE = Column("Cluster Role", lambda binding: granted(binding, CLUSTER_ROLE))
SUBJECTS = Column("Subjects", lambda binding: len(binding.get("subjects") or ()))
COLUMNS = (
    NAME,
    Column("Namespace", namespace_of),
    GRANTS_CLUSTER_ROLE,
    Column("Role", lambda binding: granted(binding, ROLE)),
    SUBJECTS,
)


def subject_rows(binding: Any) -> Iterator[tuple[str, Any]]:
    """The rows of `info` with the users and groups of a binding."""
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
        *subject_rows(binding),
    )


class BindingNoun(Noun):
    """Role bindings and cluster role bindings, which grant a role to users and groups."""

    def role(self, context: Context) -> dict[str, str]:
        """The role that the flags name, a cluster role if there are both; raises CommandFailed for none."""
        for kind, name in ((CLUSTER_ROLE, context.text("cluster-role")), (ROLE, context.text("role"))):
            if name:
                return {"type": kind, "name": name}
        choice = "a role or cluster role" if self.kind.namespaced else "a ClusterRole"
        raise CommandFailed(f"{choice} must be provided")

    def create(self, context: Context) -> None:
        """Create a binding, from flags."""
        role = self.role(context)
        groups, users = context.flag("group") or [], context.flag("user") or []
        if not groups and not users:
            raise CommandFailed("at least one group or user must be provided")
        subjects = [{"type": "Group", "name": name} for name in groups]
        subjects += [{"type": "User", "name": name} for name in users]
        metadata = metadata_of(context, context.words[0], namespaced=self.kind.namespaced)
        create_resource(context, self.kind, {"subjects": subjects, "role_ref": role, "metadata": metadata})


def binding_commands(noun: str, reference: str, *, namespaced: bool) -> Sequence[Command]:
    """The commands of role bindings or cluster role bindings; `reference` is the usage of the flags for the role."""
    name = noun.replace("-", " ")
    missing = f"a {name} name is required"
    role = (Flag("role", short="r", help="role to grant"),) if namespaced else ()
    return (
        Command(
            "create",
            f"{noun} create [NAME] {reference} [--user=username] [--group=groupname] [flags]",
            f"Create a {name}",
            method(noun, "create"),
            (
                Flag("cluster-role", short="c", help="cluster role to grant"),
                Flag("group", "strings", short="g", help="groups to which the role is granted"),
                *role,
                Flag("user", "strings", short="u", help="users to whom the role is granted"),
            ),
            ONE,
            example=f"sensuctl {noun} create viewers --cluster-role view --group ops",
            missing="a name is required",
            surplus=TOO_MANY,
        ),
        deletion(noun, missing=missing, more=() if namespaced else (FORCE,)),
        info(noun, missing=missing),
        listing(noun, namespaced=namespaced, words_max=ANY_NUMBER),
    )


NOUN = BindingNoun(ROLE_BINDING, COLUMNS, details, title=lambda binding: f"{namespace_of(binding)}/{name_of(binding)}")
COMMANDS = binding_commands("role-binding", "--cluster-role=NAME|--role=NAME", namespaced=True)
