"""`sensuctl auth …`: the authentication providers, such as LDAP directories.

Source: docs, "Configure single sign-on (SSO) authentication".
"""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import AUTH_PROVIDER
from sensu.sensuctl.declare import FORMAT, ONE, change, deletion, info, listing
from sensu.sensuctl.forms import get
from sensu.sensuctl.resource_commands import Noun, joined, name_of
from sensu.sensuctl.table import Column

COLUMNS = (
    Column("Type", lambda provider: str(provider.get("type", ""))),
    Column("Name", name_of, key=True),
)


def _servers(provider: Any) -> str:
    servers = get(provider, "spec.servers") or ()
    return joined([f"{one.get('host')}:{one.get('port')} ({one.get('security')})" for one in servers], ", ")


def details(provider: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `auth info`: those that the type of the provider has."""
    rows = [(column.title, column.cell(provider)) for column in COLUMNS]
    rows += [("Servers", _servers(provider))] if _servers(provider) else []
    for title, path in (
        ("Server", "spec.server"),
        ("Client ID", "spec.client_id"),
        ("Username Claim", "spec.username_claim"),
        ("Groups Claim", "spec.groups_claim"),
    ):
        rows += [(title, get(provider, path))] if get(provider, path) else []
    for title, path in (("Username Prefix", "spec.username_prefix"), ("Groups Prefix", "spec.groups_prefix")):
        rows.append((title, get(provider, path) or ""))
    if not get(provider, "spec.client_id"):
        rows.append(("Allowed Groups", joined(get(provider, "spec.allowed_groups"), ", ") or "all"))
    return rows


NOUN = Noun(AUTH_PROVIDER, COLUMNS, details)
COMMANDS = (
    deletion("auth"),
    info("auth"),
    listing("auth", namespaced=False),
    change(
        "auth",
        "test",
        "nouns.auth_test:test_login",
        "[NAME]",
        ONE,
        "Try a log-in at an authentication provider, step by step; asks for the password",
        "openldap --username alice",
        FORMAT,
        Flag("username", short="u", help="user name to try"),
    ),
)
