"""`sensuctl auth test`: try a log-in at an authentication provider."""

from sensu.resources.kinds import AUTH_PROVIDER
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import show_value
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.prompt import ask, ask_secret


def test_login(context: Context) -> None:
    """`sensuctl auth test NAME`: print the steps of the log-in, and fail if the user is refused."""
    username = context.text("username") or ask(context, "Username:")
    password = ask_secret(context, "Password:")
    path = f"{resource_path(AUTH_PROVIDER, '', *context.words)}/test"
    report = context.session.call("POST", path, {"username": username, "password": password}).json()
    if not show_value(context, report):
        for step in report["steps"]:
            context.print(step)
        if report["accepted"]:
            context.print(f"accepted as {report['username']}, in the groups {', '.join(report['groups']) or '(none)'}")
    if not report["accepted"]:
        raise CommandFailed(f"the user would be refused: {report['problem']}")
