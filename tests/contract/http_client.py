"""A client of the backend's API for the players; it knows nothing of our own client library."""

import base64
import json
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp
from yarl import URL

REQUEST_TIMEOUT_S = 30.0
TOKEN_KEPT_S = 120.0


class NoAnswer(Exception):
    """The connection was refused or closed without an answer."""


@dataclass(frozen=True)
class Answer:
    """A status and the body: parsed JSON, a text, or None when there is none."""

    status: int
    body: Any


class ApiClient:
    """Requests to one API, logged in where nothing else is said."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S))
        self._token, self._token_until = "", 0.0

    async def __aenter__(self) -> "ApiClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        """The answer to a request of the logged-in user.

        Raises NoAnswer if the connection ends without one.
        """
        return await self._send(method, path, body, {"Authorization": await self._authorization()})

    async def anonymous(self, method: str, path: str, body: Any = None) -> Answer:
        """The answer to a request without credentials."""
        return await self._send(method, path, body, {})

    async def put_resource(self, resource: dict[str, Any]) -> Answer:
        """The answer to a PUT of a wrapped resource (`type`, `metadata`, `spec`)."""
        return await self.request("PUT", resource_path(resource), resource_body(resource))

    async def _authorization(self) -> str:
        if time.monotonic() > self._token_until:
            answer = await self._send("GET", "/auth", None, {"Authorization": self._basic})
            if answer.status != 200 or not isinstance(answer.body, dict):
                raise NoAnswer(f"log in: GET /auth answered {answer.status}")
            self._token, self._token_until = str(answer.body.get("access_token")), time.monotonic() + TOKEN_KEPT_S
        return f"Bearer {self._token}"

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        url = URL(self._url + path, encoded=True)
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            async with self._session.request(method, url, data=data, headers=headers) as response:
                return Answer(response.status, parsed(await response.text()))
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise NoAnswer(f"{method} {path}: {error or type(error).__name__}") from error


def parsed(text: str) -> Any:
    """The JSON value, the text where it is none, None where it is empty."""
    if text == "":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


# The name of the collection is the type's in lower case with a plural; these are the others.
COLLECTIONS = {
    "APIKey": "apikeys",
    "CheckConfig": "checks",
    "Entity": "entities",
    "EventFilter": "filters",
    "HookConfig": "hooks",
    "Silenced": "silenced",
    "TessenConfig": "tessen",
}
CLUSTER_WIDE = {"APIKey", "ClusterRole", "ClusterRoleBinding", "Namespace", "TessenConfig", "User"}


def resource_path(resource: dict[str, Any]) -> str:
    """Where a wrapped resource lies in the core/v2 API."""
    kind, metadata = resource["type"], resource.get("metadata") or {}
    name = metadata.get("name") or resource.get("spec", {}).get("name") or resource.get("spec", {}).get("username")
    collection = COLLECTIONS.get(kind, kind.lower() + "s")
    scope = "" if kind in CLUSTER_WIDE else f"/namespaces/{metadata.get('namespace', 'default')}"
    return f"/api/core/v2{scope}/{collection}/{name}"


def resource_body(resource: dict[str, Any]) -> dict[str, Any]:
    """A wrapped resource as the core/v2 API wants it: the fields of `spec` beside `metadata`."""
    if resource["type"] in {"Namespace", "User"}:
        return dict(resource["spec"])
    return {**resource["spec"], "metadata": resource.get("metadata", {})}
