"""Assets: selects the build for this host, downloads it once, and provides the environment variables of commands.

The cache has one folder per archive, named by its SHA-512. A folder gets this name only when it is complete.
Source: docs, "Assets reference"; recorded scenario agent-exec, cases asset*.
"""

import asyncio
import contextlib
import functools
import logging
import math
import os
import re
import secrets
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sensu.clock import Clock, SystemClock
from sensu.errors import ExecutionError, InvalidResource
from sensu.execution.asset_archive import unpack
from sensu.execution.asset_cleanup import IN_USE_S, CacheBounds, cached_assets, to_remove
from sensu.execution.asset_download import Downloader, DownloadLimits, shown
from sensu.log import fields
from sensu.resources.asset import Asset, AssetBuild
from sensu.resources.entity import Entity
from sensu.resources.metadata import ObjectMeta
from sensu.rules.asset_variables import path_variable
from sensu.token_bucket import TokenBucket

log = logging.getLogger("sensu.assets")

DEFAULT_RATE_PER_S = 1.39
DEFAULT_BURST = 100
FETCHES_MAX = 4
"""How many assets are downloaded at the same time."""
USE_NOTED_S = 60.0
"""The minimum time between two records of an asset's use on disk."""
USES_REMEMBERED_MAX = 10_000

_DIGEST = re.compile(r"[0-9a-fA-F]{128}")
_TEMPORARY = ".unfinished-"

FETCH, EXPAND = "fetch", "expand"
"""The stages of adding an asset to the cache."""

AssetVariables = list[tuple[str, str]]
Observe = Callable[[str, ObjectMeta, bool, float], None]
"""Called after each stage with the stage, the asset, whether it succeeded, and its duration in seconds."""
Holds = Callable[[str, Mapping[str, Any]], Awaitable[bool]]
"""Whether a filter expression is true for an entity in the shape of JSON; raises ExecutionError or InvalidResource."""


class _Fetch(NamedTuple):
    """The key of a download: assets may get the same archive from other URLs, or with other headers."""

    digest: str
    url: str
    headers: tuple[tuple[str, str], ...]


class AssetCache:
    """Selects, downloads and caches assets."""

    def __init__(
        self,
        folder: str | Path,
        files: Executor,
        holds: Holds,
        *,
        rate_per_s: float = DEFAULT_RATE_PER_S,
        burst: int = DEFAULT_BURST,
        trusted_ca_file: str = "",
        bounds: CacheBounds | None = None,
        limits: DownloadLimits | None = None,
        clock: Clock | None = None,
        received: Callable[[int], None] = lambda _: None,
        observe: Observe = lambda *_: None,
    ) -> None:
        """`files` runs blocking calls; downloads beyond `burst` and `rate_per_s` are rejected."""
        self._clock = clock or SystemClock()
        self._bounds = bounds or CacheBounds()
        self._used_at: dict[str, float] = {}
        self._folder, self._files, self._holds = Path(folder).absolute(), files, holds
        self._observe = observe
        self._downloader = Downloader(files, trusted_ca_file, limits, self._clock, received)
        self._allowance = TokenBucket(rate_per_s, burst, self._clock)
        self._fetching: dict[_Fetch, asyncio.Task[Path]] = {}
        self._slots = asyncio.Semaphore(FETCHES_MAX)
        self._swept = False

    async def close(self) -> None:
        """Cancel all downloads."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._downloader.close()

    async def environment(self, assets: Sequence[Asset], entity: Entity) -> AssetVariables:
        """The variables of the assets that match this host; raises ExecutionError if one fails."""
        return variables(await self.paths(assets, entity))

    async def paths(self, assets: Sequence[Asset], entity: Entity) -> list[tuple[str, Path]]:
        """The name and folder of each asset that matches this host, downloaded if necessary; raises ExecutionError."""
        found = []
        for asset in assets:
            build = await self.build_for(asset, entity)
            if build is None:
                log.debug("asset does not match this host", extra=fields(asset=asset.metadata.name))
                continue
            found.append((asset.metadata.name, await self._path(asset.metadata, build)))
        return found

    async def build_for(self, asset: Asset, entity: Entity) -> AssetBuild | None:
        """The first build whose filters are all true for the entity; raises ExecutionError if a filter fails."""
        own = AssetBuild(url=asset.url, sha512=asset.sha512, filters=asset.filters, headers=asset.headers)
        shape: dict[str, Any] | None = None
        for build in asset.builds or (own,):
            if build.filters and shape is None:
                shape = msgspec.to_builtins(entity)
            try:
                for expression in build.filters or ():
                    if not await self._holds(expression, shape or {}):
                        break
                else:
                    return build
            except InvalidResource as error:
                raise ExecutionError(f"asset {asset.metadata.name}: {error}") from error
        return None

    async def _path(self, asset: ObjectMeta, build: AssetBuild) -> Path:
        if not _DIGEST.fullmatch(build.sha512):
            raise ExecutionError("error fetching asset: its sha512 is not 128 hexadecimal digits")
        digest = build.sha512.lower()
        path = self._folder / digest
        if path.is_dir():
            self._note_use(path)
            return path
        fetch = _Fetch(digest, build.url, tuple(sorted((build.headers or {}).items())))
        task = self._fetching.get(fetch)
        if task is None:
            if not self._allowance.take():
                raise ExecutionError("can't download asset due to rate limit")
            task = asyncio.create_task(self._fetch(asset, build, path), name=f"asset {digest[:12]}")
            self._fetching[fetch] = task
            task.add_done_callback(lambda done: self._fetched(fetch, done))
        await self._available(path, task, digest)
        self._note_use(path)
        return path

    async def _available(self, path: Path, task: asyncio.Task[Path], digest: str) -> None:
        """Wait until the archive is available from this or another download; raises the error of this download.

        So a dead mirror fails only the assets that use it, and only until another mirror has delivered.
        """
        while not _is_kept(path):
            if task.done():
                await task
                return
            others = [one for fetch, one in self._fetching.items() if fetch.digest == digest and not one.done()]
            await asyncio.wait({task, *others}, return_when=asyncio.FIRST_COMPLETED)

    def _note_use(self, path: Path) -> None:
        now, since = self._clock.now(), self._clock.monotonic()
        if since - self._used_at.get(path.name, -math.inf) < USE_NOTED_S:
            return
        if len(self._used_at) >= USES_REMEMBERED_MAX:
            self._used_at.clear()
        self._used_at[path.name] = since
        with contextlib.suppress(OSError):
            os.utime(path, (now, now))

    async def clean_at_intervals(self, interval_s: float) -> None:
        """Remove unused assets at intervals until cancelled."""
        while True:
            await self._clock.sleep(interval_s)
            await self.clean()

    async def clean(self) -> None:
        """Remove the assets that exceed the limits, except recently used ones."""
        loop = asyncio.get_running_loop()
        held = await loop.run_in_executor(self._files, cached_assets, self._folder, self._clock.now())
        for asset in to_remove(held, self._bounds, self._clock.now()):
            if self._clock.monotonic() - self._used_at.get(asset.path.name, -math.inf) < IN_USE_S:
                continue
            gone = self._folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
            try:
                asset.path.rename(gone)
            except OSError as error:
                log.warning("an asset cannot be removed", extra=fields(sha512=asset.path.name, error=str(error)))
                continue
            self._used_at.pop(asset.path.name, None)
            log.info("unused asset removed", extra=fields(sha512=asset.path.name, size_bytes=asset.size_bytes))
            await loop.run_in_executor(self._files, functools.partial(shutil.rmtree, gone, ignore_errors=True))

    def _fetched(self, fetch: _Fetch, task: asyncio.Task[Path]) -> None:
        self._fetching.pop(fetch, None)
        if not task.cancelled():
            task.exception()  # retrieved, also if nothing waits for it

    async def _fetch(self, asset: ObjectMeta, build: AssetBuild, path: Path) -> Path:
        loop = asyncio.get_running_loop()
        name = f"{_TEMPORARY}{secrets.token_hex(8)}"
        archive, unpacked = self._folder / f"{name}.archive", self._folder / name
        async with self._slots:
            if _is_kept(path):
                return path
            await loop.run_in_executor(self._files, self._prepare)
            try:
                log.info("fetching asset", extra=fields(sha512=path.name, url=shown(build.url)))
                await self._timed(FETCH, asset, self._downloader.fetch(asset.name, build, archive))
                await self._timed(EXPAND, asset, loop.run_in_executor(self._files, unpack, archive, unpacked))
                await loop.run_in_executor(self._files, _settle, unpacked, path)
                self._note_use(path)
            finally:
                archive.unlink(missing_ok=True)
        if self._bounds.bytes_max:
            await self.clean()
        return path

    async def _timed(self, stage: str, asset: ObjectMeta, work: Awaitable[Any]) -> None:
        began, well = self._clock.monotonic(), False
        try:
            await work
            well = True
        finally:
            self._observe(stage, asset, well, self._clock.monotonic() - began)

    def _prepare(self) -> None:
        """Create the cache's folder, and remove unfinished downloads of earlier processes."""
        try:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            if not self._swept:
                self._swept = True
                for left in self._folder.glob(f"{_TEMPORARY}*"):
                    shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
        except OSError as error:
            raise ExecutionError(f"asset cache {self._folder}: {error.strerror or error}") from error


def _is_kept(path: Path) -> bool:
    """Whether the cache contains the unpacked archive."""
    return path.is_dir()


def _settle(unpacked: Path, path: Path) -> None:
    try:
        unpacked.rename(path)
    except OSError as error:
        shutil.rmtree(unpacked, ignore_errors=True)
        if not path.is_dir():
            raise ExecutionError(f"asset cache: {error.strerror or error}") from error


def variables(assets: Sequence[tuple[str, Path]]) -> AssetVariables:
    """The environment variables for assets; `PATH` and similar variables are prepended when they are merged.

    `PATH` and similar variables end with the value of this process, so merging repeats that value, as in the reference.
    Source: recorded scenario agent-exec, case asset.
    """
    found = [(path_variable(name), str(path)) for name, path in assets]
    for variable, folder in (("PATH", "bin"), ("LD_LIBRARY_PATH", "lib"), ("CPATH", "include")):
        own = os.environ.get(variable, "")
        if assets or own:
            found.append((variable, ":".join([*(f"{path}/{folder}" for _, path in assets), own])))
    return found
