"""Authentication providers that are LDAP directories, and Microsoft's Active Directory.

Source: docs, "LDAP reference", "AD reference"; "Authentication API" (fields that are always written).
"""

from typing import ClassVar

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_bool, always_int, always_null, always_str

TLS, STARTTLS, INSECURE = "tls", "starttls", "insecure"
SECURITIES = (TLS, STARTTLS, INSECURE)


class Binding(Wire, frozen=True):
    """The account that searches for users and groups."""

    user_dn: str = always_str()
    password: str = always_str()


class DirectorySearch(Wire, frozen=True):
    """Where entries are searched, and by which attribute; `name_attribute` holds the name of an entry."""

    base_dn: str = always_str()
    attribute: str = always_str()
    name_attribute: str = always_str()
    object_class: str = always_str()


class LDAPServer(Wire, frozen=True):
    """A server of a directory, and how users and groups are found there.

    Without `binding`, the search is anonymous. Without `group_search`, the groups are those that the attribute
    `memberOf` of the user names.
    """

    host: str = always_str()
    port: int = always_int()
    insecure: bool = always_bool()
    security: str = always_str()
    trusted_ca_file: str = always_str()
    client_cert_file: str = always_str()
    client_key_file: str = always_str()
    binding: Binding | None = always_null()
    group_search: DirectorySearch | None = always_null()
    user_search: DirectorySearch = always(DirectorySearch)


class ADServer(LDAPServer, frozen=True):
    """A server of Active Directory.

    With `default_upn_domain` and without `binding`, users search with their own account, `user@default_upn_domain`.
    `include_nested_groups` also finds the groups that a user is in through other groups.
    """

    default_upn_domain: str = always_str()
    include_nested_groups: bool = always_bool()


class LDAPProvider(Wire, frozen=True):
    """An LDAP directory whose users can log in.

    `servers` are tried in order until one can be reached. The names of users and groups begin with the prefixes and a
    colon. `allowed_groups` are the only groups that are kept, if there are any.
    """

    single: ClassVar[frozenset[str]] = frozenset({"servers"})

    metadata: ObjectMeta = always(ObjectMeta)
    servers: tuple[LDAPServer, ...] | None = always_null()
    groups_prefix: str = always_str()
    username_prefix: str = always_str()
    allowed_groups: tuple[str, ...] = ()


class ADProvider(Wire, frozen=True):
    """An Active Directory whose users can log in; see `LDAPProvider` for the fields."""

    single: ClassVar[frozenset[str]] = frozenset({"servers"})

    metadata: ObjectMeta = always(ObjectMeta)
    servers: tuple[ADServer, ...] | None = always_null()
    groups_prefix: str = always_str()
    username_prefix: str = always_str()
    allowed_groups: tuple[str, ...] = ()


DirectoryProvider = LDAPProvider | ADProvider
