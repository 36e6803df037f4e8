"""Signing in to the web UI, and with sensuctl, at a real OpenID provider."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.sync_api import Browser, Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.flows.api_harness import RunningApi, running_api
from tests.flows.test_dashboard import build
from tests.moved_clock import MovedClock
from tests.real.oidc_log_ins import ROOT, browser, configure, provider, refusals
from tests.real.oidc_provider import IdentityProvider
from tests.web.browser import Visits
from tests.web.conftest import chromium, web_ui
from tests.web.world import World

SIGN_IN = f"{ROOT}/oidc/sign-in?provider=idp&page="
PAGE = "/n/default/events?at=now"

__all__ = ["chromium", "web_ui"]


@pytest.fixture
def clock() -> MovedClock:
    """A clock that a test can move."""
    return MovedClock()


@pytest.fixture
async def api(tmp_path: Path, clock: MovedClock) -> AsyncIterator[RunningApi]:
    """An API and a web UI that listen."""
    async with running_api(tmp_path / "backend", clock=clock, dist=build(tmp_path / "dist")) as api:
        yield api


@pytest.fixture
async def admin(api: RunningApi) -> str:
    """The Authorization header of the administrator."""
    return await api.token()


async def shell(api: RunningApi, visitor: aiohttp.ClientSession) -> dict[str, Any]:
    """What the page of the web UI starts with in a browser."""
    async with visitor.get(f"{api.web_url}/auth/session") as answer:
        return dict(await answer.json())


@pytest.mark.parametrize("at_the_api", [False, True])
async def test_a_browser_signs_in_and_returns_to_its_page(
    idp: IdentityProvider, api: RunningApi, admin: str, at_the_api: bool
) -> None:
    """The page names the providers, one of which may know the API's port alone; the new session is audited."""
    await configure(api, admin, idp, redirect_uri=f"{api.url}{ROOT}/oidc/callback" if at_the_api else "")
    async with browser() as visitor:
        assert (await shell(api, visitor.session))["settings"]["sign_on"] == ["idp"]
        status, text, url = await visitor.visit(f"{api.web_url}{SIGN_IN}{PAGE}", stop=f"{api.web_url}/n/")
        assert (status, url) == (0, api.web_url + PAGE), text
        found = await shell(api, visitor.session)
        assert (found["signed_in"], found["username"]) == (True, "idp:alice")
        names = sorted(cookie.key for cookie in visitor.session.cookie_jar)
        assert [name for name in names if name.startswith("sensu")] == ["sensu"]
    entries = json.loads((await api.call("GET", "/api/sensu/v1/audit", Authorization=admin)).body)
    assert (entries[0]["action"], entries[0]["username"]) == ("login", "idp:alice")


async def test_a_user_whom_the_provider_deleted_is_signed_out(
    idp: IdentityProvider, api: RunningApi, admin: str, clock: MovedClock
) -> None:
    """The provider is asked every quarter of an hour; the end of the session is in the audit log with the reason."""
    await configure(api, admin, idp)
    async with browser("kim") as visitor:
        await visitor.visit(f"{api.web_url}{SIGN_IN}/n/x", stop=f"{api.web_url}/n/")
        checks = f"{api.web_url}/api/core/v2/namespaces/default/checks"
        idp.remove("kim")
        clock.moved_s = 901
        for status in (403, 401):
            async with visitor.session.get(checks) as answer:
                assert answer.status == status
    log = await api.call("GET", "/api/sensu/v1/audit", Authorization=await api.token())
    entry = json.loads(log.body)[1]
    assert (entry["username"], entry["action"]) == ("idp:kim", "session ended")


async def test_a_prepared_link_leads_nowhere_else(idp: IdentityProvider, api: RunningApi, admin: str) -> None:
    """After the log-in, the browser stays at this web UI, whatever page a link names."""
    await configure(api, admin, idp)
    for page in ("//evil.example/", "https://evil.example/", "/%5Cevil.example", "%0d%0aSet-Cookie:x=1"):
        async with browser() as visitor:
            status, text, url = await visitor.visit(f"{api.web_url}{SIGN_IN}{page}", stop=f"{api.web_url}/\0")
            assert (status, url) == (200, f"{api.web_url}/"), text


async def test_a_code_that_another_browser_got_signs_nobody_in(
    idp: IdentityProvider, api: RunningApi, admin: str
) -> None:
    """A link with somebody else's code shows a page that says why, and the browser has no session."""
    await configure(api, admin, idp)
    back = f"{api.web_url}{ROOT}/oidc/signed-in"
    async with browser() as visitor, browser() as victim:
        _, _, link = await visitor.visit(f"{api.web_url}{SIGN_IN}/", stop=back)
        page = await api.browse("GET", link.removeprefix(api.web_url), Accept="text/html")
        assert (page.status, b"<h1>Not signed in</h1>" in page.body) == (400, True)
        await victim.visit(f"{api.web_url}{SIGN_IN}/", stop=back)
        status, text, _ = await victim.visit(link)
        assert (status, "the code is for another program" in text) == (400, True)
        assert not (await shell(api, victim.session))["signed_in"]
    assert len(await refusals(api, admin)) == 2


async def test_browsers_sign_in_at_the_web_uis_port_alone(idp: IdentityProvider, api: RunningApi, admin: str) -> None:
    """The API's port begins no session of a browser; an unknown provider is named in the refusal."""
    await configure(api, admin, idp)
    assert (await api.call("GET", f"{SIGN_IN}/")).status == 404
    assert (await api.call("GET", f"{ROOT}/oidc/signed-in?code=x")).status == 404
    unknown = await api.browse("GET", f"{ROOT}/oidc/sign-in?provider=<b>no", Accept="text/html")
    assert (unknown.status, b"&lt;b&gt;no" in unknown.body) == (400, True)


async def test_sensuctl_logs_in_with_the_browser(
    idp: IdentityProvider, api: RunningApi, admin: str, tmp_path: Path
) -> None:
    """Sensuctl prints a URL, waits for the browser, and then has the user's session; strangers' requests do nothing."""
    await configure(api, admin, idp)
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    sensuctl = [sys.executable, "-m", "sensu.sensuctl.main"]
    waiting = await asyncio.create_subprocess_exec(
        *sensuctl,
        *("login", "oidc", "--api-url", api.url, "--port", "0"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert waiting.stdout
    said = (await asyncio.wait_for(waiting.stdout.readuntil(b"Waiting"), 20)).decode()
    (url,) = re.findall(r"http://\S+/authorize\S+", said)
    async with browser("helen") as visitor:
        (port,) = re.findall(r"localhost%3A(\d+)%2Fcallback", url)
        forged = await visitor.visit(f"http://localhost:{port}/callback?state=forged&code=forged", stop="-")
        assert forged[0] == 404
        status, text, _ = await visitor.visit(url, stop="-")
        assert (status, "You are logged in" in text) == (200, True)
    rest = (await asyncio.wait_for(waiting.communicate(), 20))[0].decode()
    assert (waiting.returncode, "You are logged in" in rest) == (0, True), rest
    configured = await asyncio.create_subprocess_exec(
        *sensuctl, "config", "view", "--format", "json", env=environment, stdout=asyncio.subprocess.PIPE
    )
    shown = json.loads((await configured.communicate())[0])
    assert shown["username"] == "idp:helen", shown


async def test_sensuctl_says_that_its_port_is_taken(api: RunningApi, tmp_path: Path) -> None:
    """A port that another program listens on is an error that names it and the flag."""
    taken = api.url.rpartition(":")[2]
    refused = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sensu.sensuctl.main"),
        *("configure", "-n", "--oidc", "--url", api.url, "--port", taken),
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await refused.communicate())[0].decode()
    assert (refused.returncode, f"port {taken}" in said, "--port" in said) == (1, True, True), said


@pytest.fixture(scope="module")
def world(web_ui: Path, idp: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running backend that knows the provider, whose team ops may do everything."""
    made = World(tmp_path_factory.mktemp("world"))
    try:
        made.start()
        made.api("PUT", f"{ROOT}/authproviders/idp", provider(idp))
        made.create(
            {
                "type": "ClusterRoleBinding",
                "api_version": "core/v2",
                "metadata": {"name": "ops"},
                "spec": {
                    "role_ref": {"type": "ClusterRole", "name": "cluster-admin"},
                    "subjects": [{"type": "Group", "name": "idp:ops"}],
                },
            },
        )
        yield made
    finally:
        made.close()


def log_in_at_provider(page: Page, username: str) -> None:
    """Log in at the provider, until the browser is back."""
    page.locator("input[name=login]").fill(username)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    allow(page, username)


def allow(page: Page, username: str) -> None:
    """Allow what the backend asks the provider for, until the browser is back."""
    consent = page.get_by_role("button", name="Continue")
    back = page.get_by_role("button", name=re.compile(f"^idp:{username}: account"))
    expect(consent.or_(back)).to_be_visible()
    while consent.is_visible():
        consent.click()
        expect(consent.or_(back)).to_be_visible()


def test_the_sign_in_page_offers_the_provider(idp: IdentityProvider, world: World, chromium: Browser) -> None:
    """One click leads to the provider, and back to the page that the link was for."""
    visits = Visits(chromium, world.url)
    page = visits.visit("/cluster")
    expect(page.get_by_role("link", name="Sign in with idp")).to_be_visible()
    page.get_by_role("link", name="Sign in with idp").click()
    log_in_at_provider(page, "ivy")
    expect(page.get_by_role("heading", level=1, name="Cluster")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^idp:ivy: account"))).to_be_visible()
    visits.close()


def test_a_session_that_ended_goes_on_in_another_tab(idp: IdentityProvider, world: World, chromium: Browser) -> None:
    """The dialog of an ended session opens the provider in another tab, and closes when the user is back."""
    visits = Visits(chromium, world.url, expected_errors=["status of 401"])
    page = visits.visit("/n/default/checks")
    page.get_by_role("link", name="Sign in with idp").click()
    log_in_at_provider(page, "jack")
    expect(page.get_by_role("heading", level=1, name="Checks")).to_be_visible()
    listed = world.api("GET", "/api/sensu/v1/sessions?username=idp:jack", user=USER, password=PASSWORD).body
    for session in listed["sessions"]:
        world.api("DELETE", f"/api/sensu/v1/sessions/{session['id']}")
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_be_visible()
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in with idp").click()
    tab = opened.value
    allow(tab, "jack")
    expect(dialog).not_to_be_visible()
    expect(page.get_by_role("heading", level=1, name="Checks")).to_be_visible()
    visits.close()
