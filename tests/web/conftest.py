"""A backend and a Chromium for each module, and for each test browsers that are watched until its end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.web.browser import CHECKOUT, Visits, running_chromium
from tests.web.world import World

WEB = CHECKOUT / "src" / "sensu" / "web"


@pytest.fixture(scope="session")
def web_ui() -> Path:
    """The folder of the build that the backend serves; tests fail without one, with the reason."""
    problem = WEB / "build-problem.txt"
    if not (WEB / "dist" / "index.html").exists():
        why = problem.read_text().strip() if problem.exists() else "it was never built"
        pytest.fail(f"the web UI is not there ({why}): run `make web`", pytrace=False)
    return WEB / "dist"


@pytest.fixture(scope="module")
def world(web_ui: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running backend."""
    made = World(tmp_path_factory.mktemp("world"))
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def visits(world: World, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Visits]:
    """Browsers of this test; at its end no page may have complained, and none may shut anybody out."""
    made = Visits(chromium, world.url)
    yield made
    try:
        complaints = made.complaints()
    finally:
        made.close()
    assert complaints == []
