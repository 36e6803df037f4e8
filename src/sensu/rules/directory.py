"""Decisions about users of directories: how they are found, what they are called, and which groups they are in.

Source: docs, "LDAP reference", "AD reference" (searches, prefixes, wording of errors); RFC 4514 (distinguished names).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sensu.resources.directory import ADServer, DirectoryProvider, DirectorySearch, LDAPServer

GROUPS_MAX = 1_000
"""The maximum number of groups that a session keeps; users with more are refused until `allowed_groups` is set."""
USERNAME_CHARACTERS_MAX = 1_024
NAME_CHARACTERS_MAX = 256
"""The maximum length of the name of a user; longer ones are refused."""
RESERVED = "system:"
"""The beginning of the names of built-in users and groups, which no directory can give."""

MEMBER_OF, CN, UPN, MEMBER_UID = "memberOf", "cn", "userPrincipalName", "memberuid"
CONTROL, EXPIRES, LOCKED = "userAccountControl", "accountExpires", "pwdAccountLockedTime"
STATE_ATTRIBUTES = {False: (LOCKED,), True: (CONTROL, EXPIRES)}
"""The attributes that say whether an account may be used, by whether the directory is an Active Directory."""

_DISABLED = 0x2
_NEVER_EXPIRES = (0, 0x7FFF_FFFF_FFFF_FFFF)
_EPOCH_OF_AD_S, _TICKS_OF_AD = 11_644_473_600, 10_000_000
_LOCKED_FOR_GOOD = "000001010000Z"
_SUB_CODE = re.compile(r"\bdata ([0-9a-f]+)")
_SUB_CODES = {
    "525": "the user does not exist",
    "52e": "the password is wrong",
    "530": "the user may not log in at this time",
    "531": "the user may not log in from this host",
    "532": "the password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked",
}
"""What the sub-codes in the messages of an Active Directory mean."""
_POLICY_ERRORS = {
    0: "the password has expired",
    1: "the account is locked",
    2: "the password must be changed first",
}
"""What the errors in the control of the password policy mean (draft-behera-ldap-password-policy)."""
WRONG_PASSWORD = "the password is wrong"  # noqa: S105  (the message)


class Equal(NamedTuple):
    """A condition of a search: an attribute has a value."""

    attribute: str
    value: str


class InChain(NamedTuple):
    """An attribute leads to an entry, also through other entries (Active Directory)."""

    attribute: str
    dn: str


class All(NamedTuple):
    """All conditions hold."""

    conditions: "tuple[SearchCondition, ...]"


class Either(NamedTuple):
    """One of the conditions holds."""

    conditions: "tuple[SearchCondition, ...]"


SearchCondition = Equal | InChain | All | Either


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """An entry of a directory; the names of attributes are in lower case."""

    dn: str
    attributes: Mapping[str, tuple[str, ...]]

    def values(self, attribute: str) -> tuple[str, ...]:
        """The values of an attribute, none if the entry does not have it."""
        return self.attributes.get(attribute.lower(), ())

    def first(self, attribute: str) -> str:
        """The first value of an attribute, empty if the entry does not have it."""
        return next(iter(self.values(attribute)), "")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a user is not let in; for the log, the audit log and administrators."""

    why: str


def prefixed(prefix: str, name: str) -> str:
    """A name with its prefix and a colon; a prefix that ends with a colon gets no second one."""
    return f"{prefix.removesuffix(':')}:{name}" if prefix else name


def names_provider(prefix: str, username: str) -> bool:
    """Whether a user name begins with the prefix of a provider, and so addresses it alone."""
    return bool(prefix) and username.startswith(prefixed(prefix, ""))


def searched_name(prefix: str, username: str) -> str:
    """The name to search for: what was typed, without the prefix of the provider."""
    return username.removeprefix(prefixed(prefix, "")) if names_provider(prefix, username) else username


def guessed_name(prefix: str, username: str) -> str:
    """The name by which wrong passwords are counted: directories do not tell capital from small letters."""
    return searched_name(prefix, username).casefold()


def mistake_in(username: str, password: str) -> Mistake | None:
    """Why a user name and a password are not sent to any directory.

    Directories take an empty password for an anonymous log-in, which succeeds (RFC 4513, 5.1.2).
    """
    if not username or not password:
        return Mistake("the user name or the password is empty")
    if "\0" in username + password or len(username) > USERNAME_CHARACTERS_MAX:
        return Mistake("the user name or the password has characters that no directory accepts, or too many")
    return None


def upn_of(server: LDAPServer, name: str) -> str:
    """The name that a user binds with to search with its own account, empty if users do not."""
    if not isinstance(server, ADServer) or server.binding is not None or not server.default_upn_domain:
        return ""
    return name if "@" in name else f"{name}@{server.default_upn_domain}"


def user_condition(server: LDAPServer, name: str) -> SearchCondition:
    """What to search for: the user of a name; a user of an Active Directory also by its user principal name."""
    search = server.user_search
    named: SearchCondition = Equal(search.attribute, name)
    if isinstance(server, ADServer) and "@" in name:
        named = Either((named, Equal(UPN, name)))
    return All((Equal("objectClass", search.object_class), named))


def user_attributes(server: LDAPServer) -> tuple[str, ...]:
    """The attributes of users that are needed."""
    search = server.user_search
    wanted = (search.attribute, search.name_attribute, *STATE_ATTRIBUTES[isinstance(server, ADServer)])
    return tuple(dict.fromkeys(wanted if server.group_search is not None else (*wanted, MEMBER_OF)))


def user_found(word: str, entries: Sequence[DirectoryEntry], name: str) -> DirectoryEntry | Mistake:
    """The only user that a search found; `word` is the type of the provider."""
    if not entries:
        return Mistake(f"user {name} was not found")
    if len(entries) > 1:
        return Mistake(f"{word} search for user {name} returned {len(entries)} results, expected only 1")
    return entries[0]


def username_of(word: str, provider: DirectoryProvider, server: LDAPServer, entry: DirectoryEntry) -> str | Mistake:
    """The name of a user: what the directory has, not what was typed, so that two spellings are one user."""
    attribute = server.user_search.name_attribute
    value = entry.first(attribute)
    if not value:
        return Mistake(f"{word} entry {entry.dn} missing required attribute {attribute}")
    username = prefixed(provider.username_prefix, value)
    if len(username) > NAME_CHARACTERS_MAX:
        return Mistake(f"the name of {entry.dn} has more than {NAME_CHARACTERS_MAX} characters")
    if username.startswith(RESERVED):
        return Mistake(f'the name "{username}" is reserved; set another username_prefix')
    return username


def account_problem(entry: DirectoryEntry, now: float) -> Mistake | None:
    """Why an account may no longer be used, although nobody logs in with it now; `now` in Unix seconds."""
    control, expires = _number(entry.first(CONTROL)), _number(entry.first(EXPIRES))
    if control & _DISABLED:
        return Mistake(_SUB_CODES["533"])
    if expires not in _NEVER_EXPIRES and expires / _TICKS_OF_AD - _EPOCH_OF_AD_S <= now:
        return Mistake(_SUB_CODES["701"])
    return Mistake(_SUB_CODES["775"]) if entry.first(LOCKED) == _LOCKED_FOR_GOOD else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def refusal(diagnostics: str, policy: bytes) -> Mistake:
    """Why a directory refused a password, from its message and from the control of its password policy."""
    _, found, error = policy.partition(b"\x81\x01")
    if found and error[:1] and error[0] in _POLICY_ERRORS:
        return Mistake(_POLICY_ERRORS[error[0]])
    code = _SUB_CODE.search(diagnostics)
    return Mistake(_SUB_CODES.get(code[1], WRONG_PASSWORD) if code else WRONG_PASSWORD)


def group_condition(server: LDAPServer, search: DirectorySearch, user: DirectoryEntry) -> SearchCondition:
    """What to search for: the groups of a user; those of `memberUid` have names of users as members."""
    value = user.first(server.user_search.attribute) if search.attribute.lower() == MEMBER_UID else user.dn
    nested = isinstance(server, ADServer) and server.include_nested_groups
    member = InChain(search.attribute, user.dn) if nested else Equal(search.attribute, value)
    return All((Equal("objectClass", search.object_class), member))


def group_names(word: str, search: DirectorySearch, entries: Sequence[DirectoryEntry]) -> list[str] | Mistake:
    """The names of the groups that a search found."""
    names = [(entry, entry.first(search.name_attribute) or entry.first(CN)) for entry in entries]
    nameless = next((entry for entry, name in names if not name), None)
    if nameless is not None:
        return Mistake(f"{word} group entry {nameless.dn} missing {search.name_attribute} and cn attributes")
    return [name for _, name in names]


def names_in(dns: Sequence[str]) -> list[str]:
    """The names of groups from their distinguished names: the value of the first part of each."""
    return [name for name in map(_first_value, dns) if name]


_ESCAPED = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)


def _first_value(dn: str) -> str:
    """`ops, all` for `cn=ops\\, all+ou=x,dc=example`."""
    first = re.match(r"\s*[^=,+]+=((?:\\.|[^\\,+])*)", dn, re.DOTALL)
    return "" if first is None else _ESCAPED.sub(_unescaped, first[1].strip())


def _unescaped(found: re.Match[str]) -> str:
    return bytes.fromhex(found[1].replace("\\", "")).decode(errors="replace") if found[1] else found[2]


def groups_of(provider: DirectoryProvider, names: Sequence[str]) -> tuple[str, ...] | Mistake:
    """The groups of a user here: those that are allowed."""
    allowed = set(provider.allowed_groups)
    kept = [name for name in names if not allowed or name in allowed]
    return named_groups(provider.groups_prefix, kept, "set allowed_groups")


def named_groups(prefix: str, names: Iterable[str], remedy: str) -> tuple[str, ...] | Mistake:
    """Groups under their names here, without those that are named like built-in ones.

    `remedy` is what an administrator does about too many.
    """
    groups = tuple(sorted(one for one in {prefixed(prefix, name) for name in names} if not one.startswith(RESERVED)))
    if len(groups) > GROUPS_MAX:
        return Mistake(f"the user is in {len(groups)} groups, at most {GROUPS_MAX} are possible: {remedy}")
    return groups
