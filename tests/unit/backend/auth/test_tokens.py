"""Tokens: lifetimes, rotation, reuse, and what ends them at once."""

from collections.abc import AsyncIterator
from typing import Any, cast

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sensu.backend.auth import sessions as sessions_module
from sensu.backend.auth.basic_provider import BasicProvider
from sensu.backend.auth.cluster_secret import SECRET_NAME
from sensu.backend.auth.identity import WRONG_CREDENTIALS, Identity, Via, identity_of, principal_of
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.providers import Providers
from sensu.backend.auth.sessions import SESSION_KIND
from sensu.backend.auth.tokens import TokenLifetimes, Tokens, TokenTriple
from sensu.resources.kinds import USER
from sensu.resources.user import User
from sensu.store.contract import Store
from tests.unit.backend.auth.fakes import FakeRecords, FakeStore, HandClock

BOB = User(username="bob", groups=("dev",), password_hash="x")
EVE = User(username="eve", password_hash="x")
ISSUER = "http://localhost:8080"
LIFETIMES = TokenLifetimes(access_s=900, session_s=43_200, rotate_after_s=60, rotation_grace_s=30)


class Bench:
    """Tokens over a store, records and a clock that the test holds."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.records = FakeRecords(BOB, EVE)
        self.store = FakeStore()
        self.basic = BasicProvider(self.records, Passwords(self.clock))
        self.tokens = self.restarted()

    def restarted(self) -> Tokens:
        return Tokens(cast(Store, self.store), Providers(self.basic), self.clock, LIFETIMES)

    async def login(self, user: User = BOB) -> TokenTriple:
        return await self.tokens.issue(identity_of(principal_of(user), Via.BASIC), ISSUER)

    async def refreshed(self, triple: TokenTriple) -> TokenTriple:
        answer = await self.tokens.refresh(triple.access_token, triple.refresh_token, ISSUER)
        assert isinstance(answer, TokenTriple)
        return answer

    async def refused(self, triple: TokenTriple) -> bool:
        answer = await self.tokens.refresh(triple.access_token, triple.refresh_token, ISSUER)
        return answer == WRONG_CREDENTIALS

    def known(self, triple: TokenTriple) -> bool:
        return isinstance(self.tokens.verify(triple.access_token), Identity)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await bench.tokens.open()
    yield bench
    bench.tokens.close()


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_an_access_token_carries_the_recorded_claims(bench: Bench) -> None:
    """Other programs find user, groups, issuer, provider and expiry where they are used to find them."""
    triple = await bench.login()
    claims = claims_of(triple.access_token)
    jti, session_id = claims.pop("jti"), claims.pop("session_id")
    assert len(jti) == 32
    assert claims == {
        "exp": triple.expires_at,
        "iss": ISSUER,
        "sub": "bob",
        "groups": ["dev", "system:users"],
        "provider": {"provider_id": "basic", "provider_type": "", "user_id": "bob"},
        "api_key": False,
    }
    assert triple.expires_at == 1_700_000_900
    refresh = claims_of(triple.refresh_token)
    assert refresh["sub"] == "bob"
    assert refresh["session_id"] == session_id
    assert refresh["exp"] == 1_700_043_200


async def test_an_access_token_proves_its_user_until_it_expires(bench: Bench) -> None:
    """Up to its last second a token is good, from then on it is not."""
    triple = await bench.login()
    bench.clock.move(899)
    identity = bench.tokens.verify(triple.access_token)
    assert isinstance(identity, Identity)
    assert (identity.username, identity.groups, identity.via) == ("bob", ("dev", "system:users"), Via.BEARER)
    bench.clock.move(1)
    assert bench.tokens.verify(triple.access_token) == WRONG_CREDENTIALS


async def test_groups_and_disabling_act_at_once(bench: Bench) -> None:
    """The rights of a token follow the user record: changed groups, a disabled and a missing user count immediately."""
    triple = await bench.login()
    bench.records.put(USER, msgspec.structs.replace(BOB, groups=("ops",)))
    identity = bench.tokens.verify(triple.access_token)
    assert isinstance(identity, Identity)
    assert identity.groups == ("ops", "system:users")
    again = await bench.refreshed(triple)
    assert claims_of(again.access_token)["groups"] == ["ops", "system:users"]
    bench.records.put(USER, msgspec.structs.replace(BOB, disabled=True))
    assert not bench.known(triple)
    assert await bench.refused(triple)
    bench.records.remove(USER, "", "bob")
    assert not bench.known(triple)
    assert await bench.refused(triple)


async def test_the_sessions_of_a_disabled_user_end_with_its_writes(bench: Bench) -> None:
    """Once the writes that end a user's sessions are committed, reinstating the user revives no token."""
    mine, other = await bench.login(), await bench.login(EVE)
    writes = bench.tokens.ending_sessions_of("bob")
    assert len(writes) == 1
    await bench.store.commit(writes)
    assert not bench.known(mine)
    assert await bench.refused(mine)
    assert bench.known(other)
    assert bench.tokens.ending_sessions_of("bob") == []
    assert bench.tokens.ending_sessions_of("nobody") == []


async def test_a_young_refresh_token_stays_the_same(bench: Bench) -> None:
    """Refreshing again within a minute gives a new access token with the same refresh token, and asks no store."""
    triple = await bench.login()
    commits = bench.store.commits
    for _ in range(3):
        again = await bench.refreshed(triple)
        assert again.refresh_token == triple.refresh_token
        assert again.access_token != triple.access_token
        assert bench.known(again)
    assert bench.known(triple)
    assert bench.store.commits == commits


async def test_a_used_refresh_token_is_replaced_and_good_for_a_short_grace(bench: Bench) -> None:
    """Two programs that share a login get the same new refresh token within the grace."""
    first = await bench.login()
    bench.clock.move(1000)
    second = await bench.refreshed(first)
    assert second.refresh_token != first.refresh_token
    bench.clock.move(29)
    late = await bench.refreshed(first)
    assert late.refresh_token == second.refresh_token
    bench.clock.move(1000)
    third = await bench.refreshed(late)
    assert third.refresh_token != second.refresh_token
    assert bench.known(third)


async def test_a_refresh_token_that_comes_back_later_ends_its_session(bench: Bench) -> None:
    """Reuse after the grace means that a copy exists: nobody keeps the session, other sessions stay."""
    first, other = await bench.login(), await bench.login()
    bench.clock.move(100)
    second = await bench.refreshed(first)
    bench.clock.move(30)
    assert bench.known(second)
    assert await bench.refused(first)
    assert not bench.known(second)
    assert await bench.refused(second)
    assert bench.known(other)
    assert len(bench.store.bodies) == 1


async def test_a_session_lives_as_long_as_it_is_refreshed_in_time(bench: Bench) -> None:
    """Each replacement of the refresh token begins the rest of a session anew; resting too long ends it."""
    triple = await bench.login()
    for _ in range(3):
        bench.clock.move(43_199)
        triple = await bench.refreshed(triple)
    bench.clock.move(43_200)
    assert await bench.refused(triple)


async def test_tokens_of_two_users_do_not_go_together(bench: Bench) -> None:
    """A refresh token beside another user's access token is refused, and does not end the session."""
    mine, other = await bench.login(), await bench.login(EVE)
    answer = await bench.tokens.refresh(other.access_token, mine.refresh_token, ISSUER)
    assert answer == WRONG_CREDENTIALS
    assert await bench.tokens.logout(other.access_token, mine.refresh_token) == WRONG_CREDENTIALS
    assert bench.known(mine)


async def test_access_and_refresh_tokens_do_not_stand_in_for_each_other(bench: Bench) -> None:
    """Neither sort of token is taken for the other, and neither is any other text."""
    triple = await bench.login()
    assert bench.tokens.verify(triple.refresh_token) == WRONG_CREDENTIALS
    for access, refresh in (
        (triple.access_token, triple.access_token),
        (triple.refresh_token, triple.refresh_token),
        (triple.refresh_token, triple.access_token),
        (triple.access_token, ""),
        ("", triple.refresh_token),
        ("garbage", triple.refresh_token),
        (triple.access_token, "x.y.z"),
    ):
        assert await bench.tokens.refresh(access, refresh, ISSUER) == WRONG_CREDENTIALS
        assert await bench.tokens.logout(access, refresh) == WRONG_CREDENTIALS
    assert bench.known(triple)


async def test_logging_out_ends_the_session_at_once(bench: Bench) -> None:
    """After logging out neither token is good, with an expired access token too; other log-ins stay."""
    mine, other = await bench.login(), await bench.login()
    assert await bench.tokens.logout(mine.access_token, mine.refresh_token) is None
    assert not bench.known(mine)
    assert await bench.refused(mine)
    assert bench.known(other)
    bench.clock.move(2000)
    assert await bench.tokens.logout(other.access_token, other.refresh_token) is None
    assert bench.store.bodies == {}


async def test_a_user_who_gives_its_password_can_log_out_with_a_refresh_token(bench: Bench) -> None:
    """A refresh token of the user itself ends its session; one of another user does not."""
    mine = await bench.login()
    assert await bench.tokens.logout_user("eve", mine.refresh_token) == WRONG_CREDENTIALS
    assert bench.known(mine)
    assert await bench.tokens.logout_user("bob", mine.refresh_token) is None
    assert not bench.known(mine)


async def test_tokens_outlive_a_restart(bench: Bench) -> None:
    """Secret and sessions are in the store, so that a restarted backend knows its tokens, and ended ones stay ended."""
    mine, ended = await bench.login(), await bench.login()
    await bench.tokens.logout(ended.access_token, ended.refresh_token)
    secret = bench.store.states[SECRET_NAME]
    assert len(secret) == 32
    bench.tokens.close()
    bench.tokens = bench.restarted()
    await bench.tokens.open()
    assert bench.store.states[SECRET_NAME] == secret
    assert bench.known(mine)
    assert not bench.known(ended)
    assert await bench.refused(ended)
    bench.clock.move(100)
    assert (await bench.refreshed(mine)).refresh_token != mine.refresh_token


async def test_other_backends_hear_of_sessions_through_the_store(bench: Bench) -> None:
    """A token of one backend is good at another on the same store, until one of them ends the session."""
    neighbour = bench.restarted()
    await neighbour.open()
    mine = await bench.login()
    assert isinstance(neighbour.verify(mine.access_token), Identity)
    assert await neighbour.logout(mine.access_token, mine.refresh_token) is None
    assert not bench.known(mine)


async def test_tokens_of_another_cluster_prove_nothing(bench: Bench) -> None:
    """A token signed with another store's secret is refused."""
    stranger = Bench()
    await stranger.tokens.open()
    foreign = await stranger.login()
    assert not bench.known(foreign)
    assert await bench.refused(foreign)


async def test_a_failing_store_loses_nobody_its_session(bench: Bench) -> None:
    """While the store fails, a refresh gives the same refresh token again, and log-ins work; no session is lost."""
    triple = await bench.login()
    bench.clock.move(1000)
    bench.store.broken = True
    for _ in range(2):
        renewed = await bench.refreshed(triple)
        assert bench.known(renewed)
        assert renewed.refresh_token == triple.refresh_token
        assert bench.known(await bench.login())
        bench.clock.move(1000)
    bench.store.broken = False
    assert bench.known(await bench.refreshed(triple))
    assert len(bench.store.bodies) == 1


async def test_the_sessions_of_a_user_are_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's log-in beyond the bound ends the one of its sessions that rested longest, and no other user's."""
    monkeypatch.setattr(sessions_module, "SESSIONS_OF_A_USER_MAX", 2)

    other = await bench.login(EVE)
    first, second = await bench.login(), await bench.login()
    bench.clock.move(100)
    first = await bench.refreshed(first)
    third = await bench.login()
    assert [bench.known(t) for t in (other, first, second, third)] == [True, True, False, True]
    assert len(bench.store.bodies) == 3


async def test_all_sessions_together_are_bounded_and_swept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions that are over leave the store with the next log-in, and beyond the bound the oldest goes."""
    monkeypatch.setattr(sessions_module, "SESSIONS_MAX", 3)

    first = await bench.login(EVE)
    for _ in range(3):
        await bench.login()
    assert not bench.known(first)
    assert len(bench.store.bodies) == 3
    bench.clock.move(43_200)
    await bench.login()
    assert len(bench.store.bodies) == 1
    assert {key.kind for key in bench.store.bodies} == {SESSION_KIND}


async def test_many_stored_sessions_are_read_page_by_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start every stored session is found, however many pages they fill."""
    monkeypatch.setattr(sessions_module, "READ_AT_ONCE", 2)

    issued = [await bench.login() for _ in range(5)]
    bench.tokens = bench.restarted()
    await bench.tokens.open()
    assert all(bench.known(triple) for triple in issued)


async def test_clusters_with_the_same_key_accept_each_others_tokens_until_they_expire() -> None:
    """Groups are those of the claims, without the product's own; an ended session counts only in its cluster."""
    key = ec.generate_private_key(ec.SECP256R1())
    bench = Bench()
    store = cast(Store, bench.store)
    here = Tokens(store, Providers(bench.basic), bench.clock, LIFETIMES, key, cluster_id="here")
    there = Tokens(store, Providers(bench.basic), bench.clock, LIFETIMES, None, key.public_key(), cluster_id="there")
    await here.open()
    who = Identity("bob", ("ops", "system:agents", "system:users"))
    triple = await here.issue(who, ISSUER)
    await here.logout(triple.access_token, triple.refresh_token)
    assert here.verify(triple.access_token) == WRONG_CREDENTIALS
    expected = Identity("bob", ("ops", "system:users"), Via.BEARER, provider_id="federation/here", user_id="bob")
    assert there.verify(triple.access_token) == expected
    assert await there.refresh(triple.access_token, triple.refresh_token, ISSUER) == WRONG_CREDENTIALS
    passed_on = here.for_other_cluster(who)
    assert passed_on is not None
    assert there.verify(passed_on) == expected
    assert here.verify(passed_on) == WRONG_CREDENTIALS
    of_directory = here.for_other_cluster(Identity("ad:ann", ("ad:ops",), provider_id="ad/office", user_id="cn=ann"))
    known = there.verify(of_directory or "")
    assert isinstance(known, Identity)
    assert (known.username, known.groups) == ("ad:ann", ("ad:ops", "system:users"))
    assert there.for_other_cluster(who) is None
    bench.clock.move(300)
    assert there.verify(passed_on) == WRONG_CREDENTIALS
    bench.clock.move(600)
    assert there.verify(triple.access_token) == WRONG_CREDENTIALS
    here.close()
