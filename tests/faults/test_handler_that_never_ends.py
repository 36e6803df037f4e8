"""A backend whose handler never ends: it stays small, says so, and goes on when the deliveries are gone."""

import base64
import re
from pathlib import Path
from typing import Any

import aiohttp

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess

OWED_MAX = 40
QUEUED_MAX = 1256
"""What may wait in eventd when the gate closes."""
NAMESPACE = "/api/core/v2/namespaces/default"
DELIVERIES = "/api/sensu/v1/namespaces/default/deliveries"


class Api:
    """Requests as the first user."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url, self._session = url, session
        self._headers: dict[str, str] = {}

    async def log_in(self) -> None:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        async with self._session.get(f"{self._url}/auth", headers={"Authorization": f"Basic {basic}"}) as answer:
            self._headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any, Any]:
        """Status, headers and JSON (or text) of an answer."""
        async with self._session.request(method, self._url + path, json=body, headers=self._headers) as answer:
            is_json = answer.content_type == "application/json" and answer.content_length != 0
            return (
                answer.status,
                answer.headers,
                await (answer.json() if is_json and answer.status != 204 else answer.text()),
            )


def event(number: int, *handlers: str) -> dict[str, Any]:
    check = {
        "metadata": {"name": f"c{number}"},
        "status": 2,
        "interval": 60,
        "handlers": handlers,
        "output": "x" * 2000,
    }
    return {"entity": {"metadata": {"name": "web1"}, "entity_class": "proxy"}, "check": check}


async def gauge(api: Api, name: str) -> float:
    _, _, text = await api.call("GET", "/metrics")
    found = re.search(rf"^sensu_go_{name} (\S+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


async def is_slowed_down(api: Api) -> None:
    await api.log_in()
    handler = {
        "metadata": {"name": "hang", "namespace": "default"},
        "type": "pipe",
        "command": "sleep 3600",
        "timeout": 3600,
    }
    assert (await api.call("POST", f"{NAMESPACE}/handlers", handler))[0] == 201
    statuses = []
    while 503 not in statuses:
        assert len(statuses) <= OWED_MAX + QUEUED_MAX
        status, headers, _ = await api.call("POST", f"{NAMESPACE}/events", event(len(statuses), "hang"))
        statuses.append(status)
    assert int(headers["Retry-After"]) >= 1
    assert set(statuses) == {201, 503}
    assert (await api.call("POST", f"{NAMESPACE}/events", event(9999)))[0] == 201
    assert await gauge(api, "events_held_back") == 1
    assert OWED_MAX <= await gauge(api, "deliveries_owed") <= OWED_MAX + QUEUED_MAX
    assert await gauge(api, "deliveries_owed_bytes") > OWED_MAX * 2000
    _, _, owed = await api.call("GET", f"{DELIVERIES}?state=owed")
    assert [each["entity"] for each in owed] == ["web1"] * len(owed)
    for each in owed:
        assert (await api.call("DELETE", f"{DELIVERIES}/{each['id']}"))[0] == 204
    assert (await api.call("DELETE", f"{DELIVERIES}/{owed[0]['id']}"))[0] == 404
    assert (await api.call("POST", f"{DELIVERIES}/{owed[0]['id']}/retry"))[0] == 404
    assert (await api.call("POST", f"{NAMESPACE}/events", event(10_000, "hang")))[0] == 201
    _, _, explanation = await api.call("GET", f"{NAMESPACE}/events/web1/c10000/explain")
    assert explanation["workflows"][0]["handler"] == "hang"


async def test_a_handler_that_never_ends_slows_intake_down(tmp_path: Path) -> None:
    """Posts get 503 with Retry-After at the bound, other events are stored, and discarding makes room."""
    backend = BackendProcess(tmp_path)
    await backend.initialise()
    await backend.start(["--deliveries-owed-max", str(OWED_MAX), "--log-level", "error"])
    try:
        async with aiohttp.ClientSession() as session:
            await is_slowed_down(Api(backend.api_url, session))
    finally:
        await backend.stop()
