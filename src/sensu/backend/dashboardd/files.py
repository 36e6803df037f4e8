"""The files of the web UI, read into memory once: no request reaches the file system."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sensu.errors import SensuError

DIST = Path(__file__).parents[2] / "web" / "dist"
"""The folder that the build of the web UI writes."""
PAGE = "index.html"
ASSETS = "/assets/"
"""The folder of files with a hash in their names, which never change."""
FILES_MAX = 2_000
FILES_BYTES_MAX = 64 * 1024 * 1024
"""The maximum number of files and of bytes in a build; a larger one is not served."""

_PACKINGS = {".br": "br", ".gz": "gzip"}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_OTHER_TYPE = "application/octet-stream"
_ASSET_OF_PAGE = re.compile(rb"(?:src|href)=[\"']?(/assets/[^\"'\s>]+)")


class UnusableBuild(SensuError):
    """The build of the web UI cannot be served; the text says why."""


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file: its bytes as they are, and packed by the name of their content coding."""

    media_type: str
    body: bytes
    packed: Mapping[str, bytes] = field(default_factory=dict)
    etag: str = ""


@dataclass(frozen=True, slots=True)
class WebFiles:
    """A build: the page, and the other files by their paths in URLs."""

    page: WebFile
    others: Mapping[str, WebFile]


def read_files(folder: Path) -> WebFiles | None:
    """The build in a folder; None if it is missing or incomplete. Raises UnusableBuild.

    A build is complete when its page and all assets that the page names exist.
    """
    try:
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        _check(paths)
        content = {f"/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}
    except OSError as err:
        if isinstance(err, FileNotFoundError):
            return None
        raise UnusableBuild(f"the web UI in {folder} cannot be read: {err.strerror}") from err
    page = content.pop(f"/{PAGE}", None)
    if page is None or any(name.decode("latin-1") not in content for name in _ASSET_OF_PAGE.findall(page)):
        return None
    packed = {name: _packed(name, content) for name in (f"/{PAGE}", *content)}
    others = {
        name: _file(name, body, packed[name])
        for name, body in content.items()
        if not (Path(name).suffix in _PACKINGS and (name[:-3] in content or name[:-3] == f"/{PAGE}"))
    }
    return WebFiles(_file(f"/{PAGE}", page, packed[f"/{PAGE}"]), others)


def _check(paths: list[Path]) -> None:
    if len(paths) > FILES_MAX:
        raise UnusableBuild(f"the web UI has {len(paths)} files; at most {FILES_MAX} are served")
    size = sum(path.stat().st_size for path in paths)
    if size > FILES_BYTES_MAX:
        raise UnusableBuild(f"the web UI has {size} bytes; at most {FILES_BYTES_MAX} are served")


def _packed(name: str, content: Mapping[str, bytes]) -> dict[str, bytes]:
    """The packed forms of a file, those that browsers prefer first."""
    return {coding: content[name + suffix] for suffix, coding in _PACKINGS.items() if name + suffix in content}


def _file(name: str, body: bytes, packed: Mapping[str, bytes]) -> WebFile:
    return WebFile(_TYPES.get(Path(name).suffix, _OTHER_TYPE), body, packed, f'W/"{sha256(body).hexdigest()[:32]}"')
