"""Log-ins with Active Directory against a real domain controller, which is Samba's."""

from typing import Any

import pytest

from sensu.backend.auth.directory.provider import Directory, LoginTrial
from sensu.backend.auth.identity import Principal
from sensu.backend.auth.providers import PasswordLogin
from sensu.backend.auth.sessions import LoginSession
from sensu.clock import SystemClock
from sensu.resources.directory import ADProvider, ADServer, Binding, DirectorySearch
from sensu.resources.metadata import ObjectMeta
from sensu.rules.kinds.directory_provider import completed
from tests.real.samba_ad import BINDER, BINDER_PASSWORD, PASSWORD, REALM, SUFFIX, USERS, SambaAD
from tests.real.test_openldap import Nobody

BINDING = Binding(user_dn=BINDER, password=BINDER_PASSWORD)
CHANGE = """\
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm(); lp.load({conf!r})
db = SamDB({database!r}, session_info=system_session(lp), lp=lp)
"""


def directory(domain: SambaAD, **fields: Any) -> Directory:
    """A provider that searches with an account, unless the fields say otherwise."""
    whole = {
        "host": "127.0.0.1",
        "port": domain.port if fields.get("security") in ("starttls", "insecure") else domain.tls_port,
        "trusted_ca_file": domain.authority.file,
        "binding": BINDING,
        "user_search": DirectorySearch(base_dn=SUFFIX),
        "group_search": DirectorySearch(base_dn=SUFFIX),
    }
    servers = (ADServer(**{**whole, **fields}),)
    provider = ADProvider(metadata=ObjectMeta(name="corp"), servers=servers, username_prefix="ad", groups_prefix="ad")
    return Directory(completed(provider, "", 0), Nobody(), SystemClock())  # type: ignore[arg-type]


async def tried(found: Directory, username: str = "alice", password: str = PASSWORD) -> LoginTrial:
    return await found.tried(PasswordLogin(username, password))


@pytest.mark.parametrize("security", ["tls", "starttls", "insecure"])
async def test_users_log_in_with_their_account_name(domain: SambaAD, security: str) -> None:
    """The account name in any spelling lets in a user, whose name here is the displayed one."""
    found = directory(domain, security=security)
    for typed in ("alice", "ALICE", "ad:alice"):
        expected = Principal("ad:Alice Smith", ("ad:ops",), "ad/corp", f"CN=alice,{USERS}")
        assert (await tried(found, typed)).principal == expected


@pytest.mark.parametrize(
    ("fields", "groups"),
    [
        ({}, ("ad:ops",)),
        ({"include_nested_groups": True}, ("ad:allops", "ad:ops", "ad:staff")),
        ({"group_search": None}, ("ad:ops",)),
    ],
    ids=["direct", "nested", "memberOf"],
)
async def test_nested_groups_are_found_if_they_are_wanted(
    domain: SambaAD, fields: dict[str, Any], groups: tuple[str, ...]
) -> None:
    """A user of a group in a group in a group is in all three with include_nested_groups, and in the first without."""
    principal = (await tried(directory(domain, **fields))).principal
    assert principal is not None
    assert principal.groups == groups


@pytest.mark.parametrize(
    ("username", "password", "why"),
    [
        ("alice", "wrong", "the password is wrong"),
        ("alice", "", "the user name or the password is empty"),
        ("nobody", PASSWORD, "user nobody was not found"),
        ("off", PASSWORD, "the account is disabled"),
        ("out", PASSWORD, "the account has expired"),
    ],
)
async def test_refusals_say_what_is_wrong_with_the_account(
    domain: SambaAD, username: str, password: str, why: str
) -> None:
    """The reason is that of the domain controller, also where its answer is the same as for a wrong password."""
    trial = await tried(directory(domain), username, password)
    assert (trial.principal, trial.mistake, trial.unavailable) == (None, why, False)


async def test_users_search_with_their_own_account(domain: SambaAD) -> None:
    """With a domain for user names and without an account, the typed name with or without domain lets in."""
    found = directory(domain, binding=None, default_upn_domain=REALM)
    for typed in ("alice", f"alice@{REALM}"):
        principal = (await tried(found, typed)).principal
        assert principal is not None
        assert principal.groups == ("ad:ops",)
    assert (await tried(found, "alice", "wrong")).mistake == "the password is wrong"
    elsewhere = directory(domain, binding=None, default_upn_domain="elsewhere.example.org")
    assert (await tried(elsewhere, "alice")).principal is None


async def test_anonymous_searches_need_a_right_of_the_domain(domain: SambaAD) -> None:
    """Without account and domain the provider is unavailable, with the domain controller's own words."""
    trial = await tried(directory(domain, binding=None))
    assert trial.unavailable
    assert "OPERATIONS_ERROR" in trial.mistake


async def test_an_account_that_is_disabled_loses_its_session(domain: SambaAD) -> None:
    """A check of a session finds new groups, and none for an account that was disabled meanwhile."""
    found = directory(domain)
    principal = (await tried(found, "leaver")).principal
    assert principal is not None
    session = LoginSession(username=principal.username, user_id=principal.user_id, groups=principal.groups)
    domain.change(f"{CHANGE}db.add_remove_group_members('staff', ['leaver'], add_members_operation=True)")
    checked = await found.check(session)
    assert isinstance(checked, Principal)
    assert checked.groups == ("ad:ops", "ad:staff")
    domain.change(f"{CHANGE}db.disable_account('(sAMAccountName=leaver)')")
    assert await found.check(session) is None
