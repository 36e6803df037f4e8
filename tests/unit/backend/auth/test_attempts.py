"""Whose password is compared when, and when no more are."""

import asyncio
import time
from collections.abc import Iterator
from threading import Event

import bcrypt
import pytest

from sensu.backend.auth import passwords as module
from sensu.backend.auth.attempts import (
    GUESSES_MAX,
    GUESSES_S,
    WAITING_OF_ADDRESS_MAX,
    FairTurns,
    TooManyAttempts,
    origin_of,
)
from sensu.backend.auth.passwords import BCRYPT_COST, Passwords, hash_problem, matches
from tests.unit.backend.auth.fakes import HandClock

ATTACKER, OFFICE = "203.0.113.66", "192.0.2.1"
STORED = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()


def no_cost() -> int:
    """What a refusal costs where a test is not about its time."""
    return 4


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(HandClock())
    yield made
    made.close()


class Compared:
    """The passwords that were compared, in order; comparisons wait for `go`."""

    def __init__(self) -> None:
        self.passwords: list[str] = []
        self.go = Event()

    def matches(self, password: str, password_hash: str | None, cost: int) -> bool:
        self.passwords.append(password)
        self.go.wait(10)
        return password == "right" and password_hash is not None


@pytest.fixture
def bcrypt_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Compared]:
    compared = Compared()
    monkeypatch.setattr(module, "matches", compared.matches)
    yield compared
    compared.go.set()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def refused(attempt: "asyncio.Task[bool]") -> bool:
    try:
        await attempt
    except TooManyAttempts as err:
        assert err.retry_after_s >= 1
        return True
    return False


async def test_the_next_address_does_not_wait_for_all_attempts_of_another(
    passwords: Passwords, bcrypt_waits: Compared
) -> None:
    """Hundreds of wrong passwords from one address hold up a log-in from another by a moment, and most are refused."""
    guesses = [
        asyncio.create_task(passwords.verify("admin", f"guess{number}", STORED, ATTACKER)) for number in range(300)
    ]
    await settled()
    mine = asyncio.create_task(passwords.verify("ann", "right", STORED, OFFICE))
    await settled()
    bcrypt_waits.go.set()
    assert await mine
    assert bcrypt_waits.passwords.index("right") <= 4
    turned_away = [await refused(guess) for guess in guesses]
    assert turned_away.count(False) == WAITING_OF_ADDRESS_MAX + 2


async def test_who_is_remembered_waits_for_nobody(passwords: Passwords, bcrypt_waits: Compared) -> None:
    """A password that was right a while ago lets its user in at once, however many others are being compared."""
    bcrypt_waits.go.set()
    assert await passwords.verify("agent", "right", STORED, OFFICE)
    bcrypt_waits.go.clear()
    guesses = [
        asyncio.create_task(passwords.verify("x", f"guess{number}", None, f"203.0.113.{number}"))
        for number in range(100)
    ]
    await settled()
    async with asyncio.timeout(1):
        assert await passwords.verify("agent", "right", STORED, OFFICE)
    bcrypt_waits.go.set()
    await asyncio.gather(*guesses)


async def test_attempts_of_clients_that_left_are_dropped(passwords: Passwords, bcrypt_waits: Compared) -> None:
    """A client that leaves while it waits costs nothing; one that leaves during its comparison holds its turn."""
    attempts = [
        asyncio.create_task(passwords.verify("admin", f"guess{number}", STORED, ATTACKER)) for number in range(10)
    ]
    await settled()
    for attempt in attempts:
        attempt.cancel()
    await settled()
    late = asyncio.create_task(passwords.verify("ann", "right", STORED, OFFICE))
    await settled()
    assert len(bcrypt_waits.passwords) == 2
    bcrypt_waits.go.set()
    assert await late
    assert bcrypt_waits.passwords == ["guess0", "guess1", "right"]
    assert passwords._turns.waiting == 0


async def test_a_shared_attempt_goes_on_while_somebody_waits_for_it(
    passwords: Passwords, bcrypt_waits: Compared
) -> None:
    """Of several clients with the same credentials one may leave; the others get their answer."""
    first, second = (asyncio.create_task(passwords.verify("agent", "right", STORED, OFFICE)) for _ in range(2))
    await settled()
    first.cancel()
    await settled()
    bcrypt_waits.go.set()
    assert await second
    assert bcrypt_waits.passwords == ["right"]


async def test_guesses_are_limited_by_user_and_address() -> None:
    """Too many wrong passwords shut out one user name at one address for a minute, and nobody else."""
    clock = HandClock()
    passwords = Passwords(clock)

    for number in range(GUESSES_MAX):
        assert not await passwords.verify("admin", f"guess{number}", STORED, ATTACKER, no_cost)
    with pytest.raises(TooManyAttempts, match="this user from this address") as refusal:
        await passwords.verify("admin", "right", STORED, ATTACKER, no_cost)
    assert refusal.value.retry_after_s == GUESSES_S
    assert await passwords.verify("ann", "right", STORED, ATTACKER, no_cost)
    assert await passwords.verify("admin", "right", STORED, OFFICE, no_cost)
    assert await passwords.verify("admin", "right", STORED, ATTACKER, no_cost)  # remembered since
    clock.move(GUESSES_S + 1)
    assert not await passwords.verify("admin", "another", STORED, ATTACKER, no_cost)
    passwords.close()


async def test_one_wrong_password_sent_again_and_again_is_one_guess(passwords: Passwords) -> None:
    """Agents with an old password do not shut out the others at their address."""
    for _ in range(GUESSES_MAX * 2):
        assert not await passwords.verify("agent", "old", STORED, OFFICE, no_cost)
    assert await passwords.verify("agent", "right", STORED, OFFICE, no_cost)


async def test_turns_go_round() -> None:
    """Addresses with many and with few attempts are served in turn."""
    turns, order = FairTurns(1), list[str]()

    async def attempt(origin: str) -> None:
        async with turns.turn(origin):
            order.append(origin)
            await asyncio.sleep(0)

    await asyncio.gather(*(attempt(origin) for origin in "aaaaabbc"))
    assert order == list("aabcabaa")


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, origin: str) -> None:
    """A host cannot have more turns by using more of its IPv6 addresses."""
    assert origin_of(address) == origin


@pytest.mark.parametrize("cost", [None, 4, 6, 8])
def test_a_refusal_takes_the_same_time_for_all(cost: int | None) -> None:
    """Neither whether a user exists nor the cost of its hash can be told from how long a wrong password takes."""
    stored = None if cost is None else bcrypt.hashpw(b"right", bcrypt.gensalt(cost)).decode()

    def seconds(password_hash: str | None) -> float:
        began = time.process_time()
        assert not matches("wrong", password_hash, 8)
        return time.process_time() - began

    usual = min(seconds(bcrypt.hashpw(b"right", bcrypt.gensalt(8)).decode()) for _ in range(5))
    assert 0.6 < min(seconds(stored) for _ in range(5)) / usual < 1.6


@pytest.mark.parametrize(
    ("password_hash", "problem"),
    [
        ("$2b$12$" + "a" * 53, None),
        ("$2a$10$" + "a" * 53, None),
        ("$2b$13$" + "a" * 53, "password_hash: the cost of a bcrypt hash must be at most 12, this one has 13"),
        ("$2y$31$" + "a" * 53, "password_hash: the cost of a bcrypt hash must be at most 12, this one has 31"),
    ],
)
def test_costly_hashes_are_not_taken(password_hash: str, problem: str | None) -> None:
    """Nobody can set a hash that makes each log-in hold a processor for seconds."""
    assert hash_problem(password_hash) == problem
    assert BCRYPT_COST <= 12
