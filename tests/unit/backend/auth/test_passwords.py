"""Passwords: hashes of all prefixes, what is remembered and for how long."""

import asyncio
from collections.abc import Iterator

import bcrypt
import pytest

from sensu.backend.auth import passwords as module
from sensu.backend.auth.passwords import REMEMBERED_MAX, REMEMBERED_S, Passwords, hash_password, matches
from tests.unit.backend.auth.fakes import HandClock


def cheap_hash(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


class CountingPasswords(Passwords):
    """Counts how often bcrypt really runs."""

    runs = 0

    async def _run(self, origin: str, password: str, password_hash: str | None, refusal_cost: int) -> bool:
        self.runs += 1
        return await super()._run(origin, password, password_hash, refusal_cost)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def passwords(clock: HandClock) -> Iterator[CountingPasswords]:
    made = CountingPasswords(clock)
    yield made
    made.close()


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_hashes_of_all_bcrypt_prefixes_are_understood(prefix: str) -> None:
    """Hashes made by other programs match their password and no other."""
    stored = prefix + cheap_hash("P@ssw0rd!")[4:]
    assert matches("P@ssw0rd!", stored)
    assert not matches("P@ssw0rd", stored)


@pytest.mark.parametrize("text", ["", "any text", "$2b$10$short", "$2b$xx$" + "a" * 53, "$2b$31$" + "a" * 53, "ü" * 60])
def test_a_text_that_is_no_usable_hash_matches_nothing(text: str) -> None:
    """A broken hash, or one that would take hours, never lets anybody in and never fails."""
    assert not matches("P@ssw0rd!", text)


def test_recorded_hashes_of_the_reference_match() -> None:
    """A hash that the reference accepted for a password is accepted for it here."""
    assert matches("hashed-password-1", "$2b$10$abcdefghijklmnopqrstuuhYVg/8Kz4lNHHCfEJxIWh.xDNoQn5G2")
    assert matches("Another.Hash 2", "$2b$10$abcdefghijklmnopqrstuuWZrSdJRGQPyJRMlNay/.kBHmVhTCshS")


def test_new_hashes_have_cost_ten_and_match() -> None:
    """A password hashed here is known again, a longer one than bcrypt reads too."""
    for password in ("P@ssw0rd!", "ü" * 100):
        made = hash_password(password)
        assert made.startswith("$2b$10$")
        assert matches(password, made)


async def test_a_right_password_is_remembered_for_a_while(passwords: CountingPasswords, clock: HandClock) -> None:
    """Within its time a password that was right costs no second bcrypt, and after it one again."""
    stored = cheap_hash("secret-1")

    async def log_in() -> bool:
        return await passwords.verify("agent", "secret-1", stored)

    runs = []
    for pause_s in (0.0, REMEMBERED_S - 1, 2.0):
        clock.move(pause_s)
        assert await log_in()
        runs.append(passwords.runs)
    assert runs == [1, 1, 2]


async def test_a_thousand_agents_at_once_cost_one_bcrypt(passwords: CountingPasswords) -> None:
    """Log-ins with the same credentials at the same moment share one run of bcrypt."""
    stored = cheap_hash("secret-1")

    answers = await asyncio.gather(*(passwords.verify("agent", "secret-1", stored) for _ in range(1000)))
    assert all(answers)
    assert passwords.runs == 1


async def test_a_changed_hash_forgets_the_password_at_once(passwords: CountingPasswords) -> None:
    """The old password opens nothing as soon as the user has another hash."""
    old, new = cheap_hash("secret-1"), cheap_hash("secret-2")

    assert [
        await passwords.verify("bob", "secret-1", old),
        await passwords.verify("bob", "secret-1", new),
        await passwords.verify("bob", "secret-2", new),
    ] == [True, False, True]


async def test_wrong_passwords_and_unknown_users_cost_a_bcrypt_each_time(passwords: CountingPasswords) -> None:
    """A guess is never remembered, and a user that does not exist takes the same work as a wrong password."""
    stored = cheap_hash("secret-1")

    for _ in range(2):
        assert not await passwords.verify("bob", "wrong", stored)
        assert not await passwords.verify("nobody", "secret-1", None)
    assert passwords.runs == 4


async def test_parts_of_credentials_cannot_move_into_each_other(passwords: CountingPasswords) -> None:
    """What was remembered for one user is no proof for a user whose name takes over a part of the password."""
    stored = cheap_hash("bsecret")

    assert (await passwords.verify("a", "bsecret", stored), await passwords.verify("ab", "secret", stored)) == (
        True,
        False,
    )


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch, passwords: CountingPasswords) -> None:
    """Of too many credentials the oldest are forgotten."""
    monkeypatch.setattr(module, "REMEMBERED_MAX", 2)
    stored = cheap_hash("secret-1")

    for name in ("a", "b", "c", "c", "a"):
        assert await passwords.verify(name, "secret-1", stored)
    assert passwords.runs == 4
    assert REMEMBERED_MAX >= 1000
