"""The provider `FileProvider`: a directory with a file for each value, as Kubernetes and systemd mount credentials.

Files are read at each use, so that a rotated value counts at once.
"""

import asyncio
import errno
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from sensu.backend.secrets.provider import NoSecret, SecretProvider, SecretValue, as_value
from sensu.resources.secret_providers import FileProvider
from sensu.rules.secret_files import STEPS_MAX, is_plain_path, is_within

FILE_BYTES_MAX = 64 * 1024
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Where systemd mounts the credentials of a service (`LoadCredential=`)."""


class FileSecrets(SecretProvider):
    """Reads files below a directory that the backend's option `secrets-directories` allows."""

    is_local = True

    def __init__(
        self, provider: FileProvider, allowed: Sequence[str], environment: Mapping[str, str] = os.environ
    ) -> None:
        self._allowed = () if not provider.directory else tuple(allowed)
        self._is_credentials = not provider.directory
        self._directory = provider.directory or environment.get(CREDENTIALS_VARIABLE, "")

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        """The content of a file, without the last line break."""
        return await asyncio.to_thread(self._read, secret_id)

    def _read(self, secret_id: str) -> SecretValue | NoSecret:
        if not self._directory:
            return NoSecret(
                f"the provider has no directory, and systemd gives the backend no credentials ({CREDENTIALS_VARIABLE})"
            )
        root = os.path.realpath(self._directory)
        if not self._is_credentials and not is_within(root, map(os.path.realpath, self._allowed)):
            return NoSecret(f"{self._directory} is not below a directory of the backend's option secrets-directories")
        if not is_plain_path(secret_id):
            why = f"an id is a path of at most {STEPS_MAX} names of letters, digits, dots, underscores and hyphens"
            return NoSecret(f"{secret_id} cannot be read: {why}", is_missing=True)
        path = os.path.realpath(Path(root, secret_id))
        if not is_within(path, (root,)):
            return NoSecret(f"{secret_id} is a link that leads out of the directory", is_missing=True)
        return _content(path, secret_id)


def _content(path: str, secret_id: str) -> SecretValue | NoSecret:
    """The text of a file; the last step of the path is no link."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as err:
        is_missing = err.errno in (errno.ENOENT, errno.ENOTDIR)
        return NoSecret(f"{secret_id} cannot be read: {(err.strerror or str(err)).lower()}", is_missing)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            return NoSecret(f"{secret_id} is not a file", is_missing=True)
        with os.fdopen(opened, "rb", closefd=False) as file:
            data = file.read(FILE_BYTES_MAX + 1)
    finally:
        os.close(opened)
    if len(data) > FILE_BYTES_MAX:
        return NoSecret(f"{secret_id} is larger than {FILE_BYTES_MAX} bytes", is_missing=True)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return NoSecret(f"{secret_id} is not text in UTF-8", is_missing=True)
    return as_value(text.removesuffix("\n").removesuffix("\r"))
