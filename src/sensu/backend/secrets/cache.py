"""Values of secrets from providers on other hosts, fetched once at a time and remembered for a while."""

import asyncio
import logging
from collections import OrderedDict
from typing import NamedTuple

from sensu.backend.secrets.provider import KEPT_MAX_S, NoSecret, SecretProvider, SecretValue
from sensu.clock import Clock
from sensu.log import fields

log = logging.getLogger("sensu.secrets")

VALUES_MAX = 1_000
"""Maximum remembered answers; beyond it the answer that was not used for the longest time is forgotten."""
BYTES_MAX = 1024 * 1024
"""Maximum size of all remembered values; beyond it the same are forgotten. A larger value is never remembered."""
FAILURE_KEPT_S = 5.0
"""How long a failure is remembered, so that a provider that is down is not asked by every command."""
CacheKey = tuple[SecretProvider, str]


class _Kept(NamedTuple):
    found: SecretValue | NoSecret
    until: float
    size: int


class SecretCache:
    """Asks each provider for the same value once at a time. An expired value is not used, even if fetching it fails."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[CacheKey, _Kept] = OrderedDict()
        self._size = 0
        self._fetching: dict[CacheKey, asyncio.Task[SecretValue | NoSecret]] = {}

    async def value(self, provider: SecretProvider, secret_id: str) -> SecretValue | NoSecret:
        """The value, remembered or fetched. A caller that stops waiting does not stop the request of others."""
        wanted = (provider, secret_id)
        known = self._kept.get(wanted)
        if known is not None and self._clock.monotonic() < known.until:
            self._kept.move_to_end(wanted)
            return known.found
        fetching = self._fetching.get(wanted)
        if fetching is None:
            fetching = asyncio.ensure_future(self._fetch(wanted))
            self._fetching[wanted] = fetching
        return await asyncio.shield(fetching)

    def forget(self, provider: SecretProvider) -> None:
        """Forget the values of a provider that was edited or deleted, and end it."""
        provider.close()
        for wanted in [wanted for wanted in self._kept if wanted[0] is provider]:
            self._forget(wanted)

    def close(self) -> None:
        """Forget all values and end all requests."""
        for fetching in self._fetching.values():
            fetching.cancel()
        self._kept.clear()
        self._size = 0

    async def _fetch(self, wanted: CacheKey) -> SecretValue | NoSecret:
        provider, secret_id = wanted
        found: SecretValue | NoSecret
        try:
            async with asyncio.timeout(provider.timeout_s):
                found = await provider.value(secret_id)
        except TimeoutError:
            found = NoSecret(f"the provider did not answer within {provider.timeout_s:g} s")
        except Exception as err:
            log.error("a secrets provider failed", extra=fields(id=secret_id, error=type(err).__name__))
            found = NoSecret("the provider failed")
        finally:
            self._fetching.pop(wanted, None)
        self._keep(wanted, found)
        return found

    def _keep(self, wanted: CacheKey, found: SecretValue | NoSecret) -> None:
        self._forget(wanted)
        keep_s, size = FAILURE_KEPT_S, 0
        if isinstance(found, SecretValue):
            keep_s, size = min(found.keep_s, KEPT_MAX_S), len(found.text)
        if keep_s <= 0 or size > BYTES_MAX:
            return
        self._kept[wanted] = _Kept(found, self._clock.monotonic() + keep_s, size)
        self._size += size
        while len(self._kept) > VALUES_MAX or self._size > BYTES_MAX:
            self._forget(next(iter(self._kept)))

    def _forget(self, wanted: CacheKey) -> None:
        kept = self._kept.pop(wanted, None)
        if kept is not None:
            self._size -= kept.size
