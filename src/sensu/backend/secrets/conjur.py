"""The provider `CyberArkProvider`: values of a CyberArk Conjur server.

Source: CyberArk, "Conjur REST API" (authenticate, retrieve a secret).
"""

import asyncio
import base64
from functools import partial
from typing import Any
from urllib.parse import quote

from sensu.backend.outgoing import ServerAnswer, ServerOutOfReach, asked
from sensu.backend.secrets.provider import AT_ONCE, NoSecret, SecretProvider, SecretValue, as_value
from sensu.backend.secrets.server_tls import context_of, name_of
from sensu.clock import Clock
from sensu.resources.secret_providers import CyberArkProvider
from sensu.rules.go_duration import parse_s

TOKEN_USED_S = 300.0
"""How long a token is used; it is valid for 8 minutes."""
_ACCEPTED = "application/json"


class ConjurSecrets(SecretProvider):
    """Reads variables with a token that it gets for the API key."""

    def __init__(self, provider: CyberArkProvider, trusted_ca_file: str, clock: Clock) -> None:
        client = self._client = provider.client
        self.timeout_s, self._keep_s, self._clock = parse_s(client.timeout), parse_s(client.ttl), clock
        self._context = partial(context_of, client.tls, trusted_ca_file)
        self._turns, self._logging_in = asyncio.Semaphore(AT_ONCE), asyncio.Lock()
        self._token, self._used_until = "", 0.0

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        """The value of a variable."""
        path = f"secrets/{quote(self._client.account, safe='')}/variable/{quote(secret_id, safe='')}"
        try:
            token = await self._valid_token()
            answer = await self._read(path, token)
            if answer.status == 401:
                answer = await self._read(path, await self._valid_token(instead_of=token))
        except ServerOutOfReach as err:
            return NoSecret(str(err))
        if answer.status != 200:
            return _refusal(answer.status, secret_id)
        try:
            return as_value(answer.body.decode(), self._keep_s)
        except UnicodeDecodeError:
            return NoSecret(f"{secret_id} is not text in UTF-8", is_missing=True)

    async def _valid_token(self, instead_of: str = "") -> str:
        """The token; a new one if there is none, only that one, or one that ends soon. Raises ServerOutOfReach."""
        async with self._logging_in:
            if self._token in ("", instead_of) or self._clock.monotonic() >= self._used_until:
                client = self._client
                path = f"authn/{quote(client.account, safe='')}/{quote(client.login, safe='')}/authenticate"
                answer = await self._ask("POST", path, {"Accept": _ACCEPTED}, data=client.api_key.encode())
                if answer.status != 200:
                    raise ServerOutOfReach(f"the log-in of {client.login} was refused with status {answer.status}")
                self._token = base64.b64encode(answer.body).decode()
                self._used_until = self._clock.monotonic() + TOKEN_USED_S
            return self._token

    async def _read(self, path: str, token: str) -> ServerAnswer:
        return await self._ask("GET", path, {"Authorization": f'Token token="{token}"'})

    async def _ask(self, method: str, path: str, headers: dict[str, str], **sent: Any) -> ServerAnswer:
        url = f"{self._client.appliance_url.rstrip('/')}/{path}"
        more = {**name_of(self._client.tls), **sent}
        async with self._turns:
            return await asked(method, url, self._context, self.timeout_s, headers=headers, **more)


def _refusal(status: int, secret_id: str) -> NoSecret:
    if status == 404:
        return NoSecret(f"{secret_id} does not exist, or has no value", is_missing=True)
    if status == 403:
        return NoSecret(f"permission denied for {secret_id}: its policy does not permit the log-in to execute it")
    return NoSecret(f"Conjur answered with status {status} for {secret_id}")
