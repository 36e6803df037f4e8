"""`sensuctl configure` and `sensuctl login`: log in and save the configuration."""

from pathlib import Path
from typing import Any

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
    log_in(context, answers["url"], answers.get("username"), answers.get("password", ""))
    context.configuration.profile.format = answers["format"]
    context.configuration.profile.namespace = answers["namespace"]
    context.configuration.save_profile()
    if context.for_people:
        who = f" as {answers['username']}" if answers.get("username") else ""
        context.say(f"You are logged in{who} at {answers['url']}, namespace {answers['namespace']}.")
        context.say("Next: sensuctl event list shows what happens, sensuctl quickstart watches something new.")


def log_in_oidc(context: Context) -> None:
    """`sensuctl login oidc`: log in with the browser; the format and the namespace stay as they are."""
    log_in(context, context.configuration.api_url or DEFAULT_URL, None)
    context.print("You are logged in")


def log_in(context: Context, url: str, username: str | None, password: str = "") -> None:
    """Log in at an API and save the session: with a user name, or with the browser if there is none."""
    configuration, cluster = context.configuration, context.configuration.cluster
    cluster.api_url = url
    cluster.insecure_skip_tls_verify = bool(configuration.over.get("insecure-skip-tls-verify", False))
    ca_file = str(configuration.over.get("trusted-ca-file", ""))
    cluster.trusted_ca_file = str(Path(ca_file).absolute()) if ca_file else ""
    cluster.timeout_ns = int(configuration.timeout_s * NANOSECONDS)
    configuration.save_cluster()
    session = APISession(configuration, warn=context.warn, url=url)
    try:
        tokens = _by_browser(context, session, url) if username is None else session.log_in(username, password)
    except CommandFailed as err:
        if not context.for_people:
            context.say("")
        raise CommandFailed(f"unable to authenticate with error: {err}") from err
    remember_tokens(cluster, tokens)
    configuration.save_cluster()


def _by_browser(context: Context, session: APISession, url: str) -> dict[str, Any]:
    """The tokens of a log-in with the browser."""
    from sensu.sensuctl.browser_login import BrowserLogin, open_browser  # noqa: PLC0415 - only for this

    with BrowserLogin(url, int(context.flag("port")), context.text("provider")) as login:
        context.say(f"Log in with your browser at this URL:\n\n  {login.url}\n\nWaiting for the browser ...")
        open_browser(login.url, context.environment)
        return session.redeem(login.code(), login.verifier)


def _non_interactive(context: Context) -> bool:
    return bool(context.flag("non-interactive") or context.environment.get("SENSU_NON_INTERACTIVE") in ("1", "true"))


def _flag(context: Context, name: str) -> str:
    """The value of a flag or of its variable."""
    return context.text(name) or context.environment.get(f"SENSU_{name.upper()}", "")


def _given(context: Context) -> dict[str, str]:
    """The values from flags, variables and the configuration."""
    names = ("url",) if context.flag("oidc") else ("username", "password", "url")
    found = {name: _flag(context, name) for name in names}
    missing = sorted(name for name in names if name != "url" and not found[name] and not context.given(name))
    if missing:
        quoted = ", ".join(f'"{name}"' for name in missing)
        raise CommandFailed(f"required flag(s) {quoted} not set")
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
    url = ask(context, "Sensu Backend API URL:", _flag(context, "url") or configuration.api_url or DEFAULT_URL)
    user = {}
    if not context.flag("oidc"):
        user["username"] = ask(context, "Username:", _flag(context, "username"))
        user["password"] = ask_secret(context, "Password:")
    return {
        "url": url,
        **user,
        "namespace": ask(context, "Namespace:", configuration.namespace),
        "format": choose(context, "Preferred output format:", FORMATS, known),
    }
