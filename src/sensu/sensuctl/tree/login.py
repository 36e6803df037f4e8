"""`sensuctl login …`: log in with the browser."""

from sensu.sensuctl.command import Command
from sensu.sensuctl.tree.configure import PORT, PROVIDER

COMMANDS = (
    Command(
        "oidc",
        "login oidc [flags]",
        "Log in with the browser, at an OpenID Connect provider",
        "nouns.configure:log_in_oidc",
        (PORT, PROVIDER),
        configured=False,
        example="sensuctl login oidc",
    ),
)
