"""What callers can still do while the store takes no writes."""

import base64
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest

from sensu.backend.auth import sessions
from sensu.errors import StoreError
from sensu.store.values import Committed, Refused, Write
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import ADMIN, PASSWORD, RunningApi, running_api

USERS = "/api/core/v2/users"


class FullDisk:
    """Refuses every commit of a store until there is room."""

    def __init__(self, api: RunningApi) -> None:
        self._commit = api.store.commit
        self.full = False
        api.store.commit = self  # type: ignore[method-assign]

    async def __call__(self, writes: Sequence[Write]) -> Committed | Refused:
        if self.full:
            raise StoreError("the disk is full")
        return await self._commit(writes)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_700_000_000.0)


@pytest.fixture
async def api(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[RunningApi]:
    async with running_api(tmp_path, clock=clock) as api:
        yield api


@pytest.fixture
def disk(api: RunningApi) -> FullDisk:
    return FullDisk(api)


def basic(password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{ADMIN}:{password}".encode()).decode()


async def log_in(api: RunningApi, password: str = PASSWORD) -> tuple[int, dict[str, str]]:
    answer = await api.call("GET", "/auth", Authorization=basic(password))
    return answer.status, msgspec.json.decode(answer.body) if answer.status == 200 else {}


async def refresh(api: RunningApi, tokens: dict[str, str]) -> tuple[int, dict[str, str]]:
    body = {"refresh_token": tokens["refresh_token"]}
    answer = await api.call("POST", "/auth/token", body, Authorization=f"Bearer {tokens['access_token']}")
    return answer.status, msgspec.json.decode(answer.body) if answer.status == 200 else {}


async def works(api: RunningApi, tokens: dict[str, str]) -> bool:
    return (await api.call("GET", USERS, Authorization=f"Bearer {tokens['access_token']}")).status == 200


async def test_people_log_in_while_the_disk_is_full(api: RunningApi, disk: FullDisk, clock: VirtualClock) -> None:
    """A log-in on a full disk works, is refreshed, and is stored once there is room; a wrong password stays wrong."""
    disk.full = True
    status, tokens = await log_in(api)
    assert (status, await works(api, tokens)) == (200, True)
    assert (await log_in(api, "wrong"))[0] == 401
    await clock.advance(120)
    status, tokens = await refresh(api, tokens)
    assert (status, await works(api, tokens)) == (200, True)
    disk.full = False
    await clock.advance(120)
    assert await api.store.count(sessions.SESSION_KIND, None) == 0
    status, tokens = await refresh(api, tokens)
    assert (status, await works(api, tokens)) == (200, True)
    assert await api.store.count(sessions.SESSION_KIND, None) == 1


async def test_a_session_of_before_goes_on_while_the_disk_is_full(
    api: RunningApi, disk: FullDisk, clock: VirtualClock
) -> None:
    """A session that was stored is refreshed on a full disk with the same refresh token, and as usual afterwards."""
    _, tokens = await log_in(api)
    disk.full = True
    await clock.advance(1200)
    assert not await works(api, tokens)
    status, renewed = await refresh(api, tokens)
    assert (status, await works(api, renewed)) == (200, True)
    disk.full = False
    await clock.advance(60)
    status, again = await refresh(api, renewed)
    assert (status, await works(api, again)) == (200, True)
    assert again["refresh_token"] != renewed["refresh_token"]


async def test_sessions_in_memory_are_bounded(
    api: RunningApi, disk: FullDisk, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound the oldest of the sessions that are not stored ends."""
    monkeypatch.setattr(sessions, "UNSTORED_MAX", 2)

    disk.full = True
    held = [(await log_in(api))[1] for _ in range(3)]
    assert [await works(api, tokens) for tokens in held] == [False, True, True]
