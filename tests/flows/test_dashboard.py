"""The web UI's port: files, page and API to a client that speaks HTTP, from a small build."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sensu.backend.dashboardd.application import PATH_CHARACTERS_MAX
from sensu.backend.dashboardd.build import LOOK_EVERY_S, PROBLEM_FILE
from sensu.backend.dashboardd.files import FILES_MAX
from sensu.testing.virtual_clock import VirtualClock
from tests.flows.api_harness import RunningApi, running_api

PAGE = '<!DOCTYPE html><title>Sensu</title><script type="module" src="/assets/app-1a2b3c4d.js"></script>'
SCRIPT = "console.log('the web UI')\n" * 40
PATIENCE_S = 30


def build(folder: Path) -> Path:
    """A small build of the web UI, as `make web` leaves it."""
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    script = folder / "assets" / "app-1a2b3c4d.js"
    script.write_text(SCRIPT)
    script.with_name(f"{script.name}.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    script.with_name(f"{script.name}.br").write_bytes(b"packed by brotli")
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "index.html").write_text(PAGE)
    return folder


@asynccontextmanager
async def serving(folder: Path, dist: Path) -> AsyncIterator[RunningApi]:
    """A backend that serves this build of the web UI."""
    async with asyncio.timeout(PATIENCE_S), running_api(folder / "state", dist=dist) as api:
        yield api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[RunningApi]:
    """A backend that serves the web UI."""
    async with serving(tmp_path, build(tmp_path / "dist")) as api:
        yield api


@pytest.mark.parametrize("path", ["/", "/sign-in", "/n/default/events/web1/a%2Fb", "/authors", "/apis", "/docs/x"])
async def test_each_route_of_the_client_gets_the_page(api: RunningApi, path: str) -> None:
    """A link into the web UI answers with the page, which browsers ask for again only to hear that it is the same."""
    page = await api.browse("GET", path)
    assert (page.status, page.body.decode()) == (200, PAGE)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    again = await api.browse("GET", path, If_None_Match=page.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    head = await api.browse("HEAD", path)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(PAGE)))
    refused = await api.browse("POST", path, {})
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


async def test_assets_are_kept_for_ever_and_sent_packed(api: RunningApi) -> None:
    """A file with a hash in its name is never asked for again, and is sent in the best form that the browser takes."""
    path = "/assets/app-1a2b3c4d.js"
    for accepted, coding, body in (
        ("gzip, deflate, br", "br", b"packed by brotli"),
        ("gzip;q=0.5, br;q=0", "gzip", gzip.compress(SCRIPT.encode())),
        ("identity", None, SCRIPT.encode()),
        ("", None, SCRIPT.encode()),
    ):
        answer = await api.browse("GET", path, Accept_Encoding=accepted)
        assert (answer.status, answer.headers.get("Content-Encoding")) == (200, coding), accepted
        assert gzip.decompress(answer.body) == SCRIPT.encode() if coding == "gzip" else answer.body == body
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    icon = await api.browse("GET", "/icon.svg")
    assert (icon.headers["Content-Type"], icon.headers["Cache-Control"]) == ("image/svg+xml", "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/../etc/passwd",
        "/n/../../etc/passwd",
        "/%2e%2e/etc/passwd",
        "/n/.%2E/x",
        "/n/./x",
        "/n/%00",
        "/n/a%0d%0ax",
        "/n/%zz",
        "/n/a%5cb",
        "/" + "a" * 10_000,
        "/assets/app-99999999.js",
        "/assets/",
        "/assets/app-1a2b3c4d.js/",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
    ],
)
async def test_nothing_else_is_served(api: RunningApi, path: str) -> None:
    """A path that climbs, has control characters or no end leads nowhere, and so does an asset of another build."""
    assert PATH_CHARACTERS_MAX < 10_000

    assert (await api.browse("GET", path)).status == 404


async def test_the_api_answers_in_process(api: RunningApi) -> None:
    """The API is there with its own errors and the Authorization header of its own port; metrics are not passed on."""
    token = await api.token()
    listed = await api.browse("GET", "/api/core/v2/namespaces", Authorization=token)
    assert "default" in [one["name"] for one in json.loads(listed.body)]
    assert (await api.browse("GET", "/api/core/v2/namespaces")).status == 401
    assert (await api.browse("GET", "/api/nothing")).status == 404
    for path in ("/health", "/version", "/openapi.json", "/docs", "/auth/test"):
        own, passed = await api.call("GET", path), await api.browse("GET", path)
        assert (passed.status, passed.headers["Content-Type"]) == (own.status, own.headers["Content-Type"]), path
    assert (await api.browse("GET", "/metrics")).body.decode() == PAGE


async def test_each_answer_has_the_headers_that_protect_browsers(api: RunningApi) -> None:
    """The page loads nothing from elsewhere, runs no inline code and stands in no frame; the API is no page at all."""
    for path in ("/", "/assets/app-1a2b3c4d.js", "/assets/none-12345678.js", "/api/core/v2/namespaces", "/docs"):
        headers = (await api.browse("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert headers["Permissions-Policy"] == "camera=(), microphone=(), geolocation=(), payment=()", path
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'"), path
        assert "frame-ancestors 'none'" in policy, path
        assert "Access-Control-Allow-Origin" not in headers
        assert "Strict-Transport-Security" not in headers
    page = (await api.browse("GET", "/")).headers["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'; trusted-types svelte-trusted-html" in page
    assert "unsafe" not in page


async def test_answers_for_the_web_ui_are_compressed(api: RunningApi) -> None:
    """Larger JSON of the API for the web UI is sent with gzip if they take it; short answers never are."""
    token = await api.token()
    checks = "/api/core/v2/namespaces/default/checks"
    body = {"metadata": {"name": "a", "namespace": "default"}, "command": "x" * 2_000, "interval": 10}
    for name in ("a", "b"):
        body["metadata"]["name"] = name  # type: ignore[index] - a dict
        assert (await api.call("POST", checks, body, Authorization=token)).status == 201
    audit = "/api/sensu/v1/audit"
    packed = await api.browse("GET", audit, Authorization=token, Accept_Encoding="gzip")
    plain = await api.browse("GET", audit, Authorization=token)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) == len(packed.body) < len(plain.body)
    assert gzip.decompress(packed.body) == plain.body
    short = await api.browse("GET", "/api/sensu/v1/audit/none", Authorization=token, Accept_Encoding="gzip")
    assert "Content-Encoding" not in short.headers


async def test_without_a_build_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    """A missing build is explained with what went wrong, as text; the API answers meanwhile, robots stay away."""
    (tmp_path / PROBLEM_FILE).write_text("npm: <b>ECONNREFUSED</b>")

    async with serving(tmp_path, tmp_path / "dist") as api:
        page = await api.browse("GET", "/n/default/events")
        assert page.status == 200
        assert "make web" in page.body.decode()
        assert "npm: &lt;b&gt;ECONNREFUSED&lt;/b&gt;" in page.body.decode()
        assert page.headers["Cache-Control"] == "no-store"
        assert (await api.browse("GET", "/assets/app-1a2b3c4d.js")).status == 404
        assert (await api.browse("GET", "/health")).status == 200
        robots = await api.browse("GET", "/robots.txt")
        assert b"Disallow: /" in robots.body


async def test_a_build_is_served_once_it_is_complete(tmp_path: Path) -> None:
    """A page whose script is still missing is not served; when all of it is there the backend finds it by itself."""
    dist = build(tmp_path / "dist")
    script = dist / "assets" / "app-1a2b3c4d.js"
    script.unlink()

    clock = VirtualClock()
    async with running_api(tmp_path / "state", dist=dist, clock=clock) as api:
        assert "make web" in (await api.browse("GET", "/")).body.decode()
        script.write_text(SCRIPT)
        async with asyncio.timeout(PATIENCE_S):
            while (await api.browse("GET", "/")).body.decode() != PAGE:
                await clock.advance(LOOK_EVERY_S)
        (dist / "index.html").write_text("a newer build")
        await clock.advance(LOOK_EVERY_S)
        assert (await api.browse("GET", "/")).body.decode() == PAGE


async def test_a_build_that_is_too_large_is_not_served(tmp_path: Path) -> None:
    """What a build may hold is bounded, and the page names the bound."""
    dist = build(tmp_path / "dist")
    for number in range(FILES_MAX):
        (dist / "assets" / f"part-{number:08}.js").touch()

    async with serving(tmp_path, dist) as api:
        page = (await api.browse("GET", "/")).body.decode()
        assert f"at most {FILES_MAX} are served" in page
