"""Requests to identity providers: JSON over HTTP, with limits for everything."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sensu.backend.auth.rest import Rest
from sensu.backend.outgoing import ServerOutOfReach, asked
from sensu.clock import Clock
from sensu.errors import SensuError
from sensu.resources.wire import parse_json

REQUEST_S = 10.0
"""The limit for a request, from the look-up of the host to the end of the answer."""
AT_ONCE = 16
"""The maximum number of requests to a provider at a time; further ones wait."""


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """The status and the JSON object of an answer."""

    status: int
    document: Mapping[str, Any]

    @property
    def problem(self) -> str:
        """What a provider says about a refused request, in the fields of OAuth."""
        words = (str(self.document.get(name, "")) for name in ("error", "error_description"))
        return ": ".join(filter(None, words))[:300] or f"status {self.status}"


class ProviderConnection:
    """Asks one provider; redirects are not followed. A provider that is down is not asked by every log-in."""

    def __init__(self, context: Callable[[], ssl.SSLContext], clock: Clock) -> None:
        """`context` makes the TLS context of a request, so that certificates on disk can be replaced."""
        self._context = context
        self._rest, self._why = Rest(clock), ""
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def get(self, url: str, bearer: str = "") -> ProviderAnswer:
        """The answer to a request, with an access token if there is one; raises ServerOutOfReach."""
        return await self._ask("GET", url, headers={"Authorization": f"Bearer {bearer}"} if bearer else {})

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> ProviderAnswer:
        """The answer to a form; raises ServerOutOfReach."""
        return await self._ask("POST", url, data=dict(form), headers=headers)

    async def _ask(self, method: str, url: str, **sent: Any) -> ProviderAnswer:
        sent["headers"] = {"Accept": "application/json", **sent["headers"]}
        async with self._turns:
            if self._rest.lasts:
                raise ServerOutOfReach(f"{self._why} (the last of several attempts)")
            try:
                answer = await asked(method, url, self._context, REQUEST_S, **sent)
                found = _answer(answer.status, answer.body, url)
            except ServerOutOfReach as err:
                self._why = str(err)
                self._rest.failed()
                raise
        self._rest.worked()
        return found


def _answer(status: int, body: bytes, url: str) -> ProviderAnswer:
    """The answer of a provider; one that is overloaded or says something else than JSON cannot be asked now."""
    if status >= 500 or status == 429:
        raise ServerOutOfReach(f"{url} answered with status {status}")
    try:
        document = parse_json(body)
    except SensuError:
        document = None
    if not isinstance(document, dict):
        if status >= 400:
            return ProviderAnswer(status, {})
        raise ServerOutOfReach(f"{url} answered with status {status} and no JSON object")
    return ProviderAnswer(status, document)
