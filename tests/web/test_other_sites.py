"""Pages of other sites: what they cannot do with the session of somebody who opens them."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import Visits
from tests.web.test_shell import open_signed_in
from tests.web.test_sign_in import fill_and_send
from tests.web.world import World

EVENTS = "/api/core/v2/namespaces/default/events"
_BLOCKED = "status of 40[13]|blocked by CORS policy|net::ERR_FAILED|frame-ancestors|Failed to load resource"


class OtherSite:
    """A site on another host name, with one page at a time."""

    def __init__(self) -> None:
        """Nothing is served before `serve`."""
        self.page = b""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(site.page)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def shows(self, body: str) -> str:
        """The address of a page with this body."""
        self.page = f"<!doctype html><html lang=en><title>Other</title><h1>Other</h1><main>{body}</main>".encode()
        return self.url

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def other(visits: Visits) -> Iterator[OtherSite]:
    """Another site, which the tests open."""
    site = OtherSite()
    visits.other_sites.append(site.url)
    yield site
    for page in visits.pages():
        page.goto("about:blank")
    site.close()


@pytest.mark.parametrize("way", ["form", "script"])
def test_a_page_of_another_site_changes_nothing(visits: Visits, world: World, other: OtherSite, way: str) -> None:
    """A form and a script on another site neither change an event nor end the session of who opens them."""
    visits.expected_errors.append(_BLOCKED)
    world.report("web1", "http", 2, "refused")
    page = open_signed_in(visits, "/n/default/events/web1/http")
    changed = {"entity": _named("web1", entity_class="proxy"), "check": _named("http", interval=60, output="changed")}
    attack = _form if way == "form" else _script
    page.goto(other.shows(attack(visits.url, json.dumps(changed))))
    page.wait_for_url(f"{visits.url}{EVENTS}/web1/http" if way == "form" else "**#tried")
    page.goto("/n/default/events/web1/http")
    expect(page.get_by_text("refused").first).to_be_visible()
    assert world.api("GET", f"{EVENTS}/web1/http").body["check"]["output"] == "refused"
    world.api("POST", f"{EVENTS}/web1/http", changed)  # the attack would work


def _named(name: str, **fields: object) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": "default"}, **fields}


def _form(url: str, event: str) -> str:
    start = f"{event[:-1]}, "
    return f"""<form method=post enctype=text/plain action="{url}{EVENTS}/web1/http">
      <input aria-label=x name='{start}"x": "' value='"}}'></form><script>document.forms[0].submit()</script>"""


def _script(url: str, event: str) -> str:
    return f"""<script>
      const send = (path, options) => fetch('{url}' + path, {{ credentials: 'include', ...options }}).catch(() => 0)
      Promise.all([
        send('{EVENTS}/web1/http', {{ method: 'POST', body: '{event}' }}),
        send('{EVENTS}/web1/http', {{ method: 'PUT', body: '{event}', headers: {{ 'Content-Type': 'text/json' }} }}),
        send('/auth/session', {{ method: 'DELETE' }}),
      ]).then(() => {{ location.hash = 'tried' }})
    </script>"""


def test_no_other_site_shows_the_web_ui_in_a_frame(visits: Visits, other: OtherSite) -> None:
    """A page that puts the web UI into a frame, to have it clicked unseen, shows nothing of it."""
    visits.expected_errors.append(_BLOCKED)
    page = open_signed_in(visits, "/n/default/events")
    page.goto(other.shows(f"<iframe title=frame src={visits.url}/n/default/events></iframe>"))
    page.wait_for_load_state("networkidle")
    (frame,) = page.frames[1:]
    assert frame.url != f"{visits.url}/n/default/events"
    assert frame.get_by_role("heading").count() == 0


def test_a_link_on_another_site_opens_for_who_is_signed_in(visits: Visits, world: World, other: OtherSite) -> None:
    """A link in a chat or a wiki leads to the event, without signing in again."""
    world.report("web1", "http", 2, "refused")
    page = open_signed_in(visits, "/n/default/events")
    page.goto(other.shows(f"<a href={visits.url}/n/default/events/web1/http>web1/http is critical</a>"))
    page.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("web1")
    expect(page.get_by_text("refused").first).to_be_visible()


def test_the_cookie_is_for_the_browser_alone_and_new_with_each_session(visits: Visits) -> None:
    """Scripts cannot read it, no other site sends it, and one that was there before signing in opens nothing."""
    page = visits.visit(None)
    page.context.add_cookies([{"name": "sensu", "value": "x" * 43, "url": visits.url, "httpOnly": True}])
    page.goto("/n/default/events")
    fill_and_send(page, USER, PASSWORD)
    expect(page.get_by_role("heading", level=1, name="Events")).to_be_visible()
    (first,) = page.context.cookies()
    assert (first["httpOnly"], first["sameSite"], first["path"]) == (True, "Strict", "/")
    assert first["value"] != "x" * 43
    assert page.evaluate("document.cookie") == ""
    sign_out(page)
    assert page.context.cookies() == []
    page.context.add_cookies([{"name": "sensu", "value": first["value"], "url": visits.url, "httpOnly": True}])
    page.goto("/n/default/events")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_nothing_is_seen_after_signing_out(visits: Visits, world: World) -> None:
    """Back leads to the sign-in page: the browser keeps neither the page with its data nor an answer of the API."""
    world.report("web1", "http", 2, "only for eyes of ours")
    page = open_signed_in(visits, "/n/default/events")
    page.goto("/n/default/events/web1/http")
    expect(page.get_by_text("only for eyes of ours").first).to_be_visible()
    sign_out(page)
    page.go_back()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "only for eyes of ours" not in page.content()


def sign_out(page: Page) -> None:
    """Sign out with the menu of the person."""
    page.get_by_role("button", name=re.compile("^admin: account")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
