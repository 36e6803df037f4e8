"""The provider of a directory, as far as no server is needed."""

import pytest

from sensu.backend.auth.attempts import GUESSES_MAX, TooManyAttempts
from sensu.backend.auth.directory.provider import OWN_ACCOUNT_S, Directory
from sensu.backend.auth.identity import Principal, Rejected
from sensu.backend.auth.providers import PasswordLogin
from sensu.backend.auth.sessions import LoginSession
from sensu.resources.directory import ADProvider, ADServer, Binding
from sensu.resources.metadata import ObjectMeta
from tests.unit.backend.auth.fakes import FakeRecords, HandClock

SESSION = LoginSession(username="ad:alice", user_id="cn=alice", groups=("ad:ops",))


def directory(clock: HandClock, **fields: object) -> Directory:
    server = ADServer(host="127.0.0.1", port=1, default_upn_domain="example.org", **fields)  # type: ignore[arg-type]
    return Directory(ADProvider(metadata=ObjectMeta(name="corp"), servers=(server,)), FakeRecords(), clock)


async def test_a_session_that_nobody_can_check_ends_after_an_hour() -> None:
    """Only the user's own account can search: a refresh asks nobody, and the session ends with its hour."""
    clock = HandClock()
    found = directory(clock)
    session = LoginSession(created_at=clock.now(), username="ad:alice", user_id="cn=alice", groups=("ad:ops",))
    assert await found.check(session) == Principal("ad:alice", ("ad:ops",), "ad/corp", "cn=alice")
    await clock.sleep(OWN_ACCOUNT_S)
    assert found.current(session) is None
    assert await found.check(session) is None


async def test_a_session_of_a_provider_with_an_account_lasts() -> None:
    """If the provider searches with an account, its sessions have no end of their own."""
    clock = HandClock()
    found = directory(clock, binding=Binding(user_dn="cn=binder", password="p"))
    await clock.sleep(10 * OWN_ACCOUNT_S)
    assert found.current(SESSION) is not None


async def test_guesses_are_limited_whatever_the_spelling() -> None:
    """After many wrong passwords, an address has to wait; how the name is written makes no difference."""
    found = directory(HandClock())
    for number in range(GUESSES_MAX):
        login = PasswordLogin("Alice" if number % 2 else "alice", "\0" * (number + 1), "192.0.2.1")
        assert isinstance(await found.log_in(login), Rejected)
    with pytest.raises(TooManyAttempts):
        await found.log_in(PasswordLogin("ALICE", "another", "192.0.2.1"))
