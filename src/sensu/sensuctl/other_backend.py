"""A session with another backend than the configured one, whose tokens are kept in memory alone."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.configuration import Cluster, Configuration
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.prompt import ask, ask_secret
from sensu.sensuctl.session import APISession, remember_tokens

API_KEY_VARIABLE, USERNAME_VARIABLE, PASSWORD_VARIABLE = (
    "SENSU_FROM_API_KEY",
    "SENSU_FROM_USERNAME",
    "SENSU_FROM_PASSWORD",
)


class _InMemory(Configuration):
    """A configuration without files."""

    def save_cluster(self) -> None:
        """Keep the tokens in memory."""

    def cluster_of_others(self) -> Cluster:
        """No other process has tokens of this session."""
        return Cluster()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nothing is shared."""
        yield


def session_with(context: Context, url: str) -> APISession:
    """A session with the backend that `--from` names.

    The credentials are an API key or a user name and a password, from variables of the environment or, at a terminal,
    from prompts. Raises CommandFailed.
    """
    environment = context.environment
    key = environment.get(API_KEY_VARIABLE, "")
    over: Mapping[str, Any] = {
        "api-url": url.rstrip("/"),
        "api-key": key,
        "timeout": context.configuration.timeout_s,
        "trusted-ca-file": context.text("from-trusted-ca-file") or context.configuration.trusted_ca_file,
        "insecure-skip-tls-verify": bool(context.flag("from-insecure-skip-tls-verify")),
    }
    session = APISession(_InMemory("", "", over=over, environment=environment), warn=context.warn)
    if not key:
        username, password = _credentials(context, url)
        try:
            remember_tokens(session.configuration.cluster, session.log_in(username, password))
        except CommandFailed as err:
            raise CommandFailed(f"cannot log in at {url}: {err}") from err
    return session


def _credentials(context: Context, url: str) -> tuple[str, str]:
    username = context.text("from-username") or context.environment.get(USERNAME_VARIABLE, "")
    password = context.environment.get(PASSWORD_VARIABLE, "")
    if not context.stdin.isatty() and not (username and password):
        raise CommandFailed(
            f"no credentials for {url}: set {API_KEY_VARIABLE}, or {USERNAME_VARIABLE} and {PASSWORD_VARIABLE}"
        )
    username = username or ask(context, f"User name at {url}:", "admin")
    return username, password or ask_secret(context, f"Password of {username} at {url}:")
