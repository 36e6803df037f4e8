"""Logging in while others try to keep everybody out."""

import asyncio
import base64
import json

import bcrypt
import pytest

from sensu.backend.auth.attempts import GUESSES_MAX
from sensu.backend.auth.passwords import hash_password
from sensu.backend.stored_form import put
from sensu.resources.kinds import USER
from sensu.resources.user import User
from tests.flows.api_harness import ADMIN, PASSWORD, RunningApi

USERS = "/api/core/v2/users"


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


async def test_guessing_ends_in_429(api: RunningApi, admin: str) -> None:
    """After many wrong passwords a client is told to come back later; others it knows still get in."""
    body = {"username": "ann", "password_hash": bcrypt.hashpw(b"P@ssw0rd!", bcrypt.gensalt(4)).decode()}
    assert (await api.call("PUT", f"{USERS}/ann", body, Authorization=admin)).status == 201
    for number in range(GUESSES_MAX):
        assert (await api.call("GET", "/auth", Authorization=basic("ann", f"x{number}"))).status == 401
    for path in ("/auth", "/auth/test"):
        refused = await api.call("GET", path, Authorization=basic("ann", "P@ssw0rd!"))
        assert refused.status == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert (await api.call("GET", "/auth", Authorization=basic(ADMIN, PASSWORD))).status == 200
    change = {"password": "wrong", "password_new": "P@ssw0rd!2"}
    assert (await api.call("PUT", f"{USERS}/ann/password", change, Authorization=admin)).status == 429


async def test_clients_that_leave_cost_nothing(api: RunningApi, admin: str) -> None:
    """Log-ins of clients that have left are not carried out."""
    host, port = api.url.removeprefix("http://").split(":")
    for number in range(20):
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"GET /auth HTTP/1.1\r\nHost: a\r\nAuthorization: {basic('nobody', f'x{number}')}\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        writer.close()
    while (await api.call("GET", "/auth", Authorization=basic("nobody", "y"))).status == 429:
        pass
    answer = await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)
    refused = [entry for entry in json.loads(answer.body) if entry["action"] == "login refused"]
    assert 1 <= len(refused) <= 5


@pytest.mark.parametrize("cost", [12, 13, 16, 31])
async def test_costly_hashes_are_refused(api: RunningApi, admin: str, cost: int) -> None:
    """Neither a new user nor a changed password may have a hash that holds a processor for seconds at each log-in."""
    costly = f"$2b${cost}$" + "a" * 53
    allowed = cost <= 12

    asked = [
        ("POST", USERS, {"username": "new", "password_hash": costly}),
        ("PUT", f"{USERS}/new", {"username": "new", "password_hash": costly}),
        ("PUT", f"{USERS}/admin/reset_password", {"password_hash": costly}),
        ("PUT", f"{USERS}/admin/password", {"password": PASSWORD, "password_hash": costly}),
    ]
    for method, path, body in asked[: 3 if allowed else 4]:
        answer = await api.call(method, path, body, Authorization=admin)
        assert (answer.status < 300) == allowed, (method, path)
        assert allowed or b"password_hash: the cost of a bcrypt hash must be at most 12" in answer.body


async def test_a_password_is_reset_in_clear_or_as_a_hash(api: RunningApi, admin: str) -> None:
    """An administrator gives a user a new password of the ordinary length, which is hashed by the backend."""
    hashed = hash_password("the first one")
    await api.store.commit([put(USER, User(username="ann", password_hash=hashed))])
    path = f"{USERS}/ann/reset_password"
    for body, status in (({}, 400), ({"password_new": "short"}, 400), ({"password_new": "the second one"}, 201)):
        assert (await api.call("PUT", path, body, Authorization=admin)).status == status, body
    assert (await api.token("ann", "the second one")).startswith("Bearer ")
    assert (await api.call("PUT", path, {"password_hash": hashed}, Authorization=admin)).status == 201
    assert (await api.token("ann", "the first one")).startswith("Bearer ")
