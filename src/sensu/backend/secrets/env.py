"""The provider `Env`: the environment of the backend."""

import os
from collections.abc import Mapping

from sensu.backend.own_secrets import is_own
from sensu.backend.secrets.provider import NoSecret, SecretProvider, SecretValue, as_value


class EnvSecrets(SecretProvider):
    """Reads variables; those that are for the backend alone are never values."""

    is_local = True

    def __init__(self, environment: Mapping[str, str] = os.environ, prefix: str = "") -> None:
        """With `prefix`, only variables whose names begin with it are values."""
        self._environment, self._prefix = environment, prefix

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        """The value of a variable."""
        if not secret_id.startswith(self._prefix):
            why = f"the names of variables must begin with {self._prefix} (secrets-env-prefix of the backend)"
            return NoSecret(f"{secret_id} cannot be read: {why}", is_missing=True)
        found = None if is_own(secret_id) else self._environment.get(secret_id)
        if found is None:
            return NoSecret(f"the backend has no variable {secret_id}", is_missing=True)
        return as_value(found)
