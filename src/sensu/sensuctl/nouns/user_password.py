"""`sensuctl user …`: passwords.

Source: recorded sensuctl sessions user, rbac-limited.
"""

from sensu.resources.kinds import USER
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import BadArguments, CommandFailed
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import first_word

HASH_COST = 10
PASSWORD_BYTES_MAX = 72
"""The number of bytes that bcrypt uses."""


def hashed(password: str) -> str:
    """The bcrypt hash of a password."""
    import bcrypt  # noqa: PLC0415 - few commands hash

    return bcrypt.hashpw(password.encode()[:PASSWORD_BYTES_MAX], bcrypt.gensalt(HASH_COST, prefix=b"2a")).decode()


def _require_good(password: str) -> None:
    from sensu.rules.kinds.user import password_problem  # noqa: PLC0415 - few commands need rules

    problem = password_problem(password)
    if problem:
        raise CommandFailed(problem)


def change_password(context: Context) -> None:
    """`sensuctl user change-password [NAME]`: by default that of the current user."""
    name = first_word(context) or context.configuration.username
    current, new = context.text("current-password"), context.text("new-password")
    if context.flag("interactive"):
        from sensu.sensuctl.prompt import ask_new_secret, ask_secret  # noqa: PLC0415 - only at a terminal

        current = ask_secret(context, "Current Password:")
        new = ask_new_secret(context, "Password:")
    if not name:
        raise BadArguments("username must be provided")
    if not current:
        raise BadArguments("current password must be provided")
    if not new:
        raise BadArguments("new password must be provided")
    _require_good(new)
    change = {"username": name, "password": current, "password_hash": hashed(new)}
    context.session.call("PUT", resource_path(USER, "", name, "password"), change)
    context.print("Updated")


def reset_password(context: Context) -> None:
    """`sensuctl user reset-password NAME`."""
    name, new = context.words[0], context.text("password")
    if context.flag("interactive"):
        from sensu.sensuctl.prompt import ask_new_secret  # noqa: PLC0415 - only at a terminal

        new = ask_new_secret(context, "Password:")
    if not new:
        raise BadArguments("new password must be provided")
    _require_good(new)
    change = {"username": name, "password_hash": hashed(new)}
    context.session.call("PUT", resource_path(USER, "", name, "reset_password"), change)
    context.print("Updated")


def test_credentials(context: Context) -> None:
    """`sensuctl user test-creds [NAME]`: print nothing if they are correct."""
    name, password = first_word(context), context.text("password")
    if context.flag("interactive"):
        from sensu.sensuctl.prompt import ask, ask_secret  # noqa: PLC0415 - only at a terminal

        name = ask(context, "Username:", name)
        password = ask_secret(context, "Password:")
    if not name:
        raise BadArguments
    context.session.test_credentials(name, password)


def hash_password(context: Context) -> None:
    """`sensuctl user hash-password PASSWORD`."""
    context.print(hashed(context.words[0]))
