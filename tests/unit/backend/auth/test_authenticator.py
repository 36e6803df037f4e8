"""Who is asking: forms of the Authorization header, passwords, API keys."""

from typing import cast

import bcrypt
import msgspec
import pytest

from sensu.backend.auth.api_keys import APIKeys
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.basic_provider import BasicProvider
from sensu.backend.auth.credentials import Credentials
from sensu.backend.auth.identity import NO_CREDENTIALS, WRONG_CREDENTIALS, Identity, Rejected, Via
from sensu.backend.auth.key_uses import KeyUses
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.providers import PasswordLogin, Providers
from sensu.backend.auth.tokens import Tokens
from sensu.resources.api_key import APIKey
from sensu.resources.kinds import API_KEY, USER
from sensu.resources.metadata import ObjectMeta
from sensu.resources.user import User
from sensu.store.contract import Store
from tests.unit.backend.auth.fakes import FakeRecords, FakeStore, HandClock

PASSWORD = "P@ssw0rd!"
BOB = User(username="bob", groups=("dev",), password_hash=bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode())
KEY = "11111111-2222-4333-8444-555555555555"


class Bench:
    """An authenticator over records that the test holds."""

    def __init__(self) -> None:
        clock = HandClock()
        self.records = FakeRecords(BOB)
        self.records.put(API_KEY, APIKey(metadata=ObjectMeta(name=KEY), username="bob"))
        providers = Providers(BasicProvider(self.records, Passwords(clock)))
        self.tokens = Tokens(cast(Store, FakeStore()), providers, clock)
        uses = KeyUses(cast(Store, FakeStore()), self.records, clock)
        self.auth = Authenticator(self.records, providers, self.tokens, APIKeys(self.records), uses)

    async def token(self) -> str:
        await self.tokens.open()
        who = await self.auth.login(PasswordLogin("bob", PASSWORD))
        assert isinstance(who, Identity)
        return (await self.tokens.issue(who, "http://x")).access_token


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, NO_CREDENTIALS),
        ("", NO_CREDENTIALS),
        ("Bearer", NO_CREDENTIALS),
        ("Bearer ", NO_CREDENTIALS),
        ("bearer {token}", NO_CREDENTIALS),
        ("{token}", NO_CREDENTIALS),
        ("Token {token}", NO_CREDENTIALS),
        ("Basic Ym9iOlBAc3N3MHJkIQ==", NO_CREDENTIALS),
        ("Key ", NO_CREDENTIALS),
        ("key {key}", NO_CREDENTIALS),
        ("Bearer  {token}", WRONG_CREDENTIALS),
        ("Bearer {token}x", WRONG_CREDENTIALS),
        ("Bearer {key}", WRONG_CREDENTIALS),
        ("Bearer garbage", WRONG_CREDENTIALS),
        ("Key {token}", WRONG_CREDENTIALS),
        ("Key  {key}", WRONG_CREDENTIALS),
        ("Key abc", WRONG_CREDENTIALS),
        ("Key \udce4", WRONG_CREDENTIALS),
        ("Key 00000000-0000-4000-8000-000000000000", WRONG_CREDENTIALS),
    ],
)
async def test_only_exact_forms_of_the_header_prove_anything(header: str | None, expected: Rejected) -> None:
    """A header of another form is no credential, and one that proves nothing is a wrong one."""
    bench = Bench()
    token = await bench.token()
    text = header.format(token=token, key=KEY) if header is not None else None
    assert bench.auth.authenticate(Credentials(text)) == expected


async def test_tokens_and_keys_prove_the_same_user_with_the_same_groups() -> None:
    """An API key carries all rights of its user, its own user record included."""
    bench = Bench()
    token = await bench.token()
    by_token, by_key = (
        bench.auth.authenticate(Credentials(f"Bearer {token}")),
        bench.auth.authenticate(Credentials(f"Key {KEY}")),
    )
    assert isinstance(by_token, Identity)
    assert isinstance(by_key, Identity)
    assert (by_key.username, by_key.groups) == (by_token.username, by_token.groups) == ("bob", ("dev", "system:users"))
    assert (by_token.via, by_key.via) == (Via.BEARER, Via.API_KEY)


def test_a_key_survives_a_changed_password_and_no_disabled_user() -> None:
    """A key goes on working when the password changes, and stops at once when its user is disabled or gone."""
    bench = Bench()
    header = f"Key {KEY}"
    bench.records.put(USER, msgspec.structs.replace(BOB, password_hash="other", groups=("ops",)))
    changed = bench.auth.authenticate(Credentials(header))
    assert isinstance(changed, Identity)
    assert changed.groups == ("ops", "system:users")
    bench.records.put(USER, msgspec.structs.replace(BOB, disabled=True))
    assert bench.auth.authenticate(Credentials(header)) == WRONG_CREDENTIALS
    bench.records.put(USER, BOB)
    assert isinstance(bench.auth.authenticate(Credentials(header)), Identity)
    bench.records.remove(USER, "", "bob")
    assert bench.auth.authenticate(Credentials(header)) == WRONG_CREDENTIALS


def test_keys_are_known_and_forgotten_as_they_are_made_and_revoked() -> None:
    """A new key opens, a revoked one does not, and a key that is given to another user speaks for that one."""
    bench = Bench()
    other = "aaaaaaaa-2222-4333-8444-555555555555"
    assert bench.auth.authenticate(Credentials(f"Key {other}")) == WRONG_CREDENTIALS
    bench.records.put(API_KEY, APIKey(metadata=ObjectMeta(name=other), username="eve"))
    assert bench.auth.authenticate(Credentials(f"Key {other}")) == WRONG_CREDENTIALS
    bench.records.put(USER, User(username="eve"))
    eve = bench.auth.authenticate(Credentials(f"Key {other}"))
    assert isinstance(eve, Identity)
    assert eve.username == "eve"
    bench.records.put(API_KEY, APIKey(metadata=ObjectMeta(name=other), username="bob"))
    bob = bench.auth.authenticate(Credentials(f"Key {other}"))
    assert isinstance(bob, Identity)
    assert bob.username == "bob"
    bench.records.remove(API_KEY, "", KEY)
    assert bench.auth.authenticate(Credentials(f"Key {KEY}")) == WRONG_CREDENTIALS


def test_keys_are_found_without_reading_all_of_them_each_time() -> None:
    """The index over the keys is made once for many requests."""
    bench = Bench()
    for _ in range(100):
        bench.auth.authenticate(Credentials(f"Key {KEY}"))
        bench.auth.authenticate(Credentials("Key unknown"))
    assert bench.records.lists_read == 1


@pytest.mark.parametrize(
    ("username", "password", "known"),
    [
        ("bob", PASSWORD, True),
        ("bob", "wrong", False),
        ("bob", "", False),
        ("bob", PASSWORD + " ", False),
        ("BOB", PASSWORD, False),
        ("nobody", PASSWORD, False),
        ("", PASSWORD, False),
    ],
)
async def test_logging_in_takes_the_right_name_and_password(username: str, password: str, known: bool) -> None:
    """Only the exact user name with its password is somebody."""
    answer = await Bench().auth.login(PasswordLogin(username, password))
    expected = Identity("bob", ("dev", "system:users"), Via.BASIC, user_id="bob") if known else WRONG_CREDENTIALS
    assert answer == expected


async def test_a_disabled_user_cannot_log_in() -> None:
    """A right password is not enough for a disabled user, also when it was remembered."""
    bench = Bench()

    before = await bench.auth.login(PasswordLogin("bob", PASSWORD))
    bench.records.put(USER, msgspec.structs.replace(BOB, disabled=True))
    (before, after) = before, await bench.auth.login(PasswordLogin("bob", PASSWORD))
    assert isinstance(before, Identity)
    assert after == WRONG_CREDENTIALS
