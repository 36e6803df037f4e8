import asyncio
import hashlib
import io
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sensu.errors import ExecutionError
from sensu.execution.asset_filters import AssetFilters
from sensu.execution.assets import AssetCache, variables
from sensu.resources.asset import Asset, AssetBuild
from sensu.resources.entity import Entity, System
from sensu.resources.metadata import ObjectMeta
from sensu.testing.virtual_clock import VirtualClock

LINUX = Entity(system=System(os="linux", arch="amd64"))


def archive(files: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


HELLO = archive({"bin/hello": b"#!/bin/sh\necho hello\n"})


class AssetServer:
    """Serves one archive and keeps what it was asked."""

    def __init__(self, content: bytes, status: int = 200) -> None:
        self.content, self.status = content, status
        self.requests: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.content)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + self.content)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(content: bytes, status: int = 200) -> AsyncIterator[AssetServer]:
    asset_server = AssetServer(content, status)
    async with await asyncio.start_server(asset_server.serve, "127.0.0.1", 0) as server:
        asset_server.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.tgz"
        yield asset_server


def asset(url: str, content: bytes = HELLO, **fields: Any) -> Asset:
    digest = hashlib.sha512(content).hexdigest()
    return Asset(url=url, sha512=digest, metadata=ObjectMeta(name="sensu/hello-1", namespace="default"), **fields)


def with_cache(folder: Path, use: Callable[[AssetCache], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        with ThreadPoolExecutor(2) as files:
            cache = AssetCache(folder, files, AssetFilters(), **options)
            await use(cache)
            await cache.close()

    asyncio.run(main())


def test_an_asset_is_fetched_once_and_kept(tmp_path: Path) -> None:
    """Several commands at once and later ones share one download, which is unpacked under its digest."""

    async def use(cache: AssetCache) -> None:
        async with serving(HELLO) as server:
            wanted = [asset(server.url, headers={"X-Token": "a, b"})]
            first = await asyncio.gather(*(cache.paths(wanted, LINUX) for _ in range(5)))
            again = await cache.paths(wanted, LINUX)
        assert len(server.requests) == 1
        assert server.requests[0].count("X-Token: ") == 2
        assert all(found == again for found in first)
        [(name, path)] = again
        assert name == "sensu/hello-1"
        assert path == tmp_path / "cache" / hashlib.sha512(HELLO).hexdigest()
        assert (path / "bin/hello").stat().st_mode & 0o111
        assert [one.name for one in path.parent.iterdir()] == [path.name]

    with_cache(tmp_path / "cache", use)


def test_a_plain_tar_will_do(tmp_path: Path) -> None:
    """An archive may be an uncompressed tar."""
    content = archive({"bin/x": b"x"}, "w:")

    async def use(cache: AssetCache) -> None:
        async with serving(content) as server:
            [(_, path)] = await cache.paths([asset(server.url, content)], LINUX)
        assert (path / "bin/x").read_bytes() == b"x"

    with_cache(tmp_path, use)


def refused(folder: Path, content: bytes, status: int = 200, **fields: Any) -> str:
    """What the cache says about an asset that cannot be had, and that nothing of it stays."""
    why: list[str] = []

    async def use(cache: AssetCache) -> None:
        async with serving(content, status) as server:
            with pytest.raises(ExecutionError) as caught:
                await cache.paths([asset(server.url, fields.get("promised", content))], LINUX)
        why.append(str(caught.value))

    with_cache(folder, use)
    assert list(folder.iterdir()) == []
    return why[0]


def test_a_server_without_the_asset(tmp_path: Path) -> None:
    """An answer other than 200 is told in the recorded words."""
    assert refused(tmp_path, b"", 404) == "error fetching asset: Response Code 404"


def test_an_archive_with_another_digest(tmp_path: Path) -> None:
    """An archive that is not the promised one is thrown away."""
    assert "does not match specified sha512" in refused(tmp_path, HELLO, promised=b"other")


def test_what_is_no_archive(tmp_path: Path) -> None:
    """Only tar and tar.gz are assets."""
    assert "neither tar nor tar.gz" in refused(tmp_path, b"PK\x03\x04 something else")
    assert "cannot be unpacked" in refused(tmp_path, HELLO[:-40])


def test_an_unreachable_server(tmp_path: Path) -> None:
    """A server that does not answer is an error that says so."""

    async def use(cache: AssetCache) -> None:
        with pytest.raises(ExecutionError, match="error fetching asset: "):
            await cache.paths([asset("http://127.0.0.1:1/a")], LINUX)

    with_cache(tmp_path, use)


def test_a_digest_that_is_none(tmp_path: Path) -> None:
    """A digest that could name a place outside of the cache is refused without a request."""

    async def use(cache: AssetCache) -> None:
        with pytest.raises(ExecutionError, match="128 hexadecimal digits"):
            await cache.paths([Asset(url="http://127.0.0.1:1/a", sha512="../" * 40 + "x" * 8)], LINUX)

    with_cache(tmp_path, use)


def test_the_first_build_for_this_host_is_taken(tmp_path: Path) -> None:
    """Of several builds the first whose filters all hold is meant, and the asset's own URL does not count."""
    builds = (
        AssetBuild(url="windows", filters=("entity.system.os == 'windows'",)),
        AssetBuild(url="linux", filters=("entity.system.os == 'linux'", "entity.system.arch == 'amd64'")),
        AssetBuild(url="any"),
    )

    async def use(cache: AssetCache) -> None:
        chosen = cache.build_for(Asset(url="own", builds=builds), LINUX)
        assert chosen is not None
        assert chosen.url == "linux"
        assert cache.build_for(Asset(builds=builds[:1]), LINUX) is None
        assert await cache.environment([Asset(builds=builds[:1])], LINUX) == []
        with pytest.raises(ExecutionError):
            cache.build_for(Asset(filters=("nosuch.x",)), LINUX)

    with_cache(tmp_path, use)


def test_too_many_fetches_are_refused(tmp_path: Path) -> None:
    """Beyond the burst a fetch is refused until the rate allows it again."""
    clock = VirtualClock()

    async def use(cache: AssetCache) -> None:
        async with serving(b"", 404) as server:
            for _ in range(2):
                with pytest.raises(ExecutionError, match="404"):
                    await cache.paths([asset(server.url)], LINUX)
            with pytest.raises(ExecutionError, match="rate limit"):
                await cache.paths([asset(server.url)], LINUX)
            await clock.advance(2)
            with pytest.raises(ExecutionError, match="404"):
                await cache.paths([asset(server.url)], LINUX)

    with_cache(tmp_path, use, rate_per_s=0.5, burst=2, clock=clock)


def test_leftovers_of_an_earlier_process_are_removed(tmp_path: Path) -> None:
    """What a killed process did not finish does not stay in the cache."""
    (tmp_path / ".unfinished-ab").mkdir()
    (tmp_path / ".unfinished-ab.archive").write_bytes(b"x")

    async def use(cache: AssetCache) -> None:
        async with serving(HELLO) as server:
            await cache.paths([asset(server.url)], LINUX)

    with_cache(tmp_path, use)
    assert [path.name for path in tmp_path.iterdir()] == [hashlib.sha512(HELLO).hexdigest()]


def test_variables_of_an_asset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command finds an asset's programs, libraries and headers, and its folder under the asset's name."""
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.delenv("CPATH", raising=False)
    found = dict(variables("sensu/hello-1", Path("/c/x")))
    assert found["SENSU_HELLO_1_PATH"] == "/c/x"
    assert (found["PATH"], found["CPATH"]) == ("/c/x/bin:/bin", "/c/x/include:")
