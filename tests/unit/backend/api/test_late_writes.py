"""Requests that change something while the store goes away."""

from collections.abc import Mapping
from typing import Any

from sensu.backend.api.late_writes import LATE_AFTER_S, LateWrites
from sensu.errors import StoreError
from tests.jumping_loop import JUMPING, elapse

SCOPE = {"method": "PUT", "path": "/checks/cpu"}


class Client:
    """A client, and what it was sent."""

    def __init__(self) -> None:
        self.parts: list[Mapping[str, Any]] = []

    async def send(self, part: Mapping[str, Any]) -> None:
        self.parts.append(part)


class Database:
    """A store that is away at times."""

    away = False

    async def caught_up(self) -> None:
        if self.away:
            raise StoreError("connection refused")


@JUMPING
async def test_a_request_that_takes_long_is_answered_once_the_store_is_away(loop_factory: object) -> None:
    """After 5 s the answer says that nobody knows whether the change was stored; there is no second one."""
    database, client = Database(), Client()
    late = LateWrites(database.caught_up)
    write = late.begin(SCOPE, client.send)
    await elapse(2 * LATE_AFTER_S)
    assert not client.parts
    database.away = True
    await elapse(2 * LATE_AFTER_S)
    assert write.answered
    assert [part["type"] for part in client.parts] == ["http.response.start", "http.response.body"]
    assert client.parts[0]["status"] == 503
    assert b"not known yet" in client.parts[1]["body"]
    await elapse(2 * LATE_AFTER_S)
    assert len(client.parts) == 2


@JUMPING
async def test_requests_that_have_ended_or_just_begun_are_left_alone(loop_factory: object) -> None:
    """While the store is away, requests are given 5 s, and those that have their answer get no other."""
    database, ended, young = Database(), Client(), Client()
    database.away = True
    late = LateWrites(database.caught_up)
    late.end(late.begin(SCOPE, ended.send))
    await elapse(2 * LATE_AFTER_S)
    late.begin(SCOPE, young.send)
    await elapse(LATE_AFTER_S - 2)
    assert not ended.parts
    assert not young.parts
