"""Downloads asset archives over HTTP and verifies their digests.

An interrupted download is resumed, if the server supports it, after a random, growing wait. If the server answers with
a client error or another archive, the download is not tried again.
"""

import asyncio
import hashlib
import hmac
import logging
import random
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sensu.clock import Clock, SystemClock
from sensu.errors import ExecutionError
from sensu.log import fields
from sensu.resources.asset import AssetBuild
from sensu.tls import client_context, file_problem

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger("sensu.assets")

ARCHIVE_BYTES_MAX = 512 * 1024 * 1024
CHUNK_BYTES = 1 << 20
REDIRECTS_MAX = 10
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """The limits of one download: `read_s` is how long the server may stall, `wait_s` the first wait, which doubles."""

    connect_s: float = 15
    read_s: float = 30
    total_s: float = 600
    attempts_max: int = 4
    wait_s: float = 1.0


class _BrokenOff(Exception):
    """An attempt failed and may succeed later; the text is the reason."""


@dataclass(slots=True)
class _Part:
    """The part of an archive that has been downloaded."""

    target: Path
    digest: Any = field(default_factory=hashlib.sha512)
    fetched_bytes: int = 0
    version: str = ""
    """A strong validator of the content (ETag), if the server sends one."""

    def restart(self) -> None:
        self.digest, self.fetched_bytes = hashlib.sha512(), 0
        try:
            self.target.write_bytes(b"")
        except OSError as error:
            raise _unwritable(error) from error

    def keep(self, chunk: bytes) -> None:
        """Blocks."""
        try:
            with self.target.open("ab") as file:
                file.write(chunk)
        except OSError as error:
            raise _unwritable(error) from error
        self.digest.update(chunk)
        self.fetched_bytes += len(chunk)


def _unwritable(error: OSError) -> ExecutionError:
    return ExecutionError(f"error fetching asset: {(error.strerror or str(error)).lower()}")


class Downloader:
    """Downloads archives; the HTTP client is imported at first use. `received` is called with each piece's size."""

    def __init__(
        self,
        files: Executor,
        trusted_ca_file: str = "",
        limits: DownloadLimits | None = None,
        clock: Clock | None = None,
        received: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._received = received
        self._files, self._trusted_ca_file = files, trusted_ca_file
        self._limits, self._clock = limits or DownloadLimits(), clock or SystemClock()
        self._session: aiohttp.ClientSession | None = None
        self._context: ssl.SSLContext | None = None

    async def close(self) -> None:
        """Close the HTTP client; downloads fail afterwards."""
        if self._session is not None:
            await self._session.close()

    async def fetch(self, name: str, build: AssetBuild, target: Path) -> None:
        """Download the archive of a build of an asset to `target`.

        Raises ExecutionError if the download fails or the digest differs.
        """
        part = _Part(target)
        try:
            async with asyncio.timeout(self._limits.total_s):
                await self._fetch_whole(name, build, part)
        except (TimeoutError, ValueError) as error:
            why = str(error) or f"not done after {self._limits.total_s:g} seconds"
            raise ExecutionError(f"error fetching asset: {why}") from error

    async def _fetch_whole(self, name: str, build: AssetBuild, part: _Part) -> None:
        if not build.url.startswith(("http://", "https://")):
            scheme = urlsplit(build.url).scheme
            raise ExecutionError(
                f'error fetching asset: Get "{shown(build.url)}": unsupported protocol scheme "{scheme}"'
            )
        attempt = 0
        while True:
            resumed = part.fetched_bytes > 0
            try:
                await self._attempt(build.url, build.headers or {}, part)
                digest = part.digest.hexdigest()
                if hmac.compare_digest(digest, build.sha512.lower()):
                    return
                why = (
                    f'could not validate downloaded asset "{name}" ({size_text(part.fetched_bytes)}): '
                    f"sha512 of downloaded asset ({digest}) "
                    f"does not match specified sha512 in asset definition ({build.sha512})"
                )
                if not resumed:
                    raise ExecutionError(why)
                part.restart()  # the pieces may come from different archives
            except _BrokenOff as error:
                why = f"error fetching asset: {error}"
            attempt += 1
            if attempt >= self._limits.attempts_max:
                raise ExecutionError(why)
            wait_s = self._limits.wait_s * 2 ** (attempt - 1) * (0.5 + random.random())
            log.warning("retrying asset download", extra=fields(error=why, wait_s=round(wait_s, 1)))
            await self._clock.sleep(wait_s)

    async def _attempt(self, url: str, headers: Mapping[str, str], part: _Part) -> None:
        """Download the missing part; raises _BrokenOff, or ExecutionError if another attempt would be useless."""
        import aiohttp  # noqa: PLC0415 - only downloads need it

        from sensu.execution.download_failure import failure  # noqa: PLC0415 - only downloads need it

        session = self._session or self._open_session()
        asked = [*_repeated(headers), *_resume(part)]
        try:
            async with session.get(url, headers=asked, max_redirects=REDIRECTS_MAX) as answer:
                self._judge(answer, part)
                await self._take(answer, part)
        except (aiohttp.InvalidURL, aiohttp.TooManyRedirects) as error:
            raise ExecutionError(f"error fetching asset: {error or type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(self._files, failure, error, url, self._trust())
            if found.may_pass:
                raise _BrokenOff(f'Get "{shown(url)}": {found.why}') from error
            raise ExecutionError(f'error fetching asset: Get "{shown(url)}": {found.why}') from error

    def _judge(self, answer: "aiohttp.ClientResponse", part: _Part) -> None:
        """The offset at which the content continues; raises if the answer is not the archive."""
        if answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {part.fetched_bytes}-"):
            return
        if answer.status in (206, 416) and part.fetched_bytes:
            part.restart()
            raise _BrokenOff(f"Response Code {answer.status}")
        if answer.status in _TRY_AGAIN:
            raise _BrokenOff(f"Response Code {answer.status}")
        if answer.status != 200:
            raise ExecutionError(f"error fetching asset: Response Code {answer.status}")
        part.restart()
        tag = answer.headers.get("ETag", "")
        part.version = tag if tag.startswith('"') else ""

    async def _take(self, answer: "aiohttp.ClientResponse", part: _Part) -> None:
        loop = asyncio.get_running_loop()
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            if part.fetched_bytes + len(chunk) > ARCHIVE_BYTES_MAX:
                raise ExecutionError(f"error fetching asset: larger than {ARCHIVE_BYTES_MAX} bytes")
            await loop.run_in_executor(self._files, part.keep, chunk)
            self._received(len(chunk))

    def _open_session(self) -> "aiohttp.ClientSession":
        import aiohttp  # noqa: PLC0415 - only downloads need it

        timeout = aiohttp.ClientTimeout(total=None, connect=self._limits.connect_s, sock_read=self._limits.read_s)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=4, ssl=self._trust()),
            timeout=timeout,
            trust_env=True,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self._session

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            try:
                self._context = client_context(self._trusted_ca_file)
            except OSError as error:
                why = f"--trusted-ca-file {self._trusted_ca_file}: {file_problem(error)}"
                raise ExecutionError(f"error fetching asset: {why}") from error
        return self._context


def shown(url: str) -> str:
    """A URL without its parts that may be secret."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def size_text(size_bytes: int) -> str:
    """A human-readable size: `149 B`, `1.2 kB`, `45 MB`."""
    value, unit = float(size_bytes), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.1f} {unit}" if unit != "B" and value < 10 else f"{value:.0f} {unit}"


def _resume(part: _Part) -> list[tuple[str, str]]:
    """The headers that request the rest; the digest shows later whether the pieces belong together."""
    if not part.fetched_bytes:
        return []
    asked = [("Range", f"bytes={part.fetched_bytes}-")]
    return [*asked, ("If-Range", part.version)] if part.version else asked


def _repeated(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """A header whose value contains commas is sent once for each part. Source: docs, "Assets reference", headers."""
    return [(name, part.strip()) for name, value in headers.items() for part in value.split(",")]
