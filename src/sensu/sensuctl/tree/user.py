"""`sensuctl user …`; `nouns/user_password.py` has the commands for passwords."""

from sensu.flags import Flag
from sensu.resources.kinds import USER
from sensu.sensuctl.command import Command, Context
from sensu.sensuctl.declare import (
    FORCE,
    INTERACTIVE,
    ONE,
    ONE_AT_MOST,
    TWO,
    change,
    creation,
    deletion,
    listing,
    method,
)
from sensu.sensuctl.forms import listed
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.resource_commands import Noun, first_word, joined
from sensu.sensuctl.table import Column

COLUMNS = (
    Column("Username", lambda user: user.get("username", ""), key=True),
    Column("Groups", lambda user: joined(user.get("groups"))),
    Column("Enabled", lambda user: not user.get("disabled")),
)


class UserNoun(Noun):
    """Users, who are disabled rather than deleted."""

    def create(self, context: Context) -> None:
        """`sensuctl user create NAME --password P`."""
        name, password, groups = first_word(context), context.text("password"), context.text("groups")
        if context.flag("interactive"):
            from sensu.sensuctl.prompt import ask, ask_new_secret  # noqa: PLC0415 - only at a terminal

            name = ask(context, "Username:", name)
            password = ask_new_secret(context, "Password:")
            groups = ask(context, "Groups:", groups)
        user = {"username": name, "password": password, "groups": listed(groups), "disabled": False}
        context.session.call("POST", resource_path(USER, ""), user)
        context.print("Created")

    def disable(self, context: Context) -> None:
        """`sensuctl user disable NAME`."""
        if confirm(context, f"disable user '{context.words[0]}'"):
            context.session.call("DELETE", resource_path(USER, "", context.words[0]))
            context.print("Disabled")

    def reinstate(self, context: Context) -> None:
        """`sensuctl user reinstate NAME`."""
        context.session.call("PUT", resource_path(USER, "", context.words[0], "reinstate"), {})
        context.print("Reinstated")

    def add_group(self, context: Context) -> None:
        """`sensuctl user add-group NAME GROUP`."""
        name, group = context.words
        context.session.call("PUT", resource_path(USER, "", name, "groups", group), {})
        context.print("Added")

    def remove_group(self, context: Context) -> None:
        """`sensuctl user remove-group NAME GROUP`."""
        name, group = context.words
        context.session.call("DELETE", resource_path(USER, "", name, "groups", group))
        context.print("Removed")

    def remove_groups(self, context: Context) -> None:
        """`sensuctl user remove-groups NAME`."""
        context.session.call("DELETE", resource_path(USER, "", context.words[0], "groups"))
        context.print("Removed")

    def set_groups(self, context: Context) -> None:
        """`sensuctl user set-groups NAME GROUPS`: groups are added before others are removed."""
        name, wanted = context.words[0], listed(context.words[1])
        current = context.session.get(resource_path(USER, "", name)).get("groups") or []
        for group in wanted:
            if group not in current:
                context.session.call("PUT", resource_path(USER, "", name, "groups", group), {})
        for group in current:
            if group not in wanted:
                context.session.call("DELETE", resource_path(USER, "", name, "groups", group))
        context.print("Updated")


NOUN = UserNoun(USER, COLUMNS)
COMMANDS = (
    change(
        "user",
        "add-group",
        method("user", "add_group"),
        "[USERNAME] [GROUP]",
        TWO,
        "Add a user to a group",
        "alice ops",
    ),
    change(
        "user",
        "change-password",
        "nouns.user_password:change_password",
        "[USERNAME]",
        ONE_AT_MOST,
        "Change a password; requires the current one",
        "--interactive",
        Flag("current-password", short="c", help="current password"),
        INTERACTIVE,
        Flag("new-password", short="p", required=True, help="new password"),
    ),
    creation(
        "user",
        "alice --password 'correct horse' --groups ops",
        Flag("groups", short="g", help="comma-separated groups"),
        INTERACTIVE,
        Flag("password", short="p", required=True, help="password of at least 8 characters"),
    ),
    deletion("user", "[USERNAME]", run=method("user", "disable"), verb="disable", more=(FORCE,)),
    Command(
        "hash-password",
        "user hash-password [PASSWORD] [flags]",
        "Print the hash of a password",
        "nouns.user_password:hash_password",
        words=ONE,
        configured=False,
        example="sensuctl user hash-password 'correct horse'",
        missing="a password is required",
    ),
    listing("user", namespaced=False),
    change("user", "reinstate", method("user", "reinstate"), "[USERNAME]", ONE, "Enable a disabled user", "alice"),
    change(
        "user",
        "remove-group",
        method("user", "remove_group"),
        "[USERNAME] [group]",
        TWO,
        "Remove a user from a group",
        "alice ops",
        FORCE,
    ),
    change(
        "user",
        "remove-groups",
        method("user", "remove_groups"),
        "USERNAME",
        ONE,
        "Remove a user from all groups",
        "alice",
        FORCE,
    ),
    change(
        "user",
        "reset-password",
        "nouns.user_password:reset_password",
        "[USERNAME]",
        ONE,
        "Set a new password for a user",
        "alice --interactive",
        INTERACTIVE,
        Flag("password", short="p", help="new password"),
    )._replace(missing="a username is required"),
    change(
        "user",
        "set-groups",
        method("user", "set_groups"),
        "USERNAME GROUP1[,GROUP2, ...[,GROUPN]]",
        TWO,
        "Set the groups of a user",
        "alice ops,dev",
        FORCE,
    ),
    change(
        "user",
        "test-creds",
        "nouns.user_password:test_credentials",
        "[NAME]",
        ONE_AT_MOST,
        "Check a user name and password",
        "alice --password 'correct horse'",
        INTERACTIVE,
        Flag("password", short="p", required=True, help="password to try"),
    ),
)
