"""`sensuctl env`: the settings as shell variables.

Source: recorded sensuctl sessions env, token-refresh.
"""

import contextlib
import shlex
from collections.abc import Callable
from pathlib import PurePath

from sensu.rules.go_duration import format_s
from sensu.sensuctl.command import Context
from sensu.sensuctl.configuration import Configuration
from sensu.sensuctl.failure import CommandFailed


def show_environment(context: Context) -> None:
    """`sensuctl env`: an expired token is renewed first, if possible."""
    configuration = context.configuration
    if not configuration.cluster.access_token:
        raise CommandFailed("not logged in: run `sensuctl configure` first")
    with contextlib.suppress(CommandFailed):
        context.session.access_token()
    line, lines_after = _style(context)
    for name, value in variables(configuration).items():
        context.print(line(name, value))
    for text in lines_after:
        context.print(text)


def variables(configuration: Configuration) -> dict[str, str]:
    """The configuration as variables."""
    cluster = configuration.cluster
    return {
        "SENSU_API_URL": configuration.api_url,
        "SENSU_NAMESPACE": configuration.namespace,
        "SENSU_FORMAT": configuration.format,
        "SENSU_API_KEY": configuration.api_key,
        "SENSU_ACCESS_TOKEN": cluster.access_token,
        "SENSU_ACCESS_TOKEN_EXPIRES_AT": str(cluster.expires_at),
        "SENSU_REFRESH_TOKEN": cluster.refresh_token,
        "SENSU_TRUSTED_CA_FILE": configuration.trusted_ca_file,
        "SENSU_INSECURE_SKIP_TLS_VERIFY": "true" if configuration.insecure_skip_tls_verify else "false",
        "SENSU_TIMEOUT": format_s(configuration.timeout_s),
    }


def _style(context: Context) -> tuple[Callable[[str, str], str], tuple[str, ...]]:
    """The syntax for setting a variable in the shell, and a comment on how to use the output."""
    shell = context.text("shell") or PurePath(context.environment.get("SHELL", "")).name
    call = " ".join([context.argv0, *context.arguments])
    if shell == "cmd":
        loop = f"REM \t@FOR /f \"tokens=*\" %i IN ('{call}') DO @%i"
        return lambda name, value: f"SET {name}={value}", ("REM Run this command to configure your shell: ", loop)
    if shell == "powershell":
        comment = ("# Run this command to configure your shell: ", f"# & {call} | Invoke-Expression")
        return lambda name, value: f'$Env:{name} = "{_powershell_quoted(value)}"', comment
    comment = ("# Run this command to configure your shell: ", f"# eval $({call})")
    return lambda name, value: f"export {name}={_quoted(value)}", comment


def _quoted(value: str) -> str:
    """The value in double quotes, without characters that the shell interprets."""
    return shlex.quote(value) if any(character in value for character in '"$`\\!') else f'"{value}"'


def _powershell_quoted(value: str) -> str:
    return value.replace("`", "``").replace('"', '`"').replace("$", "`$")
