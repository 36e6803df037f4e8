"""Lists of revoked certificates, fetched from a real web server."""

import datetime
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from sensu.backend.agentd.revocation import RevocationLists, read_authorities, read_list
from sensu.clock import SystemClock
from sensu.errors import ConfigurationError
from tests.flows.certificate_authority import Authority
from tests.flows.small_server import serving

UNAVAILABLE = "the revocation list of certificates is not available"


class ListServer:
    """Serves the list that it holds now, or 404 where it holds none."""

    def __init__(self) -> None:
        self.content = b""
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        return web.Response(body=self.content) if self.content else web.Response(status=404)


@asynccontextmanager
async def list_server() -> AsyncIterator[ListServer]:
    server = ListServer()
    async with serving("GET", "/ca.crl", server.serve) as server.url:
        yield server


async def test_a_list_comes_goes_and_comes_again(tmp_path: Path) -> None:
    """A certificate counts once the list is there, as long as it is not on it; a list that was had stays."""
    authority = Authority(tmp_path)
    good, bad = authority.issue("good"), authority.issue("bad")

    async with list_server() as server:
        with ThreadPoolExecutor(1) as executor:
            lists = RevocationLists([server.url], read_authorities(authority.file), executor, SystemClock())
            await lists.refresh()
            assert lists.problem(good.der) == UNAVAILABLE
            server.content = authority.revocation_list()
            await lists.refresh()
            assert lists.problem(bad.der) is None
            server.content = authority.revocation_list(bad)
            await lists.refresh()
            assert lists.problem(bad.der) == "the certificate is revoked"
            assert lists.problem(good.der) is None
            for content in (b"", b"garbage", Authority(tmp_path, "other").revocation_list()):
                server.content = content
                await lists.refresh()
                assert lists.problem(bad.der) == "the certificate is revoked"


async def test_a_list_that_is_too_old(tmp_path: Path) -> None:
    """A list past its own end tells nothing any more, so no certificate counts."""
    authority = Authority(tmp_path)

    async with list_server() as server:
        server.content = authority.revocation_list(age=datetime.timedelta(days=2))
        with ThreadPoolExecutor(1) as executor:
            lists = RevocationLists([server.url], read_authorities(authority.file), executor, SystemClock())
            await lists.refresh()
            assert lists.problem(authority.issue("good").der) == UNAVAILABLE


def test_a_list_of_a_namesake(tmp_path: Path) -> None:
    """A list counts by its signature, not by the name of who is said to have made it."""
    (tmp_path / "forged").mkdir()
    forged = Authority(tmp_path / "forged").revocation_list()
    with pytest.raises(ValueError, match="signed"):
        read_list(forged, [Authority(tmp_path).root.cert])


async def test_no_lists_no_questions() -> None:
    """Without URLs every verified certificate counts, and nothing is fetched."""
    with ThreadPoolExecutor(1) as executor:
        lists = RevocationLists([], [], executor, SystemClock())
        await lists.refresh()
        assert lists.problem(b"any") is None


def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    """A file without certificates is named before anything starts."""
    (tmp_path / "ca.pem").write_text("nothing")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError, match="agent-auth-trusted-ca-file"):
            read_authorities(str(path))
