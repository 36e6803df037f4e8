"""The rules of the authentication providers `ldap` and `ad`.

Source: docs, "LDAP reference", "AD reference" (defaults, required fields, the form of names).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from sensu.resources.directory import (
    INSECURE,
    SECURITIES,
    TLS,
    ADProvider,
    ADServer,
    DirectoryProvider,
    DirectorySearch,
    LDAPServer,
)
from sensu.rules.kinds.auth_provider import name_problems
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.redaction import REDACTED
from sensu.rules.selectors.selectable import NAME, Selectable

SERVERS_MAX = 16
PORT_TLS, PORT_PLAIN = 636, 389

_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9\-]*|[0-9]+(\.[0-9]+)+")
_HOST = re.compile(r"[A-Za-z0-9_.\-]+|\[?[0-9A-Fa-f:.]+(%[A-Za-z0-9_.\-]+)?\]?")
_USERS = {False: ("uid", "cn", "person"), True: ("sAMAccountName", "displayName", "person")}
_GROUPS = {False: ("member", "cn", "groupOfNames"), True: ("member", "cn", "group")}
"""Attribute, name attribute and object class that are left out, by whether the directory is an Active Directory."""


def completed(provider: DirectoryProvider, username: str, now: float) -> DirectoryProvider:
    """The provider with the documented defaults; an account without a name is none."""
    is_ad = isinstance(provider, ADProvider)
    servers: Any = tuple(_completed_server(server, is_ad) for server in provider.servers or ())
    return provider if servers == (provider.servers or ()) else msgspec.structs.replace(provider, servers=servers)


def _completed_server(server: LDAPServer, is_ad: bool) -> LDAPServer:
    security = server.security or TLS
    binding, groups = server.binding, server.group_search
    return msgspec.structs.replace(
        server,
        security=security,
        port=server.port or (PORT_TLS if security == TLS else PORT_PLAIN),
        binding=None if binding is None or not (binding.user_dn or binding.password) else binding,
        group_search=None if groups is None else _completed_search(groups, _GROUPS[is_ad]),
        user_search=_completed_search(server.user_search, _USERS[is_ad]),
    )


def _completed_search(search: DirectorySearch, defaults: tuple[str, str, str]) -> DirectorySearch:
    attribute, name_attribute, object_class = defaults
    return msgspec.structs.replace(
        search,
        attribute=search.attribute or attribute,
        name_attribute=search.name_attribute or name_attribute,
        object_class=search.object_class or object_class,
    )


def problems(provider: DirectoryProvider) -> Iterator[FieldProblem]:
    """The rules that a provider breaks."""
    yield from name_problems(provider.metadata.name)
    if not provider.servers:
        yield FieldProblem("servers", "servers must have at least one server")
    elif len(provider.servers) > SERVERS_MAX:
        yield FieldProblem("servers", f"servers must have at most {SERVERS_MAX} servers")
    for number, server in enumerate(provider.servers or ()):
        for path, message in _server_problems(server):
            yield FieldProblem(f"servers[{number}].{path}", f"servers[{number}].{path} {message}")


def _server_problems(server: LDAPServer) -> Iterator[tuple[str, str]]:
    if not _HOST.fullmatch(server.host):
        yield "host", "must be the name or the IP address of a server, without scheme and port"
    if not 0 < server.port < 65_536:
        yield "port", "must be from 1 to 65535"
    if server.security not in SECURITIES:
        yield "security", f"must be one of {', '.join(SECURITIES)}"
    yield from _certificate_problems(server)
    if server.binding is not None:
        if not server.binding.user_dn:
            yield "binding.user_dn", "must be set with a password; for anonymous searches, leave out binding"
        if not server.binding.password:
            yield "binding.password", "must be set with a user_dn; for anonymous searches, leave out binding"
    yield from _search_problems("user_search", server.user_search)
    if server.group_search is not None:
        yield from _search_problems("group_search", server.group_search)
    if isinstance(server, ADServer) and "@" in server.default_upn_domain:
        yield "default_upn_domain", "must be a domain without @"


def _certificate_problems(server: LDAPServer) -> Iterator[tuple[str, str]]:
    if bool(server.client_cert_file) != bool(server.client_key_file):
        missing = "client_key_file" if server.client_cert_file else "client_cert_file"
        yield missing, "must be set: a client certificate needs both files"
    for path in ("trusted_ca_file", "client_cert_file", "client_key_file"):
        name: str = getattr(server, path)
        if name and server.security == INSECURE:
            yield path, "has no effect with security: insecure; leave it out, or use tls or starttls"
        elif name and not name.startswith("/"):
            yield path, "must be an absolute path on the backend's host"


def _search_problems(path: str, search: DirectorySearch) -> Iterator[tuple[str, str]]:
    if not search.base_dn:
        yield f"{path}.base_dn", "must be set, for example dc=example,dc=org"
    for name in ("attribute", "name_attribute"):
        if not _ATTRIBUTE.fullmatch(getattr(search, name)):
            yield f"{path}.{name}", "must be the name of an attribute"
    if not _ATTRIBUTE.fullmatch(search.object_class):
        yield f"{path}.object_class", "must be the name of an object class"


def secrets(provider: DirectoryProvider, change: Callable[[str, str], str]) -> DirectoryProvider:
    """The provider with `change(place, password)` instead of each password of an account."""
    servers: Any = tuple(_with_password(server, change) for server in provider.servers or ())
    return msgspec.structs.replace(provider, servers=servers)


def _with_password(server: LDAPServer, change: Callable[[str, str], str]) -> LDAPServer:
    if server.binding is None or not server.binding.password:
        return server
    place = f"the password of {server.binding.user_dn} at {server.host}:{server.port}"
    binding = msgspec.structs.replace(server.binding, password=change(place, server.binding.password))
    return msgspec.structs.replace(server, binding=binding)


def _redacted(provider: DirectoryProvider) -> DirectoryProvider:
    return secrets(provider, lambda place, password: REDACTED)


def notice(provider: DirectoryProvider) -> str:
    """A warning about names of the directory that may be taken for names of this installation."""
    if provider.groups_prefix:
        return ""
    return "without groups_prefix, a group of the directory has the rights of the group of that name here"


RULES = KindRules(
    notice=notice,
    problems=problems,
    completed=completed,
    shown=_redacted,
    secrets=secrets,
    selectable=Selectable("authprovider", NAME),
)
