"""The values of secrets, looked up when a command needs them and kept nowhere."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sensu.backend.own_secrets import is_own
from sensu.resources.kinds import SECRET, Kind
from sensu.resources.metadata import SecretReference
from sensu.resources.secret import Secret


class Records(Protocol):
    """Committed resources in memory."""

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """The resource, or None."""
        ...


@dataclass(frozen=True, slots=True)
class NoSecret:
    """A secret that is asked for has no value; `why` tells its name, never a value."""

    why: str


class Secrets:
    """Resolves what checks, handlers and mutators ask for; the `Env` provider reads `environment`."""

    def __init__(self, records: Records, environment: Mapping[str, str] = os.environ) -> None:
        self._records, self._environment = records, environment

    def variables(
        self, namespace: str, references: Sequence[SecretReference] | None
    ) -> list[tuple[str, str]] | NoSecret:
        """The variables for a command's environment."""
        found: list[tuple[str, str]] = []
        for reference in references or ():
            secret: Secret | None = self._records.get(SECRET, namespace, reference.secret)
            if secret is None:
                return NoSecret(f"secret {reference.secret} does not exist")
            value = None if is_own(secret.id) else self._environment.get(secret.id)
            if value is None:
                return NoSecret(f"secret {reference.secret}: the backend has no variable {secret.id}")
            found.append((reference.name, value))
        return found
