"""`sensuctl config …`: the configuration of sensuctl.

Source: recorded sensuctl sessions configure, no-config.
"""

from sensu.errors import InvalidResource
from sensu.rules.go_duration import format_s, parse_ns
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import FORMATS, show_details, show_value


def set_format(context: Context) -> None:
    """`sensuctl config set-format FORMAT`."""
    name = context.words[0]
    if context.for_people and name not in FORMATS:
        raise CommandFailed(f'unknown format "{name}": use {", ".join(FORMATS[:-1])} or {FORMATS[-1]}')
    context.configuration.profile.format = name
    context.configuration.save_profile()
    context.print("Updated")


def set_namespace(context: Context) -> None:
    """`sensuctl config set-namespace NAMESPACE`."""
    context.configuration.profile.namespace = context.words[0]
    context.configuration.save_profile()
    context.print("Updated")


def set_timeout(context: Context) -> None:
    """`sensuctl config set-timeout TIMEOUT`."""
    try:
        timeout_ns = parse_ns(context.words[0])
    except InvalidResource as err:
        context.say(f"Unable to parse new timeout with error: {err}")
        raise CommandFailed(str(err)) from err
    context.configuration.cluster.timeout_ns = timeout_ns
    context.configuration.save_cluster()
    context.print("Updated")


def view(context: Context) -> None:
    """`sensuctl config view`."""
    configuration = context.configuration
    if not configuration.cluster.access_token and not configuration.api_key:
        raise CommandFailed("no active configuration found")
    values = {
        "api-url": configuration.api_url,
        "format": configuration.format,
        "jwt_expires_at": str(configuration.cluster.expires_at),
        "namespace": configuration.namespace,
        "timeout": format_s(configuration.timeout_s),
        "username": configuration.username,
    }
    if context.format == "wrapped-json":
        raise CommandFailed("the configuration is not a resource and cannot be written as wrapped-json")
    if show_value(context, values):
        return
    rows = (
        ("API URL", values["api-url"]),
        ("Namespace", values["namespace"]),
        ("Format", values["format"]),
        ("Timeout", values["timeout"]),
        ("Username", values["username"]),
        ("JWT Expiration Timestamp", values["jwt_expires_at"]),
    )
    show_details(context, "Active Configuration", rows)
