"""The provider `env`: the environment of the backend."""

import os
from collections.abc import Mapping

from sensu.backend.own_secrets import is_own
from sensu.backend.secrets.provider import NoSecret, SecretValue


class EnvSecrets:
    """Reads variables; those that are for the backend alone are never values."""

    is_local = True

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        """The value of a variable."""
        found = None if is_own(secret_id) else self._environment.get(secret_id)
        return NoSecret(f"the backend has no variable {secret_id}") if found is None else SecretValue(found)
