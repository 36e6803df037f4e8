"""`sensuctl user …`, but for passwords."""

from sensu.sensuctl.command import Context
from sensu.sensuctl.forms import listed
from sensu.sensuctl.kind import USER
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.resource_commands import first_word, joined, list_resources
from sensu.sensuctl.session import resource_path
from sensu.sensuctl.table import Column

COLUMNS = (
    Column("Username", lambda user: user.get("username", ""), key=True),
    Column("Groups", lambda user: joined(user.get("groups"))),
    Column("Enabled", lambda user: not user.get("disabled")),
)


def create_user(context: Context) -> None:
    """`sensuctl user create NAME --password P`."""
    name, password, groups = first_word(context), context.text("password"), context.text("groups")
    if context.flag("interactive"):
        from sensu.sensuctl.prompt import ask, ask_new_secret  # noqa: PLC0415 - only for people

        name = ask(context, "Username:", name)
        password = ask_new_secret(context, "Password:")
        groups = ask(context, "Groups:", groups)
    user = {"username": name, "password": password, "groups": listed(groups), "disabled": False}
    context.session.call("POST", resource_path(USER, ""), user)
    context.print("Created")


def list_users(context: Context) -> None:
    """`sensuctl user list`."""
    list_resources(context, USER, COLUMNS)


def disable_user(context: Context) -> None:
    """`sensuctl user disable NAME`."""
    if confirm(context, f"disable user '{context.words[0]}'"):
        context.session.call("DELETE", resource_path(USER, "", context.words[0]))
        context.print("Disabled")


def reinstate_user(context: Context) -> None:
    """`sensuctl user reinstate NAME`."""
    context.session.call("PUT", resource_path(USER, "", context.words[0], "reinstate"), {})
    context.print("Reinstated")


def add_group(context: Context) -> None:
    """`sensuctl user add-group NAME GROUP`."""
    name, group = context.words
    context.session.call("PUT", resource_path(USER, "", name, "groups", group), {})
    context.print("Added")


def remove_group(context: Context) -> None:
    """`sensuctl user remove-group NAME GROUP`."""
    name, group = context.words
    context.session.call("DELETE", resource_path(USER, "", name, "groups", group))
    context.print("Removed")


def remove_groups(context: Context) -> None:
    """`sensuctl user remove-groups NAME`."""
    context.session.call("DELETE", resource_path(USER, "", context.words[0], "groups"))
    context.print("Removed")


def set_groups(context: Context) -> None:
    """`sensuctl user set-groups NAME GROUPS`: what is missing is added before anything is taken away."""
    name, wanted = context.words[0], listed(context.words[1])
    current = context.session.get(resource_path(USER, "", name)).get("groups") or []
    for group in wanted:
        if group not in current:
            context.session.call("PUT", resource_path(USER, "", name, "groups", group), {})
    for group in current:
        if group not in wanted:
            context.session.call("DELETE", resource_path(USER, "", name, "groups", group))
    context.print("Updated")
