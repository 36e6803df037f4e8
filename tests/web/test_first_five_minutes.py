"""What somebody who never saw the web UI does first: from signing in to a check that passes again."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser import DESKTOP, PHONE, Visits
from tests.web.test_forms import resource
from tests.web.test_sign_in import fill_and_send
from tests.web.world import World

NAMESPACE = "/api/core/v2/namespaces/default"
WAITING_S = 60.0
"""How long the page may keep somebody waiting in all, of five minutes."""
_ALLOWED = "event.entity.labels.region == 'eu'"


@pytest.fixture
def disk(world: World, tmp_path: Path) -> Iterator[None]:
    """An agent whose disk is 93 % full, of which the check makes an incident that a filter keeps from the pager."""
    used = tmp_path / "used"
    used.write_text("93")
    script = tmp_path / "check-disk"
    script.write_text(f'#!/bin/sh\necho "/var is $(cat {used}) % full"\n[ "$(cat {used})" -lt "$2" ] || exit 2\n')
    script.chmod(0o755)
    european = {"name": "only-europe", "type": "EventFilter", "api_version": "core/v2"}
    handler = {"name": "pager", "type": "Handler", "api_version": "core/v2"}
    pipeline = {"name": "incidents", "type": "Pipeline", "api_version": "core/v2"}
    check = {"command": f"{script} -c 90", "subscriptions": ["linux"], "interval": 2, "publish": True}
    world.create(
        resource("EventFilter", "only-europe", {"action": "allow", "expressions": [_ALLOWED]}),
        resource("Handler", "pager", {"type": "pipe", "command": "cat > /dev/null"}),
        resource("Pipeline", "incidents", {"workflows": [{"name": "page", "filters": [european], "handler": handler}]}),
        resource("CheckConfig", "disk", {**check, "pipelines": [pipeline]}),
        resource("User", "ann", {"username": "ann", "password": "P@ssw0rd!", "groups": ["cluster-admins"]}),
    )
    world.remove(f"{NAMESPACE}/silenced/entity:db1:disk")
    world.remove(f"{NAMESPACE}/events/db1/disk")
    world.start_agent("db1", "linux")
    while not world.exists(f"{NAMESPACE}/events/db1/disk"):
        sleep(0.2)
    yield
    world.kill_agent("db1")


class Stopwatch:
    """How long each step kept somebody waiting."""

    def __init__(self) -> None:
        """Nothing was done yet."""
        self.waited_s: dict[str, float] = {}

    def step(self, what: str, act: Callable[[], None], seen: Callable[[], None]) -> None:
        """Do something and wait for what it leads to."""
        start = monotonic()
        act()
        seen()
        self.waited_s[what] = monotonic() - start

    def __str__(self) -> str:
        """The steps with their times."""
        return "\n".join(f"{waited_s:6.2f} s  {what}" for what, waited_s in self.waited_s.items())


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_five_minutes(visits: Visits, world: World, disk: None, size: tuple[int, int]) -> None:
    """A check fails: somebody finds it, sees why nobody was informed, silences it, mends it, and watches it recover."""
    page = visits.visit("/", size=size)
    watch = Stopwatch()
    incident = page.get_by_role("main").get_by_role("link", name="db1 / disk")
    watch.step(
        "sign in; the overview shows what is wrong",
        lambda: fill_and_send(page, "ann", "P@ssw0rd!"),
        lambda: expect(incident).to_be_visible(timeout=20_000),
    )
    glance = page.get_by_role("region", name="At a glance")
    watch.step(
        "open the incident; it says what fails and that the pager was not informed",
        incident.click,
        lambda: expect(glance).to_contain_text("pager filtered by only-europe"),
    )
    expect(glance).to_contain_text("/var is 93 % full")
    watch.step(
        "ask why; the expression that kept it back is there with its value",
        page.get_by_role("tab", name="Why").click,
        lambda: expect(page.get_by_role("tabpanel")).to_contain_text(f"{_ALLOWED} is false"),
    )
    silence(page, watch)
    edit(page, watch)
    passing = page.get_by_role("list", name="Last results").get_by_role("listitem").filter(has_text="db1")
    watch.step(
        "watch the check recover without a reload",
        lambda: None,
        lambda: expect(passing.get_by_role("img", name="passing")).to_be_visible(timeout=20_000),
    )
    watch.step(
        "go back to the event, which passes",
        passing.get_by_role("link", name="db1").click,
        lambda: expect(page.get_by_role("main").get_by_text("passing, silenced")).to_be_visible(),
    )
    print(f"\n{watch}", file=sys.stderr)
    assert sum(watch.waited_s.values()) < WAITING_S, watch


def silence(page: Page, watch: Stopwatch) -> None:
    """Silence the event that is shown, for an hour."""
    dialog = page.get_by_role("dialog", name="Silence")
    watch.step(
        "press Silence; the dialog counts what it would silence",
        page.get_by_role("main").get_by_role("button", name="Silence").click,
        lambda: expect(dialog).to_contain_text(re.compile("1 event")),
    )
    watch.step(
        "confirm; the event says that it is silenced",
        dialog.get_by_role("button", name="Silence").click,
        lambda: expect(page.get_by_role("main").get_by_text("critical, silenced")).to_be_visible(),
    )


def edit(page: Page, watch: Stopwatch) -> None:
    """Raise the threshold of the check of the event that is shown."""
    command = page.get_by_label("Command")
    watch.step(
        "open the menu",
        page.get_by_role("main").get_by_role("button", name="More actions").click,
        lambda: expect(page.get_by_role("menuitem", name="Edit check")).to_be_visible(),
    )
    watch.step(
        "choose Edit check; the form has the command",
        page.get_by_role("menuitem", name="Edit check").click,
        lambda: expect(command).to_have_value(re.compile("-c 90$")),
    )
    saving = page.locator(".saving")
    watch.step(
        "raise the threshold; the preview names the change and on how many agents it runs",
        lambda: command.fill(command.input_value().replace("-c 90", "-c 95")),
        lambda: expect(saving.locator("ins")).to_contain_text("-c 95"),
    )
    expect(saving).to_contain_text("1 agent")
    watch.step(
        "save; the page of the check opens",
        page.get_by_role("button", name="Save", exact=True).click,
        lambda: expect(page.get_by_role("heading", level=1, name="disk")).to_be_visible(),
    )
