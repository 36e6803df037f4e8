"""Provides the assets of handlers, mutators and filters: variables for commands, scripts for JavaScript."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sensu.errors import ExecutionError
from sensu.execution.assets import AssetVariables, variables
from sensu.log import fields
from sensu.resources.asset import Asset
from sensu.resources.entity import Entity
from sensu.resources.kinds import ASSET, Kind

log = logging.getLogger("sensu.pipelined")

SCRIPT_BYTES_MAX = 4 * 1024 * 1024


class Records(Protocol):
    """Committed resources in memory."""

    def get(self, kind: Kind, namespace: str, name: str) -> Any:
        """The resource, or None."""
        ...


class Cache(Protocol):
    """Fetches and keeps assets (`sensu.execution.assets`)."""

    async def paths(self, assets: Sequence[Asset], entity: Entity) -> list[tuple[str, Path]]:
        """The name and folder of each asset that matches this host."""
        ...


class RuntimeAssets:
    """Finds assets by namespace and name. An asset that is missing or cannot be used is logged and left out.

    Source: docs "Handler reference"; spec HA-02, FI-13.
    """

    def __init__(self, records: Records, cache: Cache, host: Entity) -> None:
        self._records, self._cache, self._host = records, cache, host

    async def variables(self, namespace: str, names: Sequence[str] | None) -> AssetVariables:
        """The environment variables that assets add to a command."""
        found: list[tuple[str, Path]] = []
        for asset in self._named(namespace, names):
            try:
                found += await self._cache.paths([asset], self._host)
            except ExecutionError as err:
                _log_failure(namespace, asset, err)
        return variables(found) if found else []

    async def scripts(self, namespace: str, names: Sequence[str] | None) -> list[str]:
        """The JavaScript files below `lib` of each asset, sorted by name."""
        found: list[str] = []
        for asset in self._named(namespace, names):
            try:
                for _, path in await self._cache.paths([asset], self._host):
                    found.extend(_read_scripts(path / "lib"))
            except (ExecutionError, OSError, UnicodeDecodeError) as err:
                _log_failure(namespace, asset, err)
        return found

    def _named(self, namespace: str, names: Sequence[str] | None) -> list[Asset]:
        found = []
        for name in names or ():
            asset = self._records.get(ASSET, namespace, name)
            if asset is None:
                log.warning("asset does not exist", extra=fields(asset=name, namespace=namespace))
            else:
                found.append(asset)
        return found


def _read_scripts(folder: Path) -> list[str]:
    scripts, left = [], SCRIPT_BYTES_MAX
    for file in sorted(folder.rglob("*.js")):
        left -= file.stat().st_size
        if left < 0:
            raise ExecutionError(f"the scripts of an asset are larger than {SCRIPT_BYTES_MAX} bytes")
        scripts.append(file.read_text())
    return scripts


def _log_failure(namespace: str, asset: Asset, err: Exception) -> None:
    log.error("asset cannot be used", extra=fields(asset=asset.metadata.name, namespace=namespace, error=str(err)))
