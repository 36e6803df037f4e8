"""kill -9 of a real backend in the middle of deliveries: mutator, handler and fallback handler end it, once each."""

import asyncio
import base64
import contextlib
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess, NotReady

NAMESPACE = "/api/core/v2/namespaces/default"
DELIVERIES = "/api/sensu/v1/namespaces/default/deliveries"
PATIENCE_S = 60.0
POLL_S = 0.05
EVENTS = 4
STEPS = ("mutating", "before", "after", "failing", "falling-back", "fallen-back")
"""Where the backend is killed: in a mutator, before and after a handler's work, at each failure, in the fallback."""


def kill_once(folder: Path, step: str) -> str:
    """A command that kills the backend the first time it runs."""
    return f"mkdir {folder}/{step} 2>/dev/null && kill -9 $(cat {folder}/pid) && sleep 1;"


def record(folder: Path, name: str) -> str:
    """A command that notes its event under each new delivery id, once."""
    seen = f'"{folder}/seen-{name}-$(printf %s "$SENSU_DELIVERY_ID" | cksum | tr " " -)"'
    number = "$(sed 's/.*number-\\([0-9]*\\).*/\\1/')"
    once = f'mkdir {seen} 2>/dev/null && echo "$n" >> {folder}/{name}.once'
    return f'n="{number}"; echo "$n" >> {folder}/{name}.all; {once}; true'


def resources(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    def named(name: str, **fields: Any) -> dict[str, Any]:
        return {"metadata": {"name": name, "namespace": "default"}, "type": "pipe", "timeout": 30, **fields}

    mutate = f"{kill_once(folder, 'mutating')} cat"
    deliver = f"{kill_once(folder, 'before')} {record(folder, 'page')}; {kill_once(folder, 'after')} true"
    fail = f"cat > /dev/null; {kill_once(folder, 'failing')} exit 1"
    fall_back = f"{kill_once(folder, 'falling-back')} {record(folder, 'mail')}; {kill_once(folder, 'fallen-back')} true"
    return [
        ("mutators", named("copy", command=mutate)),
        ("handlers", named("page", command=deliver, mutator="copy", retry_delay=1)),
        ("handlers", named("broken", command=fail, retry_delay=1, fallback_handler="mail")),
        ("handlers", named("mail", command=fall_back, retry_delay=1)),
    ]


class Api:
    """Requests as the first user, to a backend that may be gone."""

    def __init__(self, backend: BackendProcess) -> None:
        self._backend = backend

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON (None for none); raises aiohttp.ClientError where nobody answers."""
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        url = self._backend.api_url
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/auth", headers={"Authorization": f"Basic {basic}"}) as answer:
                headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
            async with session.request(method, url + path, json=body, headers=headers) as answer:
                return answer.status, await answer.json() if answer.content_length != 0 else None


async def start(backend: BackendProcess) -> None:
    """Start the backend, with its id in a file for the handlers that kill it."""
    (backend.folder / "pid").unlink(missing_ok=True)
    starting = asyncio.create_task(backend.start(["--log-level", "fatal"]))
    while not backend.pid and not starting.done():  # noqa: ASYNC110 - it is there at once
        await asyncio.sleep(0.001)
    (backend.folder / "pid").write_text(str(backend.pid))
    await starting


async def until_all_is_delivered(backend: BackendProcess, api: Api) -> int:
    """Start the backend again whenever it is gone, until nothing is owed; how often that was."""
    deadline, kills = time.monotonic() + PATIENCE_S, 0
    while True:
        assert time.monotonic() < deadline, backend.last_words()
        try:
            status, owed = await api.call("GET", DELIVERIES)
            if status == 200 and not owed:
                return kills
        except (aiohttp.ClientError, ConnectionError):
            await backend.kill()
            kills += 1
            with contextlib.suppress(NotReady):  # killed again as soon as it began
                await start(backend)
        await asyncio.sleep(POLL_S)


async def post_events(backend: BackendProcess, api: Api) -> None:
    """Each event is sent until it is confirmed."""
    entity = {"metadata": {"name": "web1"}, "entity_class": "proxy"}
    for number in range(EVENTS):
        check = {"metadata": {"name": "http"}, "status": 2, "interval": 60, "handlers": ["page", "broken"]}
        event = {
            "id": str(uuid.UUID(int=number)),
            "timestamp": 1000 + number,
            "entity": entity,
            "check": {**check, "output": f"number-{number}", "executed": 1000 + number},
        }
        confirmed = False
        while not confirmed:
            try:
                confirmed = (await api.call("POST", f"{NAMESPACE}/events", event))[0] == 201
            except (aiohttp.ClientError, ConnectionError):
                await until_all_is_delivered(backend, api)
                # Each post is a report of its own, so an event of which only the answer was lost is not sent again.
                confirmed = await is_stored(api, event)


async def is_stored(api: Api, event: dict[str, Any]) -> bool:
    """Whether this is the event that the backend has now."""
    status, stored = await api.call("GET", f"{NAMESPACE}/events/web1/http")
    return status == 200 and stored["check"]["output"] == event["check"]["output"]


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


async def test_a_backend_that_is_killed_in_the_middle_of_deliveries_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Killed at each stage of a delivery, it delivers every confirmed event, and once by the delivery id."""
    backend = BackendProcess(tmp_path)
    api = Api(backend)
    await backend.initialise()
    await start(backend)
    try:
        for path, resource in resources(tmp_path):
            assert (await api.call("POST", f"{NAMESPACE}/{path}", resource))[0] == 201
        await post_events(backend, api)
        await until_all_is_delivered(backend, api)
    finally:
        await backend.stop()
    assert [step for step in STEPS if not (tmp_path / step).is_dir()] == []
    for name in ("page", "mail"):
        once, tried = Counter(lines(tmp_path / f"{name}.once")), Counter(lines(tmp_path / f"{name}.all"))
        assert once == Counter(str(number) for number in range(EVENTS)), name
        assert tried >= once, name
    assert max(Counter(lines(tmp_path / "page.all")).values()) > 1
