"""The first administrator of an empty database, created in the browser of the user that the backend runs as."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from sensu.backend.api.first_administrator import PATH
from sensu.backend.api.same_user import owner_of
from tests.flows.api_harness import RunningApi, running_api
from tests.flows.test_dashboard import build

SESSION = "/auth/session"
NEW = {"username": "ann", "password": "correct horse"}
AS_ANOTHER_USER = """
import encodings.idna, os, sys, urllib.error, urllib.request
os.setuid(65534)
request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "application/json"})
try:
    print(urllib.request.urlopen(request, timeout=20).status)
except urllib.error.HTTPError as refused:
    print(refused.code)
"""
ROWS = """
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 100 1
   1: 0100007F:D431 0100007F:0BB8 01 00000000:00000000 00:00000000 00000000  1000        0 101 1
   2: 0100007F:0BB8 0100007F:D431 01 00000000:00000000 00:00000000 00000000   999        0 102 1
"""
ONE = "00000000000000000000000001000000"
ROWS_6 = f"   0: {ONE}:D431 {ONE}:0BB8 01 00000000:00000000 00:00000000 00000000  1001        0 103 1"


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[RunningApi]:
    """A backend whose database is not initialised."""
    async with running_api(tmp_path, dist=build(tmp_path / "dist"), fresh=False) as api:
        yield api


async def may_initialise(api: RunningApi, **headers: str) -> bool:
    state = json.loads((await api.browse("GET", SESSION, **headers)).body)
    assert state["initialised"] is False
    return bool(state.get("may_initialise", False))


async def test_a_browser_of_the_same_user_creates_the_administrator_once(
    empty: RunningApi, caplog: pytest.LogCaptureFixture
) -> None:
    """The new user can do everything, nobody can create another one in this way, and no log has the password."""
    caplog.set_level(logging.DEBUG)
    assert await may_initialise(empty)
    assert (await empty.browse("POST", PATH, NEW, Origin=empty.web_url)).status == 204
    token = await empty.token("ann", "correct horse")
    assert (await empty.call("GET", "/api/core/v2/users", Authorization=token)).status == 200
    again = await empty.browse("POST", PATH, {**NEW, "username": "eve"}, Origin=empty.web_url)
    assert (again.status, b"initialised already" in again.body) == (409, True)
    state = json.loads((await empty.browse("GET", SESSION)).body)
    assert (state["initialised"], "may_initialise" in state) == (True, False)
    assert NEW["password"] not in caplog.text


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"username": "ann", "password": "short"}, "password length must be at least 8 characters"),
        ({"username": "", "password": "correct horse"}, "username must not be empty"),
        ({"username": "Ann Other", "password": "correct horse"}, "username cannot contain spaces"),
        ({}, "username must not be empty"),
    ],
)
async def test_bad_names_and_passwords_change_nothing(empty: RunningApi, sent: dict[str, str], why: str) -> None:
    """A refused administrator leaves the database empty, and the answer names the field and the rule."""
    refused = await empty.browse("POST", PATH, sent, Origin=empty.web_url)
    assert refused.status == 400
    assert why in json.loads(refused.body)["message"]
    assert await may_initialise(empty)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.7"},
        {"Via": "1.1 proxy"},
        {"Forwarded": "for=192.0.2.7"},
        {"X-Real-IP": "192.0.2.7"},
        {"Host": "sensu.example.com"},
        {"Host": "localhost.example.com:3000"},
    ],
)
async def test_what_a_proxy_passes_on_is_refused(empty: RunningApi, headers: dict[str, str]) -> None:
    """A request through a proxy, or to another name, creates nobody, and the answer says what does."""
    assert not await may_initialise(empty, **headers)
    refused = await empty.browse("POST", PATH, NEW, **headers)
    assert (refused.status, b"sensu-backend init --interactive" in refused.body) == (403, True)
    assert await may_initialise(empty)


async def test_other_sites_and_the_port_of_the_api_are_refused(empty: RunningApi) -> None:
    """A page of another site cannot have a browser create the administrator, also with a header of its own."""
    for headers in ({}, {"Authorization": "Bearer x"}):
        foreign = await empty.browse("POST", PATH, NEW, Origin="https://evil.example", **headers)
        assert foreign.status == 403
    assert (await empty.call("POST", PATH, NEW)).status == 404
    assert await may_initialise(empty)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a program of another user")
async def test_programs_of_other_users_are_refused(empty: RunningApi) -> None:
    """Another user of the host, for example that of a proxy, cannot make itself the administrator."""
    command = [sys.executable, "-I", "-c", AS_ANOTHER_USER, empty.web_url + PATH, json.dumps(NEW)]
    other = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(other.communicate(), 30)
    assert said.strip() == b"403"
    assert await may_initialise(empty)


def test_the_kernel_names_the_owner_of_the_other_end() -> None:
    """The owner is that of the client's own socket, not of the server's, and none where no row has both ports."""
    local = ip_address("127.0.0.1")
    assert owner_of(ROWS.splitlines(), local, 0xD431, 3000) == 1000
    assert owner_of(ROWS.splitlines(), local, 0xD432, 3000) is None
    assert owner_of(ROWS.splitlines(), local, 0xD431, 3001) is None
    assert owner_of(ROWS_6.splitlines(), ip_address("::1"), 0xD431, 3000) == 1001
