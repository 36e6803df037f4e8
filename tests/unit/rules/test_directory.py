"""What users of directories are called, which groups they are in, and why they are refused."""

import pytest

from sensu.resources.directory import ADServer, Binding, DirectorySearch, LDAPProvider, LDAPServer
from sensu.rules.directory import (
    GROUPS_MAX,
    All,
    DirectoryEntry,
    Either,
    Equal,
    InChain,
    Mistake,
    account_problem,
    group_condition,
    group_names,
    groups_of,
    guessed_name,
    names_in,
    prefixed,
    refusal,
    searched_name,
    upn_of,
    user_attributes,
    user_condition,
)

SEARCH = DirectorySearch(
    base_dn="dc=x", attribute="sAMAccountName", name_attribute="displayName", object_class="person"
)
GROUPS = DirectorySearch(base_dn="dc=x", attribute="member", name_attribute="cn", object_class="group")
NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("prefix", "name", "whole"), [("", "ops", "ops"), ("ad", "ops", "ad:ops"), ("oidc:", "ops", "oidc:ops")]
)
def test_a_prefix_and_a_name_are_joined_by_one_colon(prefix: str, name: str, whole: str) -> None:
    """A prefix that ends with a colon gets no second one; without prefix the name is as it is."""
    assert prefixed(prefix, name) == whole
    assert searched_name(prefix, whole) == name
    assert searched_name(prefix, name) == name


def test_capital_letters_are_no_other_name_to_guess_for() -> None:
    """Wrong passwords for one user count together, whatever the spelling."""
    assert guessed_name("ad", "ad:ALICE") == guessed_name("ad", "Alice") == "alice"


@pytest.mark.parametrize(
    ("dn", "name"),
    [
        ("cn=ops,ou=groups,dc=x", "ops"),
        ("CN=Domain Admins,CN=Users,DC=x", "Domain Admins"),
        (r"cn=ops\, night,dc=x", "ops, night"),
        (r"cn=caf\C3\A9,dc=x", "café"),
        (r"cn=a\2Cb,dc=x", "a,b"),
        (r"cn=a\\b,dc=x", "a\\b"),
        ("cn=ops+ou=x,dc=x", "ops"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_the_name_of_a_group_is_the_first_value_of_its_dn(dn: str, name: str) -> None:
    """Escapes are undone, and what is no distinguished name has no name."""
    assert names_in([dn]) == ([name] if name else [])


def test_allowed_groups_are_kept_with_prefix_and_never_built_in_ones() -> None:
    """Allowed groups are compared before the prefix is added; nobody gets a built-in group from a directory."""
    provider = LDAPProvider(groups_prefix="ad", allowed_groups=("ops", "dev"))
    assert groups_of(provider, ["ops", "OPS", "hr", "ops"]) == ("ad:ops",)
    assert groups_of(LDAPProvider(), ["system:masters", "cluster-admins"]) == ("cluster-admins",)
    assert groups_of(LDAPProvider(groups_prefix="system"), ["agents"]) == ()
    many = groups_of(LDAPProvider(), [str(number) for number in range(GROUPS_MAX + 1)])
    assert many == Mistake("the user is in 1001 groups, at most 1000 are possible: set allowed_groups")


def test_users_of_an_active_directory_are_found_by_both_names() -> None:
    """A name with @ may be the user principal name; in other directories it is the attribute that is configured."""
    person = Equal("objectClass", "person")
    assert user_condition(ADServer(user_search=SEARCH), "alice") == All((person, Equal("sAMAccountName", "alice")))
    found = user_condition(ADServer(user_search=SEARCH), "a@x.org")
    assert found == All((person, Either((Equal("sAMAccountName", "a@x.org"), Equal("userPrincipalName", "a@x.org")))))
    assert user_condition(LDAPServer(user_search=SEARCH), "a@x.org") == All(
        (person, Equal("sAMAccountName", "a@x.org"))
    )


def test_the_own_account_searches_only_without_another_one() -> None:
    """A domain makes users of an Active Directory search with their own account, unless another one is configured."""
    with_domain = ADServer(default_upn_domain="x.org")
    assert upn_of(with_domain, "alice") == "alice@x.org"
    assert upn_of(with_domain, "alice@y.org") == "alice@y.org"
    assert upn_of(ADServer(default_upn_domain="x.org", binding=Binding(user_dn="cn=b", password="p")), "alice") == ""
    assert upn_of(LDAPServer(), "alice") == ""


def test_only_what_is_needed_is_read() -> None:
    """The state of an account and, without a search for groups, memberOf are read with the names."""
    assert user_attributes(LDAPServer(user_search=SEARCH)) == (
        "sAMAccountName",
        "displayName",
        "pwdAccountLockedTime",
        "memberOf",
    )
    with_groups = user_attributes(ADServer(user_search=SEARCH, group_search=GROUPS))
    assert with_groups == ("sAMAccountName", "displayName", "userAccountControl", "accountExpires")


def test_groups_are_searched_by_the_user_or_by_its_name() -> None:
    """Members are users by DN, of memberUid by name; nested groups are found where the directory can."""
    user = DirectoryEntry("cn=a,dc=x", {"samaccountname": ("alice",)})
    group = Equal("objectClass", "group")
    assert group_condition(LDAPServer(user_search=SEARCH), GROUPS, user) == All((group, Equal("member", "cn=a,dc=x")))
    nested = ADServer(user_search=SEARCH, include_nested_groups=True)
    assert group_condition(nested, GROUPS, user) == All((group, InChain("member", "cn=a,dc=x")))
    by_name = DirectorySearch(base_dn="dc=x", attribute="memberUid", name_attribute="cn", object_class="group")
    assert group_condition(LDAPServer(user_search=SEARCH), by_name, user) == All((group, Equal("memberUid", "alice")))


def test_a_group_without_a_name_is_a_mistake() -> None:
    """The common name stands in for a missing name; a group without both is named."""
    search = DirectorySearch(base_dn="dc=x", attribute="member", name_attribute="displayName", object_class="group")
    assert group_names("ad", search, [DirectoryEntry("cn=a,dc=x", {"cn": ("a",)})]) == ["a"]
    nameless = group_names("ad", search, [DirectoryEntry("cn=a,dc=x", {})])
    assert nameless == Mistake("ad group entry cn=a,dc=x missing displayName and cn attributes")


@pytest.mark.parametrize(
    ("message", "policy", "why"),
    [
        ("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1", b"", "is wrong"),
        ("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 533, v1db1", b"", "is disabled"),
        ("... data 775, v1db1", b"", "is locked"),
        ("... data 701, v1db1", b"", "the account has expired"),
        ("... data 773, v1db1", b"", "must be changed first"),
        ("... data fff, v1db1", b"", "the password is wrong"),
        ("", b"0\x00", "the password is wrong"),
        ("", b"0\x03\x81\x01\x01", "the account is locked"),
        ("", b"0\x03\x81\x01\x00", "the password has expired"),
        ("", b"0\x03\x81\x01", "the password is wrong"),
    ],
)
def test_refusals_of_directories_are_explained(message: str, policy: bytes, why: str) -> None:
    """The sub-codes of an Active Directory and the control of a password policy say why a password was refused."""
    assert refusal(message, policy).why.endswith(why)


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({}, None),
        ({"useraccountcontrol": ("512",), "accountexpires": ("9223372036854775807",)}, None),
        ({"useraccountcontrol": ("514",)}, "the account is disabled"),
        ({"accountexpires": ("0",)}, None),
        ({"accountexpires": ("133000000000000000",)}, "the account has expired"),
        ({"accountexpires": ("200000000000000000",)}, None),
        ({"pwdaccountlockedtime": ("000001010000Z",)}, "the account is locked"),
        ({"pwdaccountlockedtime": ("20231114221320Z",)}, None),
        ({"useraccountcontrol": ("much",)}, None),
    ],
)
def test_accounts_that_are_closed_end_sessions(attributes: dict[str, tuple[str, ...]], why: str | None) -> None:
    """Disabled, expired and locked accounts may not go on; one that guesses have locked for a while may."""
    problem = account_problem(DirectoryEntry("cn=a", attributes), NOW)
    assert (None if problem is None else problem.why) == why
