"""The files of a catalog: in a folder, in an archive, or at a URL.

Files may come from untrusted sources: sizes are bounded, and no name leads out of the folder or the archive.
"""

import os
import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from sensu.client.http_api import HTTPAPI, APIUnreachable, TLSOptions
from sensu.errors import SensuError, system_reason

FILE_BYTES_MAX = 16 * 1024 * 1024
"""A larger file of a catalog is refused."""
ARCHIVE_BYTES_MAX = 64 * 1024 * 1024
UNPACKED_BYTES_MAX = 512 * 1024 * 1024
MEMBERS_MAX = 100_000
FOLDER_ENTRIES_MAX = 10_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_SCHEME = re.compile(r"(?i)https?://")
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz")
INTEGRATIONS = "integrations"
"""The folder of a repository that contains the integrations."""


class CatalogUnavailable(SensuError):
    """A catalog cannot be read; the text names the place and the reason."""


class CatalogFiles(Protocol):
    """The files of a catalog by their paths, `integrations/nginx/nginx-monitoring/README.md`."""

    place: str
    """The name of the place for messages."""

    def read(self, path: str) -> bytes | None:
        """The content of a file, None if it does not exist; raises CatalogUnavailable."""
        ...

    def folders(self, path: str) -> list[str]:
        """The names of the folders in a folder, in order; none if it does not exist or cannot be listed."""
        ...

    def files(self, path: str) -> list[str]:
        """The names of the files in a folder, in order; none if it does not exist or cannot be listed."""
        ...


def open_catalog(
    source: str, *, timeout_s: float = 15.0, trusted_ca_file: str = "", environment: Mapping[str, str] | None = None
) -> CatalogFiles:
    """The files at a URL, in a folder or in a .tar.gz archive; raises CatalogUnavailable."""
    if _SCHEME.match(source):
        api = HTTPAPI(
            source,
            timeout_s=timeout_s,
            tls=TLSOptions(trusted_ca_file),
            agent="sensuctl",
            environment=environment,
            answer_bytes_max=FILE_BYTES_MAX,
        )
        return RemoteFiles(source, api)
    path = Path(source.removeprefix("file://")).expanduser()
    if path.is_dir():
        return FolderFiles(path)
    if path.name.endswith(ARCHIVE_SUFFIXES):
        return ArchiveFiles(path)
    if not path.exists():
        raise CatalogUnavailable(f"{source}: no such file or directory")
    raise CatalogUnavailable(f"{source}: a catalog is a URL, a folder or a {' or '.join(ARCHIVE_SUFFIXES)} archive")


def checked_parts(path: str) -> list[str]:
    """The parts of a path; raises CatalogUnavailable if one could lead out of the catalog."""
    parts = path.split("/")
    if not all(_NAME.fullmatch(part) for part in parts):
        raise CatalogUnavailable(f"{path!r} is not the path of a file of a catalog")
    return parts


class FolderFiles:
    """A folder; links that lead out of it are refused."""

    def __init__(self, folder: Path) -> None:
        self.place = str(folder)
        self._root = Path(os.path.realpath(folder))

    def read(self, path: str) -> bytes | None:
        """The content of a file, None if it does not exist."""
        found = self._within(path)
        try:
            if not found.is_file():
                return None
            with found.open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
        except OSError as err:
            raise CatalogUnavailable(f"{found}: {system_reason(err)}") from err
        return _bounded(content, str(found))

    def folders(self, path: str) -> list[str]:
        """The names of the folders in a folder."""
        return self._entries(path, want_folders=True)

    def files(self, path: str) -> list[str]:
        """The names of the files in a folder."""
        return self._entries(path, want_folders=False)

    def _entries(self, path: str, *, want_folders: bool) -> list[str]:
        found = self._within(path)
        if not found.is_dir():
            return []
        try:
            names = sorted(entry.name for entry in os.scandir(found) if entry.is_dir() == want_folders)
        except OSError as err:
            raise CatalogUnavailable(f"{found}: {system_reason(err)}") from err
        if len(names) > FOLDER_ENTRIES_MAX:
            raise CatalogUnavailable(f"{found}: more than {FOLDER_ENTRIES_MAX} entries")
        return [name for name in names if _NAME.fullmatch(name)]

    def _within(self, path: str) -> Path:
        found = Path(os.path.realpath(self._root.joinpath(*checked_parts(path))))
        if not found.is_relative_to(self._root):
            raise CatalogUnavailable(f"{self._root / path}: a link leads out of the catalog")
        return found


class ArchiveFiles:
    """A .tar.gz archive, whose files are kept in memory; only regular files count, links are ignored.

    A folder that contains all files is left out of their paths, unless it is the one of the integrations.
    """

    def __init__(self, archive: Path) -> None:
        self.place = str(archive)
        found = _unpacked(archive)
        first = {path.partition("/")[0] for path in found}
        if len(first) == 1 and INTEGRATIONS not in first and all("/" in path for path in found):
            found = {path.partition("/")[2]: content for path, content in found.items()}
        self._files = found

    def read(self, path: str) -> bytes | None:
        """The content of a file, None if it does not exist."""
        return self._files.get("/".join(checked_parts(path)))

    def folders(self, path: str) -> list[str]:
        """The names of the folders in a folder."""
        return sorted({name for name, _, rest in self._below(path) if rest})

    def files(self, path: str) -> list[str]:
        """The names of the files in a folder."""
        return sorted({name for name, sign, _ in self._below(path) if not sign})

    def _below(self, path: str) -> list[tuple[str, str, str]]:
        prefix = "/".join(checked_parts(path)) + "/"
        return [one.removeprefix(prefix).partition("/") for one in self._files if one.startswith(prefix)]


def _unpacked(archive: Path) -> dict[str, bytes]:
    """The regular files of an archive whose paths are those of a catalog."""
    found: dict[str, bytes] = {}
    unpacked_bytes = 0
    try:
        if archive.stat().st_size > ARCHIVE_BYTES_MAX:
            raise CatalogUnavailable(f"{archive}: larger than {ARCHIVE_BYTES_MAX} bytes")
        with tarfile.open(archive, "r:gz") as tar:
            for number, member in enumerate(tar):
                unpacked_bytes += max(member.size, 0)
                if number >= MEMBERS_MAX or unpacked_bytes > UNPACKED_BYTES_MAX:
                    raise CatalogUnavailable(
                        f"{archive}: more than {MEMBERS_MAX} files or {UNPACKED_BYTES_MAX} bytes when unpacked"
                    )
                path = member.name.removeprefix("./")
                if not member.isfile() or not all(_NAME.fullmatch(part) for part in path.split("/")):
                    continue
                if member.size > FILE_BYTES_MAX:
                    raise CatalogUnavailable(f"{archive}: {path} is larger than {FILE_BYTES_MAX} bytes")
                content = tar.extractfile(member)
                if content is not None:
                    found[path] = content.read(FILE_BYTES_MAX)
    except (OSError, EOFError, tarfile.TarError, ValueError, zlib.error) as err:
        raise CatalogUnavailable(f"{archive}: not a .tar.gz archive: {system_reason(err)}") from err
    return found


class RemoteFiles:
    """A web server; its folders cannot be listed."""

    def __init__(self, url: str, api: HTTPAPI) -> None:
        self.place = url.rstrip("/")
        self._api = api

    def read(self, path: str) -> bytes | None:
        """The content of a file, None if the server has none."""
        url = f"{self.place}/{'/'.join(checked_parts(path)).replace('+', '%2B')}"
        try:
            answer = self._api.request("GET", url)
        except APIUnreachable as err:
            raise CatalogUnavailable(str(err)) from err
        if answer.status in (403, 404, 410):  # a bucket without a right to list answers 403 for what does not exist
            return None
        if answer.status != 200:
            raise CatalogUnavailable(f"{url} answered with status {answer.status}")
        return answer.body

    def folders(self, path: str) -> list[str]:
        """None."""
        return []

    def files(self, path: str) -> list[str]:
        """None."""
        return []


def _bounded(content: bytes, place: str) -> bytes:
    if len(content) > FILE_BYTES_MAX:
        raise CatalogUnavailable(f"{place}: larger than {FILE_BYTES_MAX} bytes")
    return content
