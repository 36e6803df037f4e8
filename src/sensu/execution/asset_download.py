"""Downloads asset archives over HTTP and verifies their digest."""

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from sensu.errors import ExecutionError

if TYPE_CHECKING:
    import aiohttp

ARCHIVE_BYTES_MAX = 512 * 1024 * 1024
CHUNK_BYTES = 1 << 20
CONNECT_TIMEOUT_S = 15
READ_TIMEOUT_S = 30
TOTAL_TIMEOUT_S = 600
REDIRECTS_MAX = 10


class Downloader:
    """Fetches archives; the HTTP client is loaded with the first of them."""

    def __init__(self, files: Executor, trusted_ca_file: str = "") -> None:
        self._files, self._trusted_ca_file = files, trusted_ca_file
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close what is open; nothing can be fetched afterwards."""
        if self._session is not None:
            await self._session.close()

    async def fetch(self, url: str, headers: Mapping[str, str], sha512: str, target: Path) -> None:
        """Write the archive at `url` to `target`; raises ExecutionError where it cannot be had or is another one."""
        import aiohttp

        try:
            digest = await self._fetch(url, headers, target)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            why = str(error) or ("timed out" if isinstance(error, TimeoutError) else type(error).__name__)
            raise ExecutionError(f"error fetching asset: {why}") from error
        if not hmac.compare_digest(digest, sha512.lower()):
            raise ExecutionError(f"sha512 of downloaded asset ({digest}) does not match specified sha512 ({sha512})")

    async def _fetch(self, url: str, headers: Mapping[str, str], target: Path) -> str:
        loop, digest = asyncio.get_running_loop(), hashlib.sha512()
        session = self._session or self._open_session()
        async with session.get(url, headers=_repeated(headers), max_redirects=REDIRECTS_MAX) as answer:
            if answer.status != 200:
                raise ExecutionError(f"error fetching asset: Response Code {answer.status}")
            fetched_bytes = 0
            with target.open("wb") as file:

                def keep(chunk: bytes) -> None:
                    digest.update(chunk)
                    file.write(chunk)

                async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                    fetched_bytes += len(chunk)
                    if fetched_bytes > ARCHIVE_BYTES_MAX:
                        raise ExecutionError(f"error fetching asset: larger than {ARCHIVE_BYTES_MAX} bytes")
                    await loop.run_in_executor(self._files, keep, chunk)
        return digest.hexdigest()

    def _open_session(self) -> "aiohttp.ClientSession":
        import aiohttp

        context = ssl.create_default_context()
        if self._trusted_ca_file:
            context.load_verify_locations(self._trusted_ca_file)
        timeout = aiohttp.ClientTimeout(total=TOTAL_TIMEOUT_S, connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=4, ssl=context),
            timeout=timeout,
            trust_env=True,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self._session


def _repeated(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """A header whose value holds commas is sent once for each part. Source: docs, "Assets reference", headers."""
    return [(name, part.strip()) for name, value in headers.items() for part in value.split(",")]
