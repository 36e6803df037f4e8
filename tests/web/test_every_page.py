"""What holds for every page: it fits a small window, works with keys alone, and bears names and numbers of any size."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser import DESKTOP, GO, Visits
from tests.web.fleet import fill, fill_with_streams_and_services, send_through_pipelines
from tests.web.screenshots import PAGES
from tests.web.world import World

NARROW = (320, 640)
"""A window of 1280 px at a zoom of 400 %."""
LONG = "n" * 10_000
LABELS, NAMESPACES = 1000, 300
_IS_QUIET = """path => location.pathname + location.search === path && document.querySelector('h1') !== null
  && document.querySelector('[aria-busy=true]') === null"""
_TOO_WIDE = """() => {
  const { scrollWidth, clientWidth } = document.documentElement
  return scrollWidth <= clientWidth ? [] : [`is ${scrollWidth - clientWidth} px too wide`]
}"""
_KEYBOARD = """async () => {
  const problems = []
  // The page knows how high its bars are.
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame)
  const shown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0
  const of = (element) => element.outerHTML.slice(0, 120)
  const reachable = 'a[href], button, input, select, textarea, summary, label, [tabindex], [role=row], [role=option]'
  const stops = [...document.querySelectorAll(reachable)].filter((element) =>
    element.tabIndex >= 0 && !element.disabled && shown(element) && element.closest('[inert]') === null)
  if (stops.length < 5) problems.push(`has only ${stops.length} stops`)
  for (const stop of stops) {
    stop.focus()
    if (document.activeElement !== stop) problems.push(`cannot focus ${of(stop)}`)
    if (stop.tabIndex > 0) problems.push(`has an order of its own: ${of(stop)}`)
    const seen = [stop, stop.parentElement].some((element) => parseFloat(getComputedStyle(element).outlineWidth) >= 2)
    if (!seen) problems.push(`does not show the focus on ${of(stop)}`)
    const { x, y, width, height } = stop.getBoundingClientRect()
    const top = document.elementFromPoint(x + width / 2, y + Math.min(height, innerHeight) / 2)
    if (top !== null && !stop.contains(top) && !top.contains(stop) && stop.closest('label')?.contains(top) !== true)
      problems.push(`covers the focus on ${of(stop)} with ${of(top)}`)
  }
  for (const element of document.querySelectorAll('main *'))
    if (getComputedStyle(element).cursor === 'pointer' && shown(element) && element.closest(reachable) === null)
      problems.push(`can be clicked, but not reached: ${of(element)}`)
  return problems
}"""


@pytest.fixture(scope="module", autouse=True)
def filled(world: World) -> None:
    """A small company's hosts, checks, handlers and people."""
    fill(world)
    fill_with_streams_and_services(world)
    send_through_pipelines(world)


def visited(page: Page) -> Iterator[str]:
    """The names of all pages, each when it is shown."""
    for name, path in PAGES.items():
        page.evaluate(GO, path)
        page.wait_for_function(_IS_QUIET, arg=path)
        yield name


def test_every_page_fits_a_zoomed_window(visits: Visits) -> None:
    """At a zoom of 400 % no page is wider than the window."""
    visits.expected_errors.append("status of 404")
    page = visits.opened("/cluster", size=NARROW)
    problems = [f"{name} {problem}" for name in visited(page) for problem in page.evaluate(_TOO_WIDE)]
    assert not problems, "\n".join(problems)


def test_every_page_works_with_keys_alone(visits: Visits) -> None:
    """Everything that can be clicked is reached with Tab, in the order of the page, shows the focus, and lets it go."""
    visits.expected_errors.append("status of 404")
    page = visits.opened("/cluster", size=DESKTOP)
    problems = []
    for name in visited(page):
        page.keyboard.press("Tab")
        problems += [f"{name} {problem}" for problem in page.evaluate(_KEYBOARD)]
        last = page.evaluate_handle("document.activeElement")
        page.keyboard.press("Tab")
        if page.evaluate("last => document.activeElement === last", last):
            problems.append(f"{name} traps the focus")
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def large(world: World) -> None:
    """An event with a thousand labels, names of ten thousand characters, and hundreds of namespaces."""
    labels = {f"label-{number:04}": f"value-{number}" for number in range(LABELS)}
    world.report("labelled", "http", 2, labels=labels)
    world.report(LONG, "http", 2, "refused")
    metadata = {"name": LONG, "namespace": "default"}
    handler = {"type": "pipe", "command": "cat"}
    world.create({"type": "Handler", "api_version": "core/v2", "metadata": metadata, "spec": handler})
    names = [f"team-{number:03}" for number in range(NAMESPACES)]
    world.create(*({"type": "Namespace", "api_version": "core/v2", "spec": {"name": name}} for name in names))


def test_names_and_numbers_of_any_size_break_no_page(visits: Visits, world: World, large: None) -> None:
    """A thousand labels, a name of 10 KB in pages, dialogs and messages, and 300 namespaces fit a small window."""
    page = visits.opened("/n/default/entities/labelled?tab=labels", size=NARROW)
    expect(page.get_by_text(f"value-{LABELS - 1}", exact=True)).to_be_attached()
    assert page.evaluate(_TOO_WIDE) == []
    for path in (
        "/n/default/events/labelled/http?tab=entity",
        f"/n/default/entities/{LONG}",
        f"/n/default/events/{LONG}/http",
        "/n/default/events?q=nnn",
        "/n/default/entities?q=nnn",
        "/namespaces",
        "/n/default/handlers",
        f"/n/default/handlers/{LONG}",
    ):
        page.evaluate(GO, path)
        page.wait_for_function(_IS_QUIET, arg=path)
        assert page.evaluate(_TOO_WIDE) == [], path[:40]
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=re.compile("^Delete")).click()
    delete = page.get_by_role("dialog").get_by_role("button", name="Delete")
    expect(delete).to_be_in_viewport()
    delete.click()
    message = page.get_by_role("status", name="Messages")
    expect(message.get_by_role("button", name="Dismiss")).to_be_in_viewport()
    assert page.evaluate(_TOO_WIDE) == []
    page.get_by_role("button", name=re.compile("^Namespace")).click()
    namespaces = page.get_by_role("dialog", name="Namespace")
    namespaces.get_by_label("Find").fill(f"team-{NAMESPACES - 1}")
    expect(namespaces.get_by_role("button", name=f"team-{NAMESPACES - 1}")).to_be_in_viewport()
    assert page.evaluate(_TOO_WIDE) == []
