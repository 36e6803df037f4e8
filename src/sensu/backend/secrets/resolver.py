"""Looks up the secrets of checks, handlers and mutators when a command needs them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sensu.backend.secrets.cache import SecretCache
from sensu.backend.secrets.provider import NoSecret, SecretProvider, SecretValue, SecretVariable
from sensu.resources.kinds import SECRET, Kind
from sensu.resources.metadata import SecretReference
from sensu.resources.secret import Secret

LOOKUP_S = 10.0
"""Time limit for all secrets of one command. A request to a provider goes on for as long as the provider allows."""

Note = Callable[[str, str, NoSecret | None], None]
"""Hears what was asked of a provider, by its name, and why there was no value (None: there was one)."""


class Records(Protocol):
    """Committed resources in memory."""

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """The resource, or None."""
        ...


class Secrets:
    """Resolves references to secrets."""

    def __init__(
        self,
        records: Records,
        cache: SecretCache,
        providers: Callable[[], Mapping[str, SecretProvider]],
        note: Note = lambda *_: None,
    ) -> None:
        """`providers` returns the providers by their names; `note` hears of every attempt to get a value."""
        self._records, self._cache, self._providers, self._note = records, cache, providers, note

    def refresh(self) -> None:
        """Start the providers that are new."""
        for provider in self._providers().values():
            provider.start()

    async def variables(
        self, namespace: str, references: Sequence[SecretReference] | None
    ) -> list[SecretVariable] | NoSecret:
        """The variables for the environment of a command."""
        if not references:
            return []
        variables: list[SecretVariable] = []
        try:
            async with asyncio.timeout(LOOKUP_S):
                for reference in references:
                    found = await self._value(namespace, reference.secret)
                    if isinstance(found, NoSecret):
                        return found
                    variables.append((reference.name, found.text))
        except TimeoutError:
            return NoSecret(f"the secrets were not found within {LOOKUP_S:g} s")
        return variables

    def close(self) -> None:
        """Forget all values, and end all requests and providers."""
        for provider in self._providers().values():
            provider.close()
        self._cache.close()

    async def _value(self, namespace: str, name: str) -> SecretValue | NoSecret:
        secret: Secret | None = self._records.get(SECRET, namespace, name)
        if secret is None:
            return NoSecret(f"secret {name} does not exist", is_unknown=True)
        found = await self._of_provider(secret)
        why = found if isinstance(found, NoSecret) else None
        failed = None if why is None else NoSecret(f"secret {name}: {why.why}", why.is_missing)
        self._note(secret.provider, f"{namespace}/{name}", failed)
        return failed or found

    async def _of_provider(self, secret: Secret) -> SecretValue | NoSecret:
        provider = self._providers().get(secret.provider)
        if provider is None:
            return NoSecret(f"the provider {secret.provider} does not exist")
        if provider.is_local:
            return await provider.value(secret.id)
        return await self._cache.value(provider, secret.id)
