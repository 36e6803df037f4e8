"""Selects the assets to remove from a cache: those unused for long, and the least recently used if it is too large.

The modification time of an asset's folder records its last use across restarts.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

IN_USE_S = 3600.0
"""An asset that was used within this time may still be in use and is kept."""


@dataclass(frozen=True, slots=True)
class CacheBounds:
    """The limits of a cache: `age_max_s` since the last use, `bytes_max` in total; 0 means no limit."""

    age_max_s: float = 0
    bytes_max: int = 0


@dataclass(frozen=True, slots=True)
class CachedAsset:
    """An asset in the cache."""

    path: Path
    size_bytes: int
    used_at: float


def cached_assets(folder: Path, now: float) -> list[CachedAsset]:
    """The assets in the cache, without unfinished downloads; blocks.

    A last use in the future, from a clock that was ahead, counts as now.
    """
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if len(path.name) == 128 and path.is_dir():
                with contextlib.suppress(OSError):
                    used_at = path.stat().st_mtime
                    if used_at > now:
                        used_at = now
                        os.utime(path, (now, now))
                    found.append(CachedAsset(path, sum(_sizes(path)), used_at))
    return found


def _sizes(path: Path) -> Iterator[int]:
    for entry in os.scandir(path):
        if entry.is_dir(follow_symlinks=False):
            yield from _sizes(Path(entry.path))
        else:
            yield entry.stat(follow_symlinks=False).st_size


def to_remove(assets: Iterable[CachedAsset], bounds: CacheBounds, now: float) -> list[CachedAsset]:
    """The assets to remove to meet the limits, least recently used first."""
    by_use = sorted(assets, key=lambda asset: asset.used_at)
    size_bytes = sum(asset.size_bytes for asset in by_use)
    found = []
    for asset in by_use:
        unused_s = now - asset.used_at
        is_old = 0 < bounds.age_max_s < unused_s
        is_too_much = 0 < bounds.bytes_max < size_bytes
        if unused_s > IN_USE_S and (is_old or is_too_much):
            found.append(asset)
            size_bytes -= asset.size_bytes
    return found
