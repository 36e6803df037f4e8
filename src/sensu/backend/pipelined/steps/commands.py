"""What the commands of handlers and mutators have in common."""

from collections.abc import Iterable, Sequence

from sensu.backend.secrets.provider import SecretVariable
from sensu.execution.command import TIMED_OUT_TEXT
from sensu.execution.environment import pairs
from sensu.rules.redaction import names_secret

COMMAND_TIME_LIMIT_S = 3600
"""The time limit of a command without a timeout of its own: it holds one of the few turns of its handler."""
TIMED_OUT = TIMED_OUT_TEXT.decode()


def revealed(secrets: Iterable[SecretVariable]) -> list[tuple[str, str]]:
    """The variables of secrets for the environment of a command."""
    return [(name, value.reveal()) for name, value in secrets]


def hidden_values(secrets: Iterable[SecretVariable], env_vars: Sequence[str] | None) -> list[str]:
    """The values that a command's output must not show: its secrets, and variables with names of secrets."""
    return [value for _, value in revealed(secrets)] + [value for name, value in pairs(env_vars) if names_secret(name)]
