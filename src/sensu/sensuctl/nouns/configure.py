"""`sensuctl configure`: log in and save the configuration."""

from pathlib import Path

from sensu.sensuctl.command import Context
from sensu.sensuctl.configuration import NANOSECONDS
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.session import APISession, remember_tokens

DEFAULT_URL = "http://127.0.0.1:8080"


def configure(context: Context) -> None:
    """`sensuctl configure`: the URL is saved before the log-in, everything else after it.

    An API key is not used and never saved.
    Source: recorded sensuctl session configure.
    """
    answers = _given(context) if _non_interactive(context) else _asked(context)
    configuration, cluster = context.configuration, context.configuration.cluster
    cluster.api_url = answers["url"]
    cluster.insecure_skip_tls_verify = bool(configuration.over.get("insecure-skip-tls-verify", False))
    ca_file = str(configuration.over.get("trusted-ca-file", ""))
    cluster.trusted_ca_file = str(Path(ca_file).absolute()) if ca_file else ""
    cluster.timeout_ns = int(configuration.timeout_s * NANOSECONDS)
    configuration.save_cluster()
    try:
        tokens = APISession(configuration, warn=context.warn, url=answers["url"]).log_in(
            answers["username"], answers["password"]
        )
    except CommandFailed as err:
        if not context.for_people:
            context.say("")
        raise CommandFailed(f"unable to authenticate with error: {err}") from err
    remember_tokens(cluster, tokens)
    configuration.save_cluster()
    configuration.profile.format = answers["format"]
    configuration.profile.namespace = answers["namespace"]
    configuration.save_profile()


def _non_interactive(context: Context) -> bool:
    return bool(context.flag("non-interactive") or context.environment.get("SENSU_NON_INTERACTIVE") in ("1", "true"))


def _flag(context: Context, name: str) -> str:
    """The value of a flag or of its variable."""
    return context.text(name) or context.environment.get(f"SENSU_{name.upper()}", "")


def _given(context: Context) -> dict[str, str]:
    """The values from flags, variables and the configuration."""
    found = {name: _flag(context, name) for name in ("username", "password", "url")}
    missing = sorted(name for name in ("username", "password") if not found[name] and not context.given(name))
    if missing:
        names = ", ".join(f'"{name}"' for name in missing)
        raise CommandFailed(f"required flag(s) {names} not set")
    configuration = context.configuration
    found["url"] = found["url"] or configuration.api_url or DEFAULT_URL
    found["format"] = context.format
    found["namespace"] = configuration.namespace
    return found


def _asked(context: Context) -> dict[str, str]:
    """The values entered at prompts; known ones are suggested."""
    from sensu.sensuctl.output import FORMATS  # noqa: PLC0415 - only at a terminal
    from sensu.sensuctl.prompt import ask, ask_secret, choose  # noqa: PLC0415 - only at a terminal

    configuration = context.configuration
    known = context.format if context.format in FORMATS else FORMATS[0]
    return {
        "url": ask(context, "Sensu Backend API URL:", _flag(context, "url") or configuration.api_url or DEFAULT_URL),
        "username": ask(context, "Username:", _flag(context, "username")),
        "password": ask_secret(context, "Password:"),
        "namespace": ask(context, "Namespace:", configuration.namespace),
        "format": choose(context, "Preferred output format:", FORMATS, known),
    }
