"""Log-ins by LDAP against a real OpenLDAP server."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sensu.backend.auth.directory.connection import Limits
from sensu.backend.auth.directory.provider import Directory, LoginTrial
from sensu.backend.auth.identity import Principal, Rejected
from sensu.backend.auth.providers import PasswordLogin, ProviderUnavailable
from sensu.backend.auth.rest import FAILURES_MAX
from sensu.backend.auth.sessions import LoginSession
from sensu.clock import SystemClock
from sensu.resources.directory import Binding, DirectorySearch, LDAPProvider, LDAPServer
from sensu.resources.metadata import ObjectMeta
from sensu.rules.kinds.directory_provider import completed
from tests.flows.certificate_authority import Authority
from tests.real import openldap
from tests.real.openldap import BINDER, BINDER_PASSWORD, GROUPS, PASSWORD, PEOPLE, SUFFIX, OpenLDAP, person

BINDING = Binding(user_dn=BINDER, password=BINDER_PASSWORD)


class Nobody:
    """There are no user records."""

    def get(self, *_: object) -> None:
        return None


def server(ldap: OpenLDAP, **fields: Any) -> LDAPServer:
    """How the server is reached: over TLS, with an account that searches."""
    whole = {
        "host": "127.0.0.1",
        "port": ldap.port if fields.get("security") in ("starttls", "insecure") else ldap.tls_port,
        "trusted_ca_file": ldap.authority.file,
        "binding": BINDING,
        "user_search": DirectorySearch(base_dn=PEOPLE, name_attribute="uid"),
        "group_search": DirectorySearch(base_dn=GROUPS),
    }
    return LDAPServer(**{**whole, **fields})


def directory(*servers: LDAPServer, limits: Limits | None = None, **fields: Any) -> Directory:
    """A provider of servers."""
    provider = LDAPProvider(metadata=ObjectMeta(name="openldap"), servers=servers, **fields)
    return Directory(completed(provider, "", 0), Nobody(), SystemClock(), limits or Limits())  # type: ignore[arg-type]


async def tried(found: Directory, username: str = "alice", password: str = PASSWORD) -> LoginTrial:
    return await found.tried(PasswordLogin(username, password))


async def let_in(found: Directory, username: str = "alice", password: str = PASSWORD) -> Principal:
    trial = await tried(found, username, password)
    assert trial.principal is not None, trial
    return trial.principal


@pytest.mark.parametrize("security", ["tls", "starttls", "insecure"])
@pytest.mark.parametrize("binding", [BINDING, None], ids=["account", "anonymous"])
async def test_users_log_in_with_the_groups_of_the_directory(
    ldap: OpenLDAP, security: str, binding: Binding | None
) -> None:
    """A right password lets in with the groups that name the user as a member; the DN is the user's id."""
    found = directory(server(ldap, security=security, binding=binding))
    assert await let_in(found) == Principal("alice", ("dev", "everybody", "ops"), "ldap/openldap", person("alice"))
    for username, password, why in (
        ("alice", "wrong", "the password is wrong"),
        ("nobody", PASSWORD, "user nobody was not found"),
        ("alice", "", "the user name or the password is empty"),
        ("", PASSWORD, "the user name or the password is empty"),
        ("alice\0", PASSWORD, "the user name or the password has characters that no directory accepts, or too many"),
        ("*", PASSWORD, "user * was not found"),
        ("alice)(uid=*", PASSWORD, "user alice)(uid=* was not found"),
    ):
        trial = await tried(found, username, password)
        assert (trial.principal, trial.mistake, trial.unavailable) == (None, why, False), username


async def test_names_are_those_of_the_directory(ldap: OpenLDAP) -> None:
    """Two spellings are one user, prefixes are added to users and groups, and a typed prefix is understood."""
    found = directory(server(ldap), username_prefix="ldap", groups_prefix="team:", allowed_groups=("ops", "dev"))
    for typed in ("alice", "ALICE", "ldap:alice", "ldap:Alice"):
        principal = await let_in(found, typed)
        assert (principal.username, principal.groups) == ("ldap:alice", ("team:dev", "team:ops"))
    assert (await let_in(found, openldap.WEIRD)).username == f"ldap:{openldap.WEIRD}"
    by_name = directory(server(ldap, user_search=DirectorySearch(base_dn=PEOPLE)))
    assert (await let_in(by_name)).username == "Alice Smith"
    by_mail = directory(server(ldap, user_search=DirectorySearch(base_dn=PEOPLE, name_attribute="mail")))
    assert (await tried(by_mail)).mistake == f"ldap entry {person('alice')} missing required attribute mail"


async def test_a_name_must_be_of_one_user(ldap: OpenLDAP) -> None:
    """Two users of a name are refused, and so is a user whose name here would be a built-in one."""
    both = directory(server(ldap, user_search=DirectorySearch(base_dn=SUFFIX)))
    assert (await tried(both)).mistake == "ldap search for user alice returned 2 results, expected only 1"
    reserved = directory(server(ldap), username_prefix="system")
    assert (await tried(reserved)).mistake == 'the name "system:alice" is reserved; set another username_prefix'


async def test_groups_come_from_member_of_without_a_search(ldap: OpenLDAP) -> None:
    """Without group_search the first part of each memberOf is a group; a comma in it belongs to the name."""
    assert (await let_in(directory(server(ldap, group_search=None)), "bob")).groups == ("ops", "ops, night")


async def test_a_group_of_5000_members_costs_no_more(ldap: OpenLDAP) -> None:
    """Only names of groups are read, so that even small answers suffice for a user in a huge group."""
    principal = await asyncio.wait_for(let_in(directory(server(ldap))), 5)
    assert "everybody" in principal.groups


async def test_searches_cover_many_pages_and_say_what_limits_them(ldap: OpenLDAP) -> None:
    """An account without a limit finds thousands of users, page by page; anonymous searches name the limit."""
    everybody = DirectorySearch(base_dn=PEOPLE, attribute="objectClass", name_attribute="uid")
    found = await tried(directory(server(ldap, user_search=everybody)), "inetOrgPerson")
    number = openldap.MEMBERS + 6
    assert found.mistake == f"ldap search for user inetOrgPerson returned {number} results, expected only 1"
    limited = await tried(directory(server(ldap, user_search=everybody, binding=None)), "inetOrgPerson")
    assert limited.unavailable
    assert limited.mistake.endswith(f"limits searches of this account to {openldap.SEARCH_LIMIT} entries")


async def test_referrals_are_not_followed(ldap: OpenLDAP) -> None:
    """A referral among the results is ignored, and one instead of results finds nobody."""
    whole = directory(server(ldap, user_search=DirectorySearch(base_dn=SUFFIX, name_attribute="uid")))
    assert (await let_in(whole, "bob")).username == "bob"
    elsewhere = directory(server(ldap, user_search=DirectorySearch(base_dn=f"ou=elsewhere,{SUFFIX}")))
    assert (await tried(elsewhere, "bob")).mistake == "user bob was not found"


async def test_a_locked_account_is_named_as_such(ldap: OpenLDAP) -> None:
    """The third wrong password locks the account; then the reason says so, also for the right password."""
    found = directory(server(ldap))
    reasons = [(await tried(found, "locked", "wrong")).mistake for _ in range(3)]
    assert reasons[0] == "the password is wrong"
    assert (await tried(found, "locked")).mistake == "the account is locked"


async def test_the_account_of_the_provider_must_be_right(ldap: OpenLDAP) -> None:
    """A wrong password of the account makes the provider unavailable, not the password of the user wrong."""
    trial = await tried(directory(server(ldap, binding=Binding(user_dn=BINDER, password="x"))))
    assert (trial.unavailable, trial.mistake) == (True, f"failed to bind: the password is wrong ({BINDER})")


async def test_the_next_server_is_asked_if_one_cannot_be_reached(ldap: OpenLDAP) -> None:
    """A server that is down or that nobody trusts is followed by the next; one that refuses a password is not."""
    down, untrusted = server(ldap, port=1), server(ldap, trusted_ca_file="")
    assert (await let_in(directory(down, untrusted, server(ldap)))).username == "alice"
    trial = await tried(directory(server(ldap), server(ldap, host="localhost")), password="wrong")
    assert [step for step in trial.steps if step.startswith("server")] == [f"server 127.0.0.1:{ldap.tls_port} (tls)"]


async def test_a_directory_that_is_down_is_left_alone_for_a_while(ldap: OpenLDAP) -> None:
    """After some log-ins without any server, further ones are answered at once."""
    found = directory(server(ldap, port=1))
    for _ in range(FAILURES_MAX):
        outcome = await found.log_in(PasswordLogin("alice", PASSWORD))
        assert isinstance(outcome, ProviderUnavailable)
        assert "failed to connect to 127.0.0.1:1" in outcome.reasons[0]
    rested = await found.log_in(PasswordLogin("alice", PASSWORD))
    assert isinstance(rested, ProviderUnavailable)
    assert rested.reasons == ("ldap/openldap: the directory could not be reached before",)


async def test_certificates_are_verified(ldap: OpenLDAP, tmp_path: Path) -> None:
    """An unknown authority and a wrong name are refused with the reason, unless verification is turned off."""
    other = Authority(tmp_path, "other")
    for security in ("tls", "starttls"):
        unknown = await tried(directory(server(ldap, security=security, trusted_ca_file=other.file)))
        assert "certificate signed by unknown authority" in unknown.mistake
        wrong_name = await tried(directory(server(ldap, security=security, host="127.0.0.2")))
        assert (wrong_name.principal, wrong_name.unavailable) == (None, True)
        skipped = directory(server(ldap, security=security, trusted_ca_file=other.file, insecure=True))
        assert (await let_in(skipped)).username == "alice"
    missing = await tried(directory(server(ldap, trusted_ca_file=str(tmp_path / "none.pem"))))
    assert missing.mistake == f"{tmp_path}/none.pem: no such file or directory"


async def test_client_certificates_are_sent(tmp_path: Path, ldap: OpenLDAP) -> None:
    """A server that demands a certificate is reached with one; without, or with an expired one, the reason is given."""
    strict = OpenLDAP(tmp_path / "strict", Authority(tmp_path, "strict-ca"), verify="demand")
    strict.create(data=False)
    strict.start()
    try:
        good = strict.authority.issue("client")
        old = strict.authority.issue("old", ends=-datetime.timedelta(hours=1))
        for pair, why in (
            (None, "it may require a valid client certificate"),
            (old, "is not valid now, but from"),
            (good, "user alice was not found"),
        ):
            files = (
                {} if pair is None else {"client_cert_file": str(pair.cert_file), "client_key_file": str(pair.key_file)}
            )
            trial = await tried(directory(server(strict, binding=None, group_search=None, **files)))
            assert why in trial.mistake
    finally:
        strict.stop()


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


@asynccontextmanager
async def cut_off(ldap: OpenLDAP, after: int, then: bytes | None) -> AsyncIterator[int]:
    """The port of a proxy that passes on so many bytes of the server, then sends others, or is silent (None)."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", ldap.port)

        async def ask() -> None:
            while data := await reader.read(65_536):
                upstream_writer.write(data)

        asking, left = asyncio.create_task(ask()), after
        try:
            while left and (data := await upstream_reader.read(left)):
                writer.write(data)
                left -= len(data)
            if then is None:
                await asyncio.Event().wait()
            writer.write(then or b"")
            await writer.drain()
        finally:
            asking.cancel()
            upstream_writer.close()
            writer.close()

    proxy = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield proxy.sockets[0].getsockname()[1]
    finally:
        proxy.close()


@pytest.mark.parametrize(
    "then", [None, b"", b"\xff" * 64, b"0\x84\xff\xff\xff\xff"], ids=["silent", "closed", "garbled", "huge"]
)
async def test_a_server_that_fails_at_any_byte_ends_in_time(ldap: OpenLDAP, then: bytes | None) -> None:
    """Wherever a server stops to answer or to make sense, the log-in ends within its limits and the loop goes on."""
    limits = Limits(connect_s=0.3, bind_s=0.3, search_s=0.3, login_s=1.0)

    async def outcome(after: int) -> LoginTrial:
        async with cut_off(ldap, after, then) as port:
            place = server(ldap, security="insecure", port=port, trusted_ca_file="")
            return await tried(directory(place, limits=limits), "bob")

    trials = await asyncio.wait_for(asyncio.gather(*map(outcome, (*range(0, 40, 3), *range(40, 200, 20)))), 30)
    assert [trial for trial in trials if trial.principal is not None] == []
    assert all(trial.unavailable for trial in trials)


async def test_sessions_follow_the_directory(ldap: OpenLDAP) -> None:
    """A check of a session finds the groups of now; it ends with the user, and not while the directory is away."""
    found = directory(server(ldap))
    principal = await let_in(found, "leaver")
    session = LoginSession(username=principal.username, user_id=principal.user_id, groups=principal.groups)
    assert principal.groups == ("dev",)
    ldap.change(f"dn: cn=ops,{GROUPS}\nchangetype: modify\nadd: member\nmember: {person('leaver')}\n")
    checked = await found.check(session)
    assert isinstance(checked, Principal)
    assert checked.groups == ("dev", "ops")
    away = directory(server(ldap, port=1))
    assert isinstance(await away.check(session), ProviderUnavailable)
    assert away.current(session) is not None
    ldap.change(f"dn: {person('leaver')}\nchangetype: delete\n")
    assert await found.check(session) is None


async def test_refusals_have_reasons_and_no_passwords(ldap: OpenLDAP) -> None:
    """A refusal names provider and reason, and the user only if the directory knows it."""
    found = directory(server(ldap))
    wrong = await found.log_in(PasswordLogin("ALICE", "s3cret"))
    assert wrong == Rejected("invalid credentials", ("ldap/openldap: the password is wrong",), "alice")
    unknown = await found.log_in(PasswordLogin("nobody", "s3cret"))
    assert unknown == Rejected("invalid credentials", ("ldap/openldap: user nobody was not found",))
