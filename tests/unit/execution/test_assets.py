import asyncio
import contextlib
import hashlib
import io
import os
import re
import tarfile
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sensu.errors import ExecutionError
from sensu.execution.asset_cleanup import CacheBounds
from sensu.execution.asset_download import DownloadLimits
from sensu.execution.asset_filters import AssetFilters
from sensu.execution.assets import AssetCache, variables
from sensu.resources.asset import Asset, AssetBuild
from sensu.resources.entity import Entity, System
from sensu.resources.metadata import ObjectMeta
from sensu.rules.tokens import substitute
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.certificate_authority import DAY, Authority
from tests.unit.test_tls import server as tls_server
from tests.unit.test_tls import serving as tls_serving

QUICK = DownloadLimits(read_s=0.3, attempts_max=3, wait_s=0.01)
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
        self.connections = 0
        self.url = ""
        self.behaviours: list[str] = []
        self.asked, self.stalled = asyncio.Event(), asyncio.Event()
        self.resumes = True
        self.token = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As the next of `behaviours` says: half, stall, none or 503; as asked where none is left."""
        self.connections += 1
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(request)
        behaviour = self.behaviours.pop(0) if self.behaviours else ""
        start = re.search(r"Range: bytes=(\d+)-", request) if self.resumes else None
        status, content, more = self.status, self.content, 'ETag: "one"\r\n'
        if start is not None:
            at = int(start[1])
            status, content = 206, self.content[at:]
            more += f"Content-Range: bytes {at}-{len(self.content) - 1}/{len(self.content)}\r\n"
        status = 503 if behaviour == "503" else status
        if self.token and f"X-Token: {self.token}\r\n" not in request:
            status, content = 403, b""
        head = f"HTTP/1.1 {status} X\r\n{more}Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        if behaviour != "none":
            part = content[: len(content) // 2] if behaviour in ("half", "stall") else content
            writer.write(head.encode() + part)
            await writer.drain()
        self.asked.set()
        if behaviour == "stall":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stalled.wait(), 5)
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


@asynccontextmanager
async def cache_in(folder: Path, **options: Any) -> AsyncIterator[AssetCache]:
    with ThreadPoolExecutor(2) as files:
        cache = AssetCache(folder, files, AssetFilters(), **{"limits": QUICK, **options})
        yield cache
        await cache.close()


async def test_an_asset_is_fetched_once_and_kept(tmp_path: Path) -> None:
    """Several commands at once and later ones share one download, which is unpacked under its digest."""
    async with cache_in(tmp_path / "cache") as cache:
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


async def test_a_plain_tar_will_do(tmp_path: Path) -> None:
    """An archive may be an uncompressed tar."""
    content = archive({"bin/x": b"x"}, "w:")

    async with cache_in(tmp_path) as cache:
        async with serving(content) as server:
            [(_, path)] = await cache.paths([asset(server.url, content)], LINUX)
        assert (path / "bin/x").read_bytes() == b"x"


async def refused(folder: Path, content: bytes, status: int = 200, **fields: Any) -> str:
    """What the cache says about an asset that cannot be had, and that nothing of it stays."""
    async with cache_in(folder) as cache, serving(content, status) as server:
        with pytest.raises(ExecutionError) as caught:
            await cache.paths([asset(server.url, fields.get("promised", content))], LINUX)
    assert list(folder.iterdir()) == []
    return str(caught.value)


async def test_a_server_without_the_asset(tmp_path: Path) -> None:
    """An answer other than 200 is told in the recorded words."""
    assert await refused(tmp_path, b"", 404) == "error fetching asset: Response Code 404"


async def test_an_archive_with_another_digest(tmp_path: Path) -> None:
    """An archive that is not the promised one is thrown away."""
    why = await refused(tmp_path, HELLO, promised=b"other")
    assert why.startswith(f'could not validate downloaded asset "sensu/hello-1" ({len(HELLO)} B): sha512 of downloaded')
    assert "does not match specified sha512 in asset definition" in why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04 something", "given file of format 'application/zip' does not appear valid"),
        (b"BZh91AY", "given file of format 'application/x-bzip2' does not appear valid"),
        (b"hello", "given file of format '' does not appear valid"),
        (b"", "unable to read asset header: EOF"),
        (HELLO[:-40], "error extracting asset: reading file in tar archive: unexpected EOF"),
    ],
    ids=["zip", "bzip2", "text", "empty", "half"],
)
async def test_what_is_no_archive(tmp_path: Path, content: bytes, why: str) -> None:
    """Only tar and tar.gz are assets; of other content the type is told."""
    assert await refused(tmp_path, content) == why


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "file:///etc/passwd", "a.tgz", ""])
async def test_only_http(tmp_path: Path, url: str) -> None:
    """Assets come over HTTP; nothing else is opened."""
    async with cache_in(tmp_path) as cache:
        with pytest.raises(ExecutionError, match="unsupported protocol scheme"):
            await cache.paths([asset(url)], LINUX)


async def test_an_unreachable_server(tmp_path: Path) -> None:
    """A server that does not answer is an error that says so."""
    async with cache_in(tmp_path) as cache:
        with pytest.raises(ExecutionError, match="127.0.0.1:1: connect: connection refused") as caught:
            await cache.paths([asset("http://user:hunter2@127.0.0.1:1/a?token=hunter2")], LINUX)
        assert "hunter2" not in str(caught.value)


async def test_a_digest_that_is_none(tmp_path: Path) -> None:
    """A digest that could name a place outside of the cache is refused without a request."""
    async with cache_in(tmp_path) as cache:
        with pytest.raises(ExecutionError, match="128 hexadecimal digits"):
            await cache.paths([Asset(url="http://127.0.0.1:1/a", sha512="../" * 40 + "x" * 8)], LINUX)


async def test_the_first_build_for_this_host_is_taken(tmp_path: Path) -> None:
    """Of several builds the first whose filters all hold is meant, and the asset's own URL does not count."""
    builds = (
        AssetBuild(url="windows", filters=("entity.system.os == 'windows'",)),
        AssetBuild(url="linux", filters=("entity.system.os == 'linux'", "entity.system.arch == 'amd64'")),
        AssetBuild(url="any"),
    )

    async with cache_in(tmp_path) as cache:
        chosen = await cache.build_for(Asset(url="own", builds=builds), LINUX)
        assert chosen is not None
        assert chosen.url == "linux"
        assert await cache.build_for(Asset(builds=builds[:1]), LINUX) is None
        assert await cache.paths([Asset(builds=builds[:1])], LINUX) == []
        with pytest.raises(ExecutionError):
            await cache.build_for(Asset(filters=("nosuch.x",)), LINUX)


async def test_too_many_fetches_are_refused(tmp_path: Path) -> None:
    """Beyond the burst a fetch is refused until the rate allows it again."""
    clock = VirtualClock()

    async with cache_in(tmp_path, rate_per_s=0.5, burst=2, clock=clock) as cache:
        async with serving(b"", 404) as server:
            for _ in range(2):
                with pytest.raises(ExecutionError, match="404"):
                    await cache.paths([asset(server.url)], LINUX)
            with pytest.raises(ExecutionError, match="rate limit"):
                await cache.paths([asset(server.url)], LINUX)
            await clock.advance(2)
            with pytest.raises(ExecutionError, match="404"):
                await cache.paths([asset(server.url)], LINUX)


async def test_leftovers_of_an_earlier_process_are_removed(tmp_path: Path) -> None:
    """What a killed process did not finish does not stay in the cache."""
    (tmp_path / ".unfinished-ab").mkdir()
    (tmp_path / ".unfinished-ab.archive").write_bytes(b"x")

    async with cache_in(tmp_path) as cache:
        async with serving(HELLO) as server:
            await cache.paths([asset(server.url)], LINUX)
    assert [path.name for path in tmp_path.iterdir()] == [hashlib.sha512(HELLO).hexdigest()]


def test_variables_of_an_asset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command finds an asset's programs, libraries and headers, and its folder under the asset's name."""
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.delenv("CPATH", raising=False)
    found = dict(variables([("sensu/hello--1", Path("/c/x")), ("b.c", Path("/c/y"))]))
    assert (found["SENSU_HELLO_1_PATH"], found["B_C_PATH"]) == ("/c/x", "/c/y")
    assert (found["PATH"], found["CPATH"]) == ("/c/x/bin:/c/y/bin:/bin", "/c/x/include:/c/y/include:")


@pytest.mark.parametrize(
    ("behaviours", "resumes", "ranges"),
    [
        (["half"], True, [0, len(HELLO) // 2]),
        (["half", "half"], True, [0, len(HELLO) // 2, len(HELLO) - (len(HELLO) - len(HELLO) // 2 + 1) // 2]),
        (["half"], False, [0, len(HELLO) // 2]),
        (["stall"], True, [0, len(HELLO) // 2]),
        (["none", "503"], True, [0, 0, 0]),
    ],
)
async def test_a_download_that_breaks_off_goes_on(
    tmp_path: Path, behaviours: list[str], resumes: bool, ranges: list[int]
) -> None:
    """After half an archive, a stall or a server's trouble, the rest is fetched, or all where it cannot be resumed."""
    async with cache_in(tmp_path) as cache:
        async with serving(HELLO) as server:
            server.behaviours, server.resumes = list(behaviours), resumes
            [(_, path)] = await cache.paths([asset(server.url)], LINUX)
            server.stalled.set()
        assert (path / "bin/hello").exists()
        asked = [re.search(r"Range: bytes=(\d+)-", request) for request in server.requests]
        assert [int(found[1]) if found else 0 for found in asked] == ranges
        assert all("If-Range" in request for request in server.requests if "\nRange:" in request)


async def test_a_server_that_never_sends_all(tmp_path: Path) -> None:
    """A server that goes on breaking off is given up, is not asked whether it speaks TLS, and nothing it sent stays."""
    async with cache_in(tmp_path) as cache:
        async with serving(HELLO) as server:
            server.behaviours = ["half"] * 9
            with pytest.raises(ExecutionError, match="error fetching asset"):
                await cache.paths([asset(server.url)], LINUX)
            assert server.connections == len(server.requests) == QUICK.attempts_max
    assert list(tmp_path.iterdir()) == []


async def test_pieces_of_two_archives(tmp_path: Path) -> None:
    """Where the archive changed between two pieces, it is fetched anew as a whole."""
    other = archive({"bin/hello": os.urandom(500)})

    async with cache_in(tmp_path) as cache:
        async with serving(other) as server:
            server.behaviours = ["half"]
            wanted = asyncio.create_task(cache.paths([asset(server.url, HELLO + b" ")], LINUX))
            await server.asked.wait()
            server.content = HELLO + b" "
            [(_, path)] = await wanted
            assert (path / "bin/hello").read_bytes() == b"#!/bin/sh\necho hello\n"


def cached(folder: Path, name: str, size_bytes: int, unused_s: float) -> Path:
    path = folder / (name * 128)
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "x").write_bytes(bytes(size_bytes))
    at = time.time() - unused_s
    os.utime(path, (at, at))
    return path


async def test_unused_assets_go(tmp_path: Path) -> None:
    """Assets unused for longer than allowed are removed, and of the rest the longest unused until all fit."""
    day = 86400.0
    cached(tmp_path, "a", 1000, 3 * day)
    cached(tmp_path, "b", 10, day)
    cached(tmp_path, "c", 10_000, 0.9 * day)
    kept = [cached(tmp_path, "d", 10, 0.5 * day), cached(tmp_path, "e", 9000, 60)]
    other = tmp_path / "journal"
    other.mkdir()

    async with cache_in(tmp_path, bounds=CacheBounds(age_max_s=2 * day, bytes_max=9500)) as cache:
        await cache.clean()
    assert sorted(tmp_path.iterdir()) == sorted([*kept, other])


async def test_an_asset_that_was_used_in_the_future_grows_old_too(tmp_path: Path) -> None:
    """An asset that was used while the clock was ahead counts as used now, and goes when that is long ago."""
    path = cached(tmp_path, "a", 10, -1e8)
    clock = VirtualClock(time.time())

    async with cache_in(tmp_path, bounds=CacheBounds(age_max_s=4000), clock=clock) as cache:
        await cache.clean()
        assert path.is_dir()
        await clock.advance(7200)
        await cache.clean()
        assert not path.exists()


async def test_setting_the_clock_removes_no_asset_in_use(tmp_path: Path) -> None:
    """What was used within the last hour stays, though the clock says that it was days ago."""
    path, clock = cached(tmp_path, "a", 10, 0), VirtualClock(time.time())

    async with cache_in(tmp_path, bounds=CacheBounds(age_max_s=86400), clock=clock) as cache:
        await cache.paths([Asset(url="http://127.0.0.1:1/", sha512="a" * 128)], LINUX)
        clock.set_by(30 * 86400)
        await clock.advance(60)
        await cache.clean()
        assert path.is_dir()


async def test_an_asset_in_use_stays(tmp_path: Path) -> None:
    """A command that asks for an asset keeps it, however long it was unused before."""
    path = cached(tmp_path, "a", 1000, 3e6)

    async with cache_in(tmp_path, bounds=CacheBounds(age_max_s=60, bytes_max=1)) as cache:
        await cache.paths([Asset(url="http://127.0.0.1:1/", sha512="a" * 128)], LINUX)
        await cache.clean()
        assert path.is_dir()


async def why_not(folder: Path, url: str, **options: Any) -> str:
    """Why an asset at a URL cannot be fetched."""
    async with cache_in(folder, **options) as cache:
        with pytest.raises(ExecutionError) as raised:
            await cache.paths([asset(url)], LINUX)
    return str(raised.value)


async def test_a_download_that_tls_prevents_says_why(tmp_path: Path) -> None:
    """Unknown authorities, other names, expired certificates and wrong schemes are named, and not tried again."""
    authority, cache = Authority(tmp_path), tmp_path / "cache"
    old = authority.issue("old", ends=-DAY / 2)
    own = {"trusted_ca_file": authority.file}
    with tls_server(tls_serving(authority)) as port:
        unknown = await why_not(cache, f"https://127.0.0.1:{port}/a.tgz")
        other = await why_not(cache, f"https://localhost:{port}/a.tgz", **own)
        plain = await why_not(cache, f"http://127.0.0.1:{port}/a.tgz")
    with tls_server(tls_serving(authority, old)) as old_port:
        expired = await why_not(cache, f"https://127.0.0.1:{old_port}/a.tgz", **own)
    with tls_server(None) as plain_port:
        no_tls = await why_not(cache, f"https://127.0.0.1:{plain_port}/a.tgz", **own)
    assert unknown == (
        f'error fetching asset: Get "https://127.0.0.1:{port}/a.tgz": tls: failed to verify certificate: x509: '
        "certificate signed by unknown authority (CN=ca): add --trusted-ca-file with the certificate of that authority"
    )
    assert "certificate is valid for 127.0.0.1, not localhost" in other
    assert plain.endswith(f"the server speaks TLS: use https://127.0.0.1:{port}")
    assert "certificate has expired: it expired on " in expired
    assert no_tls.endswith(f"the server does not speak TLS: use http://127.0.0.1:{plain_port}")


async def test_a_host_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """A failed look-up is no system error with another meaning."""
    url = "http://no-such-host.invalid/a.tgz"
    assert (
        await why_not(tmp_path, url)
        == f'error fetching asset: Get "{url}": dial tcp: lookup no-such-host.invalid: no such host'
    )


async def test_an_unusable_file_of_authorities_is_named(tmp_path: Path) -> None:
    """Where the trusted authorities cannot be read, the flag and the file are named."""
    file = str(tmp_path / "none.pem")
    why = await why_not(tmp_path, "https://127.0.0.1:9/a.tgz", trusted_ca_file=file)
    assert why == f"error fetching asset: --trusted-ca-file {file}: no such file or directory"


@pytest.mark.parametrize("behaviour", ["stall", "refused"])
@pytest.mark.parametrize("dead_first", [True, False])
async def test_a_dead_mirror_fails_nobody_else(tmp_path: Path, behaviour: str, dead_first: bool) -> None:
    """Two assets name the same archive: that with the live URL is there, and then the other one, too."""
    async with cache_in(tmp_path) as cache:
        async with serving(HELLO) as dead, serving(HELLO) as live:
            dead.behaviours = ["stall"] * 9
            dead_url = dead.url if behaviour == "stall" else "http://127.0.0.1:1/a.tgz"
            urls = [dead_url, live.url] if dead_first else [live.url, dead_url]
            tasks = []
            for url in urls:
                tasks.append(asyncio.create_task(cache.paths([asset(url)], LINUX)))
                if url == dead_url:
                    await asyncio.sleep(0)
            paths = await asyncio.wait_for(tasks[urls.index(live.url)], 5)
            assert (paths[0][1] / "bin/hello").is_file()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert await cache.paths([asset(dead_url)], LINUX) == paths
            dead.stalled.set()


async def test_other_headers_are_another_download(tmp_path: Path) -> None:
    """An asset with the wrong token does not fail one with the right token."""
    async with cache_in(tmp_path) as cache:
        async with serving(HELLO) as server:
            server.token = "right"
            wrong = asyncio.create_task(cache.paths([asset(server.url, headers={"X-Token": "wrong"})], LINUX))
            await asyncio.sleep(0)
            right = await cache.paths([asset(server.url, headers={"X-Token": "right"})], LINUX)
            assert (right[0][1] / "bin/hello").is_file()
            await asyncio.gather(wrong, return_exceptions=True)


@pytest.mark.parametrize("name", ["acme/probe--disk", "acme/.hidden", "a:-b", "sensu/hello-1", "2Fast_2"])
def test_asset_path_and_environment_agree(name: str) -> None:
    """The variable that `assetPath` names is the one that the command gets, whatever signs the name has."""
    named = substitute(f'{{{{ assetPath "{name}" }}}}', {})
    assert dict(variables([(name, Path("/cache/1"))]))[named] == "/cache/1"
    assert re.fullmatch(r"[A-Z0-9_]+_PATH", named)
    assert "__" not in named
