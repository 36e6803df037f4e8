"""Log-ins at a real OpenID provider, as a browser does them, and what tests look at afterwards."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin

import aiohttp

from tests.flows.api_harness import RunningApi
from tests.real.oidc_provider import CLIENT, SECRET, IdentityProvider

ROOT = "/api/enterprise/authentication/v2"
CALLBACK = "http://localhost:8000/callback"
_FORM = re.compile(r'action="([^"]+)"')
_PROMPT = re.compile(r'name="prompt" value="([^"]+)"')


class Browser:
    """A browser that follows redirects to the program that waits, and fills in the provider's forms."""

    def __init__(self, session: aiohttp.ClientSession, username: str) -> None:
        self.session = session
        self._username = username
        self.visited: list[str] = []

    async def visit(self, url: str, stop: str = CALLBACK) -> tuple[int, str, str]:
        """The status, the text and the URL of the page where the browser stays; `stop` is not opened."""
        form: dict[str, str] | None = None
        for _ in range(20):
            if url.startswith(stop):
                return 0, "", url
            self.visited.append(url)
            async with self.session.request(
                "GET" if form is None else "POST", url, data=form, allow_redirects=False
            ) as answer:
                text, status, where = await answer.text(), answer.status, answer.headers.get("Location")
            if where is not None:
                url, form = urljoin(url, where), None
            elif (action := _FORM.search(text)) is not None and (prompt := _PROMPT.search(text)) is not None:
                url = action[1]
                form = {"prompt": prompt[1], "login": self._username, "password": "any"}
            else:
                return status, text, url
        raise AssertionError(self.visited)


@asynccontextmanager
async def browser(username: str = "alice") -> AsyncIterator[Browser]:
    """A browser without cookies."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(session, username)


def provider(idp: IdentityProvider, name: str = "idp", **spec: Any) -> dict[str, Any]:
    """The resource of the identity provider."""
    usual = {
        "server": idp.url,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "additional_scopes": ["groups", "email"],
        "username_claim": "sub",
        "groups_claim": "groups",
        "username_prefix": "idp",
        "groups_prefix": "idp",
    }
    metadata = {"name": name}
    return {"type": "oidc", "api_version": "authentication/v2", "metadata": metadata, "spec": {**usual, **spec}}


async def configure(api: RunningApi, admin: str, idp: IdentityProvider, name: str = "idp", **spec: Any) -> None:
    """A provider of the identity provider's users."""
    body = provider(idp, name, **spec)
    answer = await api.call("PUT", f"{ROOT}/authproviders/{name}", body, Authorization=admin)
    assert answer.status == 201, answer.body


async def refusals(api: RunningApi, admin: str) -> list[str]:
    entries = json.loads((await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body)
    return [one["reason"] for one in entries if one["action"] == "login refused"]
