"""What /openapi.json says of the API holds: a program that knows nothing else tries to find where it does not.

`FUZZ_SCHEMA_S` bounds how many seconds the program may try.
"""

import asyncio
import base64
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess

TRIES_S = int(os.environ.get("FUZZ_SCHEMA_S", "15"))
ENDS_WITHIN_S = TRIES_S + 120
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
STREAMING = ("watch", "Last-Event-ID")
"""Parameters that make an answer endless; tests/flows/test_api_watch.py is about them."""


@contextlib.asynccontextmanager
async def backend(folder: Path) -> AsyncIterator[BackendProcess]:
    """A backend that runs until the end of the test."""
    process = BackendProcess(folder)
    await process.initialise()
    await process.start()
    try:
        yield process
    finally:
        await process.stop()


async def key_of_admin(http: aiohttp.ClientSession, url: str) -> str:
    """An API key, which outlives whatever the program does to users' sessions."""
    basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    async with http.get(f"{url}/auth", headers={"Authorization": basic}) as answer:
        token = (await answer.json())["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with http.post(f"{url}/api/core/v2/apikeys", json={"username": USER}, headers=headers) as answer:
        return answer.headers["Location"].rpartition("/")[2]


def without_streams(described: dict[str, Any]) -> dict[str, Any]:
    """The description without the parameters that make endless answers."""
    for methods in described["paths"].values():
        for operation in methods.values():
            operation["parameters"] = [
                one for one in operation.get("parameters", []) if one.get("name") not in STREAMING
            ]
    return described


async def tried(described: Path, url: str, key: str) -> tuple[int, str]:
    """Exit status and report of the program."""
    flags = [
        *("--url", url, "-H", f"Authorization: Key {key}", "--checks", CHECKS, "--phases", "coverage,fuzzing"),
        *("--max-time", str(TRIES_S), "--max-examples", "200", "--request-timeout", "10", "--max-failures", "5"),
        *("--suppress-health-check", "all", "--generation-database", "none", "--warnings", "off", "--no-color"),
    ]
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"), "run", str(described), *flags,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=described.parent,
    )  # fmt: skip
    try:
        async with asyncio.timeout(ENDS_WITHIN_S):
            report, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    return int(process.returncode or 0), report.decode(errors="replace")


@pytest.mark.timeout(ENDS_WITHIN_S + 60)
async def test_schemathesis_finds_nothing_that_contradicts_the_description(tmp_path: Path) -> None:
    """No request leads to a server error, an undescribed status or media type, or a body of another shape."""
    async with backend(tmp_path / "backend") as running, aiohttp.ClientSession() as http:
        async with http.get(f"{running.api_url}/openapi.json") as answer:
            described = without_streams(await answer.json())
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(described))
        found = await tried(file, running.api_url, await key_of_admin(http, running.api_url))
        async with http.get(f"{running.api_url}/health") as answer:
            assert answer.status == 200
        (status, report) = found
    assert status == 0, report[-8000:]
    assert "Selected: " in report
