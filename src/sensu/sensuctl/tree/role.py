"""`sensuctl role …`, and what `sensuctl cluster-role …` has in common with it."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import ROLE
from sensu.sensuctl.command import ANY_NUMBER, Command, Context
from sensu.sensuctl.declare import FORCE, ONE, TOO_MANY, deletion, info, listing, method
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import show_document, show_table
from sensu.sensuctl.resource_commands import (
    Noun,
    create_resource,
    get_resource,
    joined,
    metadata_of,
    name_of,
    namespace_of,
)
from sensu.sensuctl.table import Column


def _rule_count(role: Any) -> int:
    return len(role.get("rules") or ())


NAME = Column("Name", name_of, key=True)
RULES = Column("Rules", _rule_count)
RULE_COLUMNS = (
    Column("Verbs", lambda rule: joined(rule.get("verbs")), key=True),
    Column("Resources", lambda rule: joined(rule.get("resources"))),
    Column("Resource Names", lambda rule: joined(rule.get("resource_names"))),
)


class RoleNoun(Noun):
    """Roles and cluster roles, which consist of rules."""

    def create(self, context: Context) -> None:
        """Create a role with one rule, from flags."""
        rule = {
            "verbs": context.flag("verb") or [],
            "resources": context.flag("resource") or [],
            "resource_names": context.flag("resource-name"),
        }
        if not rule["verbs"]:
            raise CommandFailed("at least one verb must be provided")
        if not rule["resources"]:
            raise CommandFailed("at least one resource must be provided")
        metadata = metadata_of(context, context.words[0], namespaced=self.kind.namespaced)
        create_resource(context, self.kind, {"rules": [rule], "metadata": metadata})

    def show(self, context: Context) -> None:
        """Write the rules of a role, as a table with its namespace if it has one."""
        role = get_resource(context, self.kind)
        namespace = Column("Namespace", lambda _: namespace_of(role), key=True)
        columns = (namespace, *RULE_COLUMNS) if self.kind.namespaced else RULE_COLUMNS
        if not show_document(context, self.kind, role):
            show_table(context, columns, role.get("rules") or ())


def role_commands(noun: str, missing: str, *, namespaced: bool) -> Sequence[Command]:
    """The commands of roles or cluster roles; `missing` is the error for a deletion without a name."""
    return (
        Command(
            "create",
            f"{noun} create [NAME] --verb=VERBS --resource=RESOURCES [--resource-name=RESOURCE_NAMES] [flags]",
            "Create a role with one rule",
            method(noun, "create"),
            (
                Flag("resource", "strings", short="r", help="types of resources that the rule covers"),
                Flag("resource-name", "strings", short="n", help="names of resources that the rule covers"),
                Flag("verb", "strings", short="v", help="allowed actions: get, list, create, update, delete or *"),
            ),
            ONE,
            example=f"sensuctl {noun} create reader --verb get,list --resource checks,handlers",
            missing="a name is required",
            surplus=TOO_MANY,
        ),
        deletion(noun, missing=missing, more=() if namespaced else (FORCE,)),
        info(noun, missing="a role name is required"),
        listing(noun, namespaced=namespaced, words_max=ANY_NUMBER),
    )


NOUN = RoleNoun(ROLE, (NAME, Column("Namespace", namespace_of), RULES))
COMMANDS = role_commands("role", "a role name is required", namespaced=True)
