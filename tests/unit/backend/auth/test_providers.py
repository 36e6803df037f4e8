"""Sessions of users that another provider than the backend's user records knows."""

from typing import Any, cast

import bcrypt
import jwt
import msgspec
import pytest

from sensu.backend.auth.api_keys import APIKeys
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.basic_provider import BasicProvider
from sensu.backend.auth.credentials import Credentials
from sensu.backend.auth.identity import WRONG_CREDENTIALS, Identity, Principal, Rejected
from sensu.backend.auth.key_uses import KeyUses
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.providers import PasswordLogin, Providers, ProviderUnavailable
from sensu.backend.auth.sessions import LoginSession
from sensu.backend.auth.tokens import Tokens, TokenTriple
from sensu.resources.kinds import USER
from sensu.resources.user import User
from sensu.store.contract import Store
from tests.unit.backend.auth.fakes import FakeRecords, FakeStore, HandClock

ISSUER = "http://localhost:8080"
DIRECTORY = "ldap/openldap"
PASSWORD = "secret-1"
DOWN = ProviderUnavailable("ldap/openldap does not answer")
BOB = User(username="bob", groups=("dev",), password_hash=bcrypt.hashpw(b"local-1", bcrypt.gensalt(4)).decode())


class Directory:
    """A directory with the user alice, whose password and groups a test changes."""

    id = DIRECTORY

    def __init__(self) -> None:
        self.groups: dict[str, tuple[str, ...]] = {"alice": ("ops",), "bob": ("directory",)}
        self.down = False
        self.asked: list[str] = []

    def decides(self, username: str) -> bool:
        return False

    def addressed_by(self, username: str) -> bool:
        return username.startswith("ldap:")

    async def log_in(self, login: PasswordLogin) -> Principal | Rejected | ProviderUnavailable:
        self.asked.append(login.username)
        if self.down:
            return DOWN
        known = login.username in self.groups and login.password == PASSWORD
        return self._principal(login.username, self.groups[login.username]) if known else WRONG_CREDENTIALS

    def current(self, session: LoginSession) -> Principal | None:
        return self._principal(session.username, session.groups)

    async def check(self, session: LoginSession) -> Principal | ProviderUnavailable | None:
        if self.down:
            return DOWN
        groups = self.groups.get(session.username)
        return None if groups is None else self._principal(session.username, groups)

    def _principal(self, username: str, groups: tuple[str, ...]) -> Principal:
        return Principal(username, groups, self.id, f"uid={username},dc=example")


class Bench:
    """Authentication by the user records and a directory."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.records = FakeRecords(BOB)
        self.directory = Directory()
        self.store = FakeStore()
        basic = BasicProvider(self.records, Passwords(self.clock))
        self.providers = Providers(basic, lambda: {self.directory.id.partition("/")[2]: self.directory})
        self.tokens = self.restarted(self.providers)
        uses = KeyUses(cast(Store, self.store), self.records, self.clock)
        self.auth = Authenticator(self.records, self.providers, self.tokens, APIKeys(self.records), uses)

    def restarted(self, providers: Providers) -> Tokens:
        return Tokens(cast(Store, self.store), providers, self.clock)

    async def log_in(self, username: str = "alice", password: str = PASSWORD) -> TokenTriple:
        who = await self.auth.login(PasswordLogin(username, password))
        assert isinstance(who, Identity)
        return await self.tokens.issue(who, ISSUER)

    async def refreshed(self, triple: TokenTriple) -> TokenTriple | Rejected | ProviderUnavailable:
        return await self.tokens.refresh(triple.access_token, triple.refresh_token, ISSUER)

    def who(self, triple: TokenTriple) -> Identity | Rejected:
        return self.auth.authenticate(Credentials(f"Bearer {triple.access_token}"))


@pytest.fixture
async def bench() -> Bench:
    bench = Bench()
    await bench.tokens.open()
    return bench


def claims_of(triple: TokenTriple) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(triple.access_token, options={"verify_signature": False})
    return claims


def groups_of(found: Identity | Rejected) -> tuple[str, ...]:
    assert isinstance(found, Identity)
    return found.groups


async def test_claims_and_identity_name_the_provider(bench: Bench) -> None:
    """The access token of a directory's user names the provider, its type and the id of the user in it."""
    triple = await bench.log_in()
    claims = claims_of(triple)
    assert claims["provider"] == {
        "provider_id": "ldap/openldap",
        "provider_type": "ldap",
        "user_id": "uid=alice,dc=example",
    }
    assert claims["groups"] == ["ops", "system:users"]
    who = bench.who(triple)
    assert isinstance(who, Identity)
    assert (who.username, who.provider_id, who.user_id) == ("alice", DIRECTORY, "uid=alice,dc=example")


async def test_groups_of_a_directory_act_with_the_next_refresh(bench: Bench) -> None:
    """A request uses the groups in the session; a refresh asks the directory, and earlier access tokens follow too."""
    first = await bench.log_in()
    bench.directory.groups["alice"] = ("dev",)
    assert groups_of(bench.who(first)) == ("ops", "system:users")
    second = await bench.refreshed(first)
    assert isinstance(second, TokenTriple)
    assert claims_of(second)["groups"] == ["dev", "system:users"]
    assert groups_of(bench.who(second)) == groups_of(bench.who(first)) == ("dev", "system:users")
    after = bench.restarted(bench.providers)
    await after.open()
    assert groups_of(after.verify(second.access_token)) == ("dev", "system:users")


async def test_a_refresh_ends_the_session_of_a_user_who_left_the_directory(bench: Bench) -> None:
    """A user who is no longer in the directory loses the session when it is refreshed, for good."""
    triple = await bench.log_in()
    del bench.directory.groups["alice"]
    assert await bench.refreshed(triple) == WRONG_CREDENTIALS
    bench.directory.groups["alice"] = ("ops",)
    assert bench.who(triple) == WRONG_CREDENTIALS
    assert bench.store.bodies == {}


@pytest.mark.parametrize("age_s", [1, 1000])
async def test_a_directory_that_is_down_ends_no_session(bench: Bench, age_s: float) -> None:
    """While the provider is unavailable, requests are served, refreshes fail, and the refresh token stays valid."""
    triple = await bench.log_in()
    bench.clock.move(age_s)
    bench.directory.down = True
    assert await bench.refreshed(triple) == DOWN
    bench.directory.down = False
    assert isinstance(await bench.refreshed(triple), TokenTriple)


async def test_a_provider_that_is_gone_takes_its_sessions_along(bench: Bench) -> None:
    """Without their provider sessions are no longer valid, and log-ins fail."""
    triple = await bench.log_in()
    basic = bench.providers.get("basic")
    assert basic is not None
    after = bench.restarted(Providers(basic))
    await after.open()
    assert after.verify(triple.access_token) == WRONG_CREDENTIALS
    assert await after.refresh(triple.access_token, triple.refresh_token, ISSUER) == WRONG_CREDENTIALS


async def test_passwords_of_local_users_are_sent_to_no_directory(bench: Bench) -> None:
    """The directory is asked about users without an enabled record alone."""
    assert await bench.auth.login(PasswordLogin("bob", PASSWORD)) == WRONG_CREDENTIALS
    assert isinstance(await bench.auth.login(PasswordLogin("bob", "local-1")), Identity)
    assert bench.directory.asked == []
    bench.records.put(USER, msgspec.structs.replace(BOB, disabled=True))
    who = await bench.auth.login(PasswordLogin("bob", PASSWORD))
    assert isinstance(who, Identity)
    assert (who.provider_id, bench.directory.asked) == (DIRECTORY, ["bob"])


async def test_a_log_in_fails_as_unavailable_only_if_it_needs_the_directory(bench: Bench) -> None:
    """With the directory down, local users log in, and other names get an answer that says to try again."""
    bench.directory.down = True
    assert isinstance(await bench.auth.login(PasswordLogin("bob", "local-1")), Identity)
    assert await bench.auth.login(PasswordLogin("alice", PASSWORD)) == DOWN


async def test_ending_the_sessions_of_a_local_user_spares_a_namesake(bench: Bench) -> None:
    """A user of a directory with the same name keeps the session when the local user is disabled."""
    local = await bench.log_in("bob", "local-1")
    bench.records.put(USER, msgspec.structs.replace(BOB, disabled=True))
    namesake = await bench.log_in("bob")
    await bench.store.commit(bench.tokens.ending_sessions_of("bob"))
    bench.records.put(USER, BOB)
    assert bench.who(local) == WRONG_CREDENTIALS
    assert isinstance(bench.who(namesake), Identity)


async def test_sessions_from_before_providers_are_of_local_users(bench: Bench) -> None:
    """A stored session without a provider belongs to a user record, and is refreshed like others."""
    triple = await bench.log_in("bob", "local-1")
    ((key, body),) = bench.store.bodies.items()
    old = {
        name: value
        for name, value in msgspec.json.decode(body).items()
        if name not in ("provider_id", "user_id", "groups")
    }
    bench.store.bodies[key] = msgspec.json.encode(old)
    after = bench.restarted(bench.providers)
    await after.open()
    assert groups_of(after.verify(triple.access_token)) == ("dev", "system:users")
    again = await after.refresh(triple.access_token, triple.refresh_token, ISSUER)
    assert isinstance(again, TokenTriple)
    assert claims_of(again)["provider"] == {"provider_id": "basic", "provider_type": "", "user_id": "bob"}


async def test_a_token_stays_short_whatever_the_groups(bench: Bench) -> None:
    """A user in hundreds of groups gets a token that programs can send, and has the rights of all groups."""
    groups = tuple(f"a-rather-long-name-of-a-group-{number}" for number in range(500))
    bench.directory.groups["alice"] = groups
    triple = await bench.log_in()
    assert len(triple.access_token) < 4_096
    assert set(groups_of(bench.who(triple))) > set(groups)


async def test_agents_are_users_of_records(bench: Bench) -> None:
    """The password of an agent is sent to no directory."""
    assert isinstance(await bench.auth.login_of_agent(PasswordLogin("alice", PASSWORD)), Rejected)
    assert bench.directory.asked == []
