"""The backend is killed while clients write through its API: what it confirmed is there, and counted once."""

import asyncio
import base64
import contextlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess

CHECKS = "/api/core/v2/namespaces/default/checks"
PATCH = "application/merge-patch+json"
KILLS, WRITERS, COUNTERS = 2, 3, 2
WRITES_BETWEEN_KILLS = 60


class Clients:
    """Writes resources, and counts in one of them with If-Match, over all kills."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url, self.http = url, http
        self.confirmed: set[str] = set()
        self.counted = 0
        self.wanted = 0
        self.reached = asyncio.Event()

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, str]:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        async with self.http.request(method, self.url + path, json=body, headers=sent) as answer:
            told = await answer.json() if method != "POST" else None
            return answer.status, told, answer.headers.get("Etag", "")

    async def write(self, writer: int) -> None:
        number = 0
        while True:
            number += 1
            name = f"w{writer}-{number}"
            check = {"metadata": {"name": name, "namespace": "default"}, "interval": 5, "command": name}
            with contextlib.suppress(aiohttp.ClientError, OSError):
                if (await self.request("POST", CHECKS, check))[0] == 201:
                    self.confirmed.add(name)
            if len(self.confirmed) >= self.wanted:
                self.reached.set()
            await asyncio.sleep(0)

    async def confirm(self, more: int) -> None:
        """Return when so many more writes were confirmed."""
        self.wanted = len(self.confirmed) + more
        self.reached.clear()
        await self.reached.wait()

    async def count(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                _, check, tag = await self.request("GET", f"{CHECKS}/counter")
                patch = {"interval": check["interval"] + 1}
                path = f"{CHECKS}/counter"
                if (await self.request("PATCH", path, patch, If_Match=tag, Content_Type=PATCH))[0] == 200:
                    self.counted += 1
            await asyncio.sleep(0)


async def logged_in(url: str) -> aiohttp.ClientSession:
    """A session with an access token, which outlives restarts."""
    basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    async with aiohttp.request("GET", f"{url}/auth", headers={"Authorization": basic}) as answer:
        token = (await answer.json())["access_token"]
    return aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"})


@pytest.mark.slow
async def test_confirmed_writes_outlive_kills_and_no_increment_is_lost(tmp_path: Path) -> None:
    """Each resource that was answered 201 exists with its audit entry; each increment that was answered 200 counts."""
    backend = BackendProcess(tmp_path)
    await backend.initialise()
    await backend.start()
    async with await logged_in(backend.api_url) as http:
        clients = Clients(backend.api_url, http)
        counter = {"metadata": {"name": "counter", "namespace": "default"}, "interval": 1}
        assert (await clients.request("POST", CHECKS, counter))[0] == 201
        working = [asyncio.create_task(clients.write(number)) for number in range(WRITERS)]
        working += [asyncio.create_task(clients.count()) for _ in range(COUNTERS)]
        for _ in range(KILLS):
            await clients.confirm(WRITES_BETWEEN_KILLS)
            await backend.kill()
            await backend.start()
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        _, found, _ = await clients.request("GET", CHECKS)
        assert clients.confirmed <= {check["metadata"]["name"] for check in found}
        _, log, _ = await clients.request("GET", "/api/sensu/v1/audit?fieldSelector=audit.action == create")
        assert clients.confirmed <= {entry["name"] for entry in log}
        _, check, _ = await clients.request("GET", f"{CHECKS}/counter")
        assert 0 <= check["interval"] - 1 - clients.counted <= (KILLS + 1) * COUNTERS
    assert await backend.stop() == 0
