"""Browsers of a test, watched: what the page complains about, what it loads, and whether everybody can use it."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from sensu.testing.backend_process import PASSWORD, USER

CHECKOUT = Path(__file__).resolve().parents[2]
AXE = CHECKOUT / "src/sensu/web/node_modules/axe-core/axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = ("serious", "critical")
WAIT_MS = 10_000
DESKTOP, TABLET, PHONE = (1280, 800), (768, 1024), (390, 844)
expect.set_options(timeout=WAIT_MS)
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
GO = "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }"
"""Goes to another page as a link does, without loading everything again; takes its path."""
_WATCH_POLICY = """
document.addEventListener('securitypolicyviolation', (event) =>
  reportViolation([event.violatedDirective,
    event.blockedURI, event.sample, event.sourceFile, event.lineNumber].join(' ')))
"""


class NoBrowser(Exception):
    """Chromium, or what the page needs in a test, is missing; the text says what to install."""


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names, without a window."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        raise NoBrowser("Chromium is missing: install the Debian package chromium, or name one with CHROMIUM=/path")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield chromium
        chromium.close()


@dataclass
class Visits:
    """Separate browsers of one test, each signed out and with no cookie at first, and what was noticed in them."""

    chromium: Browser
    url: str
    expected_errors: list[str] = field(default_factory=list)
    """Patterns of lines in the console that the test is about, such as `401`."""
    noticed: list[str] = field(default_factory=list)
    other_sites: list[str] = field(default_factory=list)
    """Addresses that the test itself opens."""
    _contexts: list[BrowserContext] = field(default_factory=list)

    def visit(
        self, path: str | None = "/", *, theme: Theme = "light", size: tuple[int, int] = DESKTOP, **options: Any
    ) -> Page:
        """The page at a path, in a browser of its own; `options` are those of a Playwright context."""
        width, height = size
        options = {"color_scheme": theme, "viewport": {"width": width, "height": height}, "locale": "en-GB", **options}
        context = self.chromium.new_context(base_url=self.url, timezone_id="Europe/Berlin", **options)
        context.set_default_timeout(WAIT_MS)
        context.expose_function("reportViolation", lambda text: self.noticed.append(f"content security policy: {text}"))
        context.add_init_script(_WATCH_POLICY)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.noticed.append(f"exception: {error.error}"))
        context.on("request", self._see)
        self._contexts.append(context)
        page = context.new_page()
        if path is not None:
            page.goto(path)
        return page

    def opened(self, path: str, user: tuple[str, str] = (USER, PASSWORD), **options: Any) -> Page:
        """The page at a path for a user who is signed in; `options` are those of `visit`."""
        page = self.visit(None, **options)
        self.sign_in(page, *user)
        page.goto(path)
        return page

    def sign_in(self, page: Page, username: str, password: str) -> None:
        """Give the browser of a page the session of a user, without the form."""
        origin = {"Origin": self.url}
        credentials = {"username": username, "password": password}
        answer = page.context.request.post("/auth/session", data=credentials, headers=origin)
        assert answer.ok, answer.text()

    def leave(self, page: Page) -> None:
        """Close the browser of a page before the end of the test."""
        self._contexts.remove(page.context)
        page.context.close()

    def pages(self) -> list[Page]:
        """All pages that are open."""
        return [page for context in self._contexts for page in context.pages]

    def close(self) -> None:
        """Close all browsers of the test."""
        for context in self._contexts:
            context.close()

    def complaints(self) -> list[str]:
        """What was noticed so far and what axe finds now in each open page, in both themes; empty when all is well."""
        found = [what for page in self.pages() for what in barriers_in_both_themes(page)]
        return [*self.noticed, *found]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if not any(re.search(pattern, message.text) for pattern in self.expected_errors):
            self.noticed.append(f"console: {message.text} ({message.location.get('url')})")

    def _see(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", *self.other_sites, "data:", "blob:", "about:")):
            self.noticed.append(f"request to another host: {request.url}")


def barriers_in_both_themes(page: Page) -> list[str]:
    """What hinders people in a page, as axe sees it in the light and in the dark theme."""
    found = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [f"{theme}: {barrier}" for barrier in barriers(page)]
    return found


def barriers(page: Page) -> list[str]:
    """What hinders people in the page as it is now: rule, element and reason, as axe sees it."""
    if page.url in ("about:blank", ""):
        return []
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    options = {"runOnly": AXE_TAGS, "resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    result = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"axe {violation['id']}: {node['html'][:200]} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
        if violation["impact"] in SERIOUS
    ]


@cache
def _axe() -> str:
    try:
        return AXE.read_text(encoding="utf-8")
    except FileNotFoundError as err:
        raise NoBrowser("axe-core is missing: run `make web-check`, which installs it") from err
