"""The provider `VaultProvider`: values of a Vault server's key/value engines, version 1 and 2.

The token is renewed for as long as the provider exists; with a client certificate, the backend logs in for a token.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple

from sensu.backend.outgoing import ServerAnswer, ServerOutOfReach, asked, json_of
from sensu.backend.secrets.provider import AT_ONCE, KEPT_MAX_S, NoSecret, SecretProvider, SecretValue, as_value
from sensu.backend.secrets.rate_limit import RateLimit
from sensu.backend.secrets.server_tls import context_of, name_of
from sensu.clock import Clock
from sensu.log import fields
from sensu.resources.secret_providers import VaultProvider
from sensu.rules import vault
from sensu.rules.go_duration import parse_s
from sensu.rules.kinds.vault_provider import url_of

log = logging.getLogger("sensu.secrets")

RETRY_MIN_S, RETRY_MAX_S = 5.0, 300.0
"""The pauses after a token could not be had or renewed; each is twice as long as the last."""
LEASES_MAX = 1_000
"""The maximum number of leases whose credentials are remembered; the oldest is forgotten first."""
ReportFailure = Callable[[NoSecret | None], None]
"""Hears of failures of a provider that no command waits for, and of their end (None)."""


class _Read(NamedTuple):
    """What was read at a path, and until when (monotonic) it may be used."""

    document: Any
    until: float

    def __repr__(self) -> str:
        return "_Read(***)"


class VaultSecrets(SecretProvider):
    """Reads secrets with a token that it keeps valid."""

    def __init__(
        self,
        provider: VaultProvider,
        trusted_ca_file: str,
        clock: Clock,
        report: ReportFailure = lambda _: None,
        roll: Callable[[], float] = random.random,
    ) -> None:
        """`trusted_ca_file` is for a provider without authorities of its own."""
        self.timeout_s = parse_s(provider.client.timeout)
        self._client, self._clock = provider.client, clock
        self._server = _Server(provider, lambda: context_of(provider.client.tls, trusted_ca_file), clock)
        self._report, self._roll = report, roll
        self._logging_in = asyncio.Lock()
        self._token = self._client.token
        self._life = vault.Life()
        self._keeper: asyncio.Task[None] | None = None
        self._failing = False
        self._leases: dict[str, _Read] = {}
        self._readings: dict[str, asyncio.Task[_Read | NoSecret]] = {}

    def start(self) -> None:
        """Keep the token valid, from now on."""
        if self._keeper is None and not self._client.agent_address:
            self._keeper = asyncio.get_running_loop().create_task(self._keep_token(), name="vault token")

    def close(self) -> None:
        """Stop renewing the token."""
        for task in (self._keeper, *self._readings.values()):
            if task is not None:
                task.cancel()
        self._leases.clear()

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        """The value of a field of a secret."""
        place = vault.place_of(secret_id, self._client.version)
        if isinstance(place, str):
            return NoSecret(place, is_missing=True)
        found = await self._shared(place.path)
        if isinstance(found, NoSecret):
            return found
        text = vault.field_in(found.document, self._client.version, place.field)
        if text is None:
            return NoSecret(f"{place.path} has no field {place.field}", is_missing=True)
        left_s = found.until - self._clock.monotonic() if vault.has_lease(found.document) else vault.KEPT_S
        return as_value(text, left_s)

    async def _shared(self, path: str) -> "_Read | NoSecret":
        """What Vault has at a path.

        Each reading of a dynamic secret makes other credentials, so the fields of one lease are taken from one reading.
        """
        leased = self._leases.get(path)
        if leased is not None and self._clock.monotonic() < leased.until:
            return leased
        reading = self._readings.get(path)
        if reading is None:
            reading = self._readings[path] = asyncio.ensure_future(self._read(path))
            reading.add_done_callback(lambda _: self._readings.pop(path, None))
        return await asyncio.shield(reading)

    async def _read(self, path: str) -> "_Read | NoSecret":
        try:
            token = await self._valid_token()
            answer = await self._server.ask("GET", path, token)
            if answer.status == 403 and self._logs_in:
                answer = await self._server.ask("GET", path, await self._valid_token(instead_of=token))
        except ServerOutOfReach as err:
            return NoSecret(str(err))
        document = json_of(answer)
        if answer.status != 200:
            return NoSecret(vault.refusal(answer.status, path), is_missing=answer.status == 404)
        found = _Read(document, self._clock.monotonic() + vault.kept_s(document))
        if vault.has_lease(document):
            self._leases[path] = found._replace(until=min(found.until, self._clock.monotonic() + KEPT_MAX_S))
            found = self._leases[path]
            while len(self._leases) > LEASES_MAX:
                self._leases.pop(next(iter(self._leases)))
        return found

    @property
    def _logs_in(self) -> bool:
        """Whether the token comes from a log-in with the client certificate."""
        return not self._client.token and not self._client.agent_address

    async def _valid_token(self, instead_of: str = "") -> str:
        """The token; one from a new log-in if there is none, or only that one. Raises ServerOutOfReach."""
        async with self._logging_in:
            if self._logs_in and self._token in ("", instead_of):
                answer = await self._server.ask("POST", "auth/cert/login", "", {})
                document = json_of(answer)
                token = vault.token_in(document) if answer.status == 200 else ""
                if not token:
                    raise ServerOutOfReach(
                        f"the log-in with the client certificate was refused with status {answer.status}"
                    )
                self._token, self._life = token, vault.life_in(document)
            return self._token

    async def _keep_token(self) -> None:
        """Look up the life of the token, and renew it or log in again before it ends; never returns."""
        pause_s, is_known = RETRY_MIN_S, False
        while True:
            try:
                async with asyncio.timeout(self.timeout_s):
                    await (self._renew() if is_known else self._look_up())
            except (ServerOutOfReach, TimeoutError) as err:
                self._say(str(err) or f"Vault did not answer within {self.timeout_s:g} s")
                await self._clock.sleep(pause_s)
                pause_s = min(2 * pause_s, RETRY_MAX_S)
                continue
            pause_s, is_known = RETRY_MIN_S, True
            self._say("")
            if self._life.seconds <= 0 or not (self._life.renewable or self._logs_in):
                return
            await self._clock.sleep(vault.renewal_after_s(self._life.seconds, self._roll()))

    async def _look_up(self) -> None:
        if self._logs_in:
            await self._valid_token()
            return
        answer = await self._server.ask("GET", "auth/token/lookup-self", self._token)
        if answer.status == 200:
            self._life = vault.life_in(json_of(answer))
            if self._life.seconds > 0 and not self._life.renewable:
                log.warning("the token of a Vault server cannot be renewed", extra=fields(valid_s=self._life.seconds))
        elif answer.status != 403:  # a policy may not allow it, and reading tells whether the token is valid
            raise ServerOutOfReach(f"looking up the token failed with status {answer.status}")

    async def _renew(self) -> None:
        token = self._token
        if self._life.renewable:
            answer = await self._server.ask("POST", "auth/token/renew-self", token, {})
            if answer.status == 200:
                self._life = vault.life_in(json_of(answer))
                return
            if not self._logs_in:
                raise ServerOutOfReach(f"Vault refused to renew the token, with status {answer.status}; set a new one")
        await self._valid_token(instead_of=token)

    def _say(self, why: str) -> None:
        if why:
            log.error("the token for a Vault server is not kept valid", extra=fields(error=why))
        if why or self._failing:
            self._report(NoSecret(why) if why else None)
        self._failing = bool(why)


class _Server:
    """Asks a Vault server: limited, with further attempts for what may pass, and one redirect of a standby."""

    def __init__(self, provider: VaultProvider, context: Callable[[], ssl.SSLContext], clock: Clock) -> None:
        client = self._client = provider.client
        self._context, self._clock = context, clock
        self._limit, self._turns = RateLimit(client.rate_limiter, clock), asyncio.Semaphore(AT_ONCE)
        self._timeout_s = parse_s(client.timeout)

    async def ask(self, method: str, path: str, token: str, body: Any = None) -> ServerAnswer:
        """The last answer; raises ServerOutOfReach if there was none."""
        attempts = self._client.max_retries + 1
        for attempt in range(attempts):
            is_last, retry_after = attempt == attempts - 1, ""
            try:
                answer = await self._once(method, f"{url_of(self._client).rstrip('/')}/v1/{path}", token, body)
            except ServerOutOfReach:
                if is_last:
                    raise
            else:
                if is_last or not vault.may_pass(answer.status):
                    return answer
                retry_after = answer.headers.get("retry-after", "")
            await self._clock.sleep(vault.pause_s(attempt, retry_after))
        raise AssertionError

    async def _once(self, method: str, url: str, token: str, body: Any) -> ServerAnswer:
        answer = await self._sent(method, url, token, body)
        target = answer.headers.get("location", "")
        if answer.status == 307 and target.startswith("https://"):
            return await self._sent(method, target, token, body)
        return answer

    async def _sent(self, method: str, url: str, token: str, body: Any) -> ServerAnswer:
        headers = {"X-Vault-Request": "true"}
        if token and not self._client.agent_address:
            headers["X-Vault-Token"] = token
        if self._client.namespace:
            headers["X-Vault-Namespace"] = self._client.namespace
        more = name_of(self._client.tls)
        await self._limit.wait()
        async with self._turns:
            return await asked(method, url, self._context, self._timeout_s, headers=headers, json=body, **more)
