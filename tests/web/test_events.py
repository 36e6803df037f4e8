"""The list of events: what it shows, how it is searched, and what is done from it."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from sensu.testing.backend_process import PASSWORD, USER
from tests.web.browser import PHONE, Visits
from tests.web.fleet import AWKWARD, fill, fill_with_awkward_hosts
from tests.web.world import World

EVENTS = "/n/default/events"
ALL = f"{EVENTS}?status=critical,warning,unknown,passing"


@pytest.fixture(scope="module", autouse=True)
def hosts(world: World) -> None:
    """A small company's hosts, and hosts with awkward names and outputs."""
    fill(world)
    fill_with_awkward_hosts(world)


def open_events(
    visits: Visits, path: str = EVENTS, user: tuple[str, str] = (USER, PASSWORD), **options: object
) -> Page:
    """The list of events, for somebody who is signed in."""
    page = visits.opened(path, user, **options)
    expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    return page


def row(page: Page, entity: str, check: str) -> Locator:
    """The row of an event."""
    name = page.get_by_role("link", name=entity, exact=True)
    return page.get_by_role("row").filter(has=name).filter(has_text=check)


def entities(page: Page) -> list[str]:
    """The entities of the rows that are seen, from the top."""
    rows = page.get_by_role("row").filter(has=page.get_by_role("gridcell"))
    places = rows.evaluate_all(
        "rows => rows.map(row => [Number(row.ariaRowIndex), row.querySelector('a').textContent])"
    )
    return [name for _, name in sorted(places)]


def chip(page: Page, name: str) -> Locator:
    """One of the counts above the list."""
    return page.get_by_role("group", name="Filter by status").get_by_role("button", name=name)


def test_incidents_are_shown_the_worst_first(visits: Visits) -> None:
    """The list begins with what is wrong and not silenced, by severity; the counts are those of the namespace."""
    page = open_events(visits)
    expect(row(page, "web1", "http")).to_contain_text("connect to 10.0.0.11:443 refused")
    statuses = page.get_by_role("grid").get_by_role("img", name=re.compile("^(critical|warning|unknown)$"))
    shown = statuses.evaluate_all("marks => marks.map(mark => [mark.getBoundingClientRect().top, mark.ariaLabel])")
    words = [word for _, word in sorted(shown)]
    assert words == sorted(words, key=["critical", "warning", "unknown"].index)
    expect(row(page, "db2", "replication")).to_have_count(0)
    expect(chip(page, "critical")).to_contain_text("5")
    expect(chip(page, "silenced")).to_contain_text("1")
    expect(page).to_have_title(re.compile(r"^\(10\) Events · default"))


def test_a_count_is_a_filter(visits: Visits) -> None:
    """A click on a count shows exactly those events and is in the URL; Back takes it away, Alt hides them."""
    page = open_events(visits)
    chip(page, "silenced").click()
    expect(page).to_have_url(re.compile("silenced=true"))
    expect(row(page, "db2", "replication")).to_be_visible()
    assert entities(page) == ["db2"]
    page.go_back()
    expect(row(page, "web1", "http")).to_be_visible()
    chip(page, "critical").click(modifiers=["Alt"])
    expect(row(page, "web1", "http")).to_have_count(0)
    expect(row(page, "web3", "certificate")).to_be_visible()
    expect(page).to_have_url(re.compile("status=warning,unknown&silenced=false"))


def test_a_search_is_a_link(visits: Visits) -> None:
    """A slash, words or a comparison, and Enter: the list follows, and the URL shows the same in another browser."""
    page = open_events(visits, ALL)
    page.keyboard.press("/")
    page.keyboard.type("event.check.name == 'load' labels.region == 'us'")
    page.keyboard.press("Enter")
    expect(row(page, "web1", "load")).to_be_visible()
    expect(row(page, "db1", "load")).to_have_count(0)
    first = entities(page)
    assert set(first) == {"mail1", "web1", "web2", "web3"}
    other = open_events(visits, page.url.removeprefix(visits.url))
    expect(row(other, "web1", "load")).to_be_visible()
    assert entities(other) == first
    other.get_by_role("button", name="Remove labels.region").click()
    expect(row(other, "db1", "load")).to_be_visible()


SLOW_SEARCHES = """
(waitMs) => {
  const ask = window.fetch
  window.fetch = async (request) => {
    if (request.url.includes('/search/')) await new Promise((done) => setTimeout(done, waitMs))
    return ask(request)
  }
}
"""
"""Completions come later than the backend gives them."""


def search_box(page: Page) -> Locator:
    """The search box at the top."""
    return page.get_by_role("combobox", name="Search events")


def test_three_letters_and_tab_complete_a_search(visits: Visits) -> None:
    """Three letters and Tab write a comparison with a value that exists; Enter filters by it, and so does the link."""
    page = open_events(visits, ALL)
    page.keyboard.press("/")
    page.keyboard.type("web")
    expect(page.get_by_role("option", name="event.entity.name == 'web1'")).to_be_visible()
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    chosen = re.compile(r"^event\.entity\.name == 'web\d' $")
    expect(search_box(page)).to_have_value(chosen)
    entity = search_box(page).input_value().split("'")[1]
    page.keyboard.press("Enter")
    expect(row(page, entity, "load")).to_be_visible()
    expect(page).to_have_url(re.compile("q=event.entity.name"))
    assert set(entities(page)) == {entity}
    page.reload()
    expect(search_box(page)).to_have_value(chosen.pattern[1:-2].replace("\\", "").replace("webd", entity))
    expect(row(page, entity, "load")).to_be_visible()


@pytest.mark.parametrize("wait_ms", [0, 200], ids=["fast", "slow"])
def test_a_search_is_completed_step_by_step(visits: Visits, wait_ms: int) -> None:
    """Labels, operators and values are completed step by step, however fast somebody types; Escape closes the list."""
    page = open_events(visits, ALL)
    page.evaluate(SLOW_SEARCHES, wait_ms)
    search_box(page).click()
    page.keyboard.type("regi")
    expect(page.get_by_role("option", name="labels.region")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("option", name="== is", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("option", name="eu")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(search_box(page)).to_have_value(re.compile(r"^labels\.region == '(eu|us)' $"))
    page.keyboard.type("loa")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(search_box(page)).to_be_focused()
    expect(search_box(page)).to_have_value(re.compile("loa$"))


def test_a_mistake_in_a_search_is_marked_where_it_is(visits: Visits) -> None:
    """What the server cannot understand is marked in the text and explained; the rows of the last search stay."""
    visits.expected_errors.append("status of 400")
    page = open_events(visits, f"{ALL}&q=load")
    expect(row(page, "db1", "load")).to_be_visible()
    search_box(page).fill("load && event.check.status == && labels.region == 'eu'")
    expect(row(page, "db1", "load")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("After “event.check.status ==”, a value is missing.")
    expect(search_box(page)).to_have_attribute("aria-invalid", "true")
    expect(row(page, "db1", "load")).to_be_visible()
    search_box(page).fill("labels.region == eu-west")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Unexpected - in eu-west: put the string in quotes.")
    assert page.locator("search u").text_content() == "-west"
    search_box(page).fill("labels.region == 'eu'")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(row(page, "db1", "load")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("event.check.name == 'load'", True),
        ("event.check.name != 'load'", False),
        ("event.check.name matches 'loa'", True),
        ("event.check.name in ['load', 'http']", True),
        ("event.check.name notin ['load', 'http']", False),
        ("'entity:db1' in event.entity.subscriptions", True),
        ("'entity:db1' notin event.entity.subscriptions", False),
        ("labels.region == 'eu'", True),
        ("event.labels.region == 'us'", False),
    ],
)
def test_every_operator_works_in_the_search(visits: Visits, text: str, found: bool) -> None:
    """Each comparison of the documented syntax finds the event or leaves it out."""
    page = open_events(visits, f"{ALL}&q=db1+load+{quote(text)}")
    if found:
        expect(row(page, "db1", "load")).to_be_visible()
    else:
        expect(page.get_by_role("heading", name="No event matches.")).to_be_visible()


def test_a_term_is_edited_as_text(visits: Visits) -> None:
    """A click on a term of the search selects it in the search box."""
    page = open_events(visits, f"{ALL}&q=load+labels.region+==+'eu'")
    page.get_by_role("button", name="labels.region == 'eu'", exact=True).click()
    expect(search_box(page)).to_be_focused()
    page.keyboard.type("web1")
    expect(row(page, "web1", "load")).to_be_visible()
    expect(page).to_have_url(re.compile("q=load\\+web1"))


def test_filters_that_hide_everything_can_be_taken_away(visits: Visits) -> None:
    """Where nothing matches, the page says how many events there are and offers to drop each filter."""
    page = open_events(visits, f"{EVENTS}?q=nothing-like-this")
    expect(page.get_by_role("heading", name="No event matches.")).to_be_visible()
    expect(page.get_by_text(re.compile("30 events are in this namespace"))).to_be_visible()
    page.get_by_role("button", name="Without “nothing-like-this”").click()
    expect(row(page, "web1", "http")).to_be_visible()
    expect(page).to_have_url(f"{visits.url}{EVENTS}")


def test_the_order_and_the_columns_are_in_the_url(visits: Visits) -> None:
    """Somebody orders by name and adds a label as a column; the link shows both."""
    page = open_events(visits, f"{ALL}&q=load&cols=entity,check,labels.region")
    expect(row(page, "db1", "load")).to_contain_text("eu")
    page.get_by_role("button", name="Order: severity").click()
    page.get_by_role("menuitem", name="name").click()
    expect(page).to_have_url(re.compile("order=name"))
    expect(page.get_by_role("button", name="Order: name")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text("cache1")
    names = entities(page)
    assert names == sorted(names)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("menuitem", name="Class").click()
    expect(page.get_by_role("columnheader", name="Class")).to_be_visible()


def test_the_list_works_with_the_keyboard_alone(visits: Visits) -> None:
    """Keys do everything: move, select, extend, clear, open; Back returns to the same row."""
    page = open_events(visits)
    expect(row(page, "web1", "http")).to_be_visible()
    names = entities(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowDown")
    selected = page.get_by_role("row", selected=True)
    expect(selected).to_have_count(2)
    expect(page.get_by_role("region", name="Selection")).to_contain_text("2 selected")
    page.keyboard.press("Escape")
    expect(selected).to_have_count(0)
    page.keyboard.press("k")
    expect(page.locator("[role=row]:focus")).to_contain_text(names[1])
    page.keyboard.press("End")
    expect(page.locator("[role=row]:focus")).to_contain_text(names[-1])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{EVENTS}/{names[-1]}/"))
    page.go_back()
    expect(page.locator("[role=row][tabindex='0']")).to_contain_text(names[-1])


@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
def test_hostile_output_stays_text(visits: Visits, size: tuple[int, int]) -> None:
    """Markup, control characters, right-to-left text and endless words are text, and the layout holds."""
    page = open_events(visits, size=size)
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    expect(page.get_by_text("line 0: red and reversed").first).to_be_visible()
    long_name, long_check, _, _ = AWKWARD[0]
    expect(row(page, long_name, long_check)).to_be_visible()
    heights = page.get_by_role("row").evaluate_all("rows => rows.slice(1).map(row => row.offsetHeight)")
    assert len(set(heights)) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    boxes = page.get_by_role("gridcell").evaluate_all(
        "cells => cells.map(cell => [cell.scrollWidth - cell.clientWidth, cell.textContent])"
    )
    assert [text for wider, text in boxes if wider > 1] == []


def test_two_keys_silence_an_event_and_undo_takes_it_back(visits: Visits, world: World) -> None:
    """An event is silenced with s and Enter; it leaves the incidents, and Undo brings it back."""
    page = open_events(visits, f"{EVENTS}?q=web1")
    expect(row(page, "web1", "http")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.get_by_role("menuitem", name="for 15 min")).to_be_visible()
    page.keyboard.press("Enter")
    message = page.get_by_role("status", name="Messages")
    expect(message).to_contain_text("web1/http is silent for 15 min.")
    silence = "/api/core/v2/namespaces/default/silenced/entity:web1:http"
    assert world.exists(silence)
    incident = row(page, "web1", "http").filter(has_not_text="no longer in this list")
    expect(incident).to_have_count(0)
    message.get_by_role("button", name="Undo").click()
    expect(incident).to_be_visible()
    assert not world.exists(silence)


def test_selected_events_are_resolved_together(visits: Visits, world: World) -> None:
    """Two events are selected and resolved after a confirmation that says how many; both leave the list."""
    for host in ("old-1", "old-2"):
        world.report(host, "leftover", 2, "left behind")
    page = open_events(visits, f"{EVENTS}?q=leftover")
    expect(row(page, "old-2", "leftover")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.get_by_role("region", name="Selection")).to_contain_text("All 2 events that match")
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Resolve 2 events in default?")
    dialog.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("2 events are resolved.")
    expect(page.get_by_role("heading", name="No event matches.")).to_be_visible(timeout=8000)
    body = world.api("GET", "/api/core/v2/namespaces/default/events/old-1/leftover").body
    assert body["check"]["status"] == 0


def test_events_are_deleted_after_a_confirmation(visits: Visits, world: World) -> None:
    """Delete says how many and where; Cancel leaves them alone."""
    world.report("gone-1", "retired", 1, "nobody needs this")
    page = open_events(visits, f"{EVENTS}?q=retired")
    expect(row(page, "gone-1", "retired")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 1 event in default?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No event matches.")).to_be_visible(timeout=8000)
    assert not world.exists("/api/core/v2/namespaces/default/events/gone-1/retired")


@pytest.fixture
def reader(world: World) -> Iterator[tuple[str, str]]:
    """A user who may look and no more."""
    world.create(
        {
            "type": "RoleBinding",
            "api_version": "core/v2",
            "metadata": {"name": "readers", "namespace": "default"},
            "spec": {
                "subjects": [{"type": "User", "name": "ann"}],
                "role_ref": {"type": "ClusterRole", "name": "view"},
            },
        }
    )
    yield "ann", "P@ssw0rd!"
    world.remove("/api/rbac/v2/namespaces/default/rolebindings/readers")


def test_somebody_who_may_only_look_is_offered_no_action(visits: Visits, reader: tuple[str, str]) -> None:
    """With the role view, selecting works and no button appears that would be refused."""
    page = open_events(visits, user=reader)
    expect(row(page, "web1", "http")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    bar = page.get_by_role("region", name="Selection")
    expect(bar).to_be_visible()
    names = [name.strip() for name in bar.get_by_role("button").all_inner_texts()]
    assert [name for name in names if re.match("Silence|Resolve|Run|Delete|Clear silences", name)] == []


def test_an_empty_namespace_says_how_to_begin(visits: Visits) -> None:
    """Where nothing has reported yet, the page has the line that starts an agent."""
    page = open_events(visits, "/n/staging/events")
    expect(page.get_by_role("heading", name="Nothing has reported yet.")).to_be_visible()
    expect(page.get_by_text("sensu-agent start --backend-url ws://127.0.0.1:8081")).to_be_visible()


def test_a_failure_and_a_recovery_are_seen_without_a_reload(visits: Visits, world: World) -> None:
    """A check fails: row, counts and title show it within 2 s; it recovers, and the row says so before it goes."""
    page = open_events(visits)
    expect(row(page, "web1", "http")).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    world.report("live-1", "socket", 2, "nobody listens")
    expect(row(page, "live-1", "socket")).to_be_visible(timeout=2000)
    expect(chip(page, "critical")).to_contain_text("6", timeout=2000)
    expect(page).to_have_title(re.compile(r"^\(11\) Events"), timeout=2000)
    world.report("live-1", "socket", 0, "somebody listens")
    expect(row(page, "live-1", "socket")).to_contain_text("recovered", timeout=2000)
    expect(chip(page, "critical")).to_contain_text("5", timeout=2000)
    expect(row(page, "live-1", "socket")).to_have_count(0, timeout=8000)
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_nothing_moves_under_the_pointer(visits: Visits, world: World) -> None:
    """While the pointer is on the list, new events wait; a click on what says so, or leaving the list, puts them in."""
    page = open_events(visits)
    expect(row(page, "web1", "http")).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    before = entities(page)
    page.get_by_text("connect to 10.0.0.11:443 refused").hover()
    world.report("late-1", "socket", 2, "nobody listens")
    pill = page.get_by_role("button", name="1 changed: reorder")
    expect(pill).to_be_visible(timeout=3000)
    assert entities(page) == before
    pill.click()
    expect(row(page, "late-1", "socket")).to_be_visible()
    world.remove("/api/core/v2/namespaces/default/events/late-1/socket")


def test_a_number_that_moved_is_asked_about_again(visits: Visits, world: World) -> None:
    """All that match are resolved; more match meanwhile: nothing is done, and the new number is asked about."""
    visits.expected_errors.append("status of 409")
    world.report_at_once([(f"moved-{number}", "count", 2) for number in range(4)])
    page = open_events(visits, f"{EVENTS}?q=moved-")
    expect(row(page, "moved-3", "count")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Resolve 4 events in default?")
    expect(dialog).to_be_visible()
    world.report_at_once([(f"moved-more-{number}", "count", 2) for number in range(3)])
    dialog.get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("dialog", name="Resolve 7 events in default?")
    expect(dialog.get_by_role("alert")).to_have_text("7 events match now, not 4. Look again before you resolve them.")
    dialog.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("7 events are resolved.")


def test_checks_run_again_once_for_each_selected_entity(visits: Visits, world: World, tmp_path: Path) -> None:
    """Checks of one of two agents run again: each once, on that agent alone, and the rows show the new results."""
    for check in ("first", "second"):
        ran = f"{tmp_path}/{check}-{{{{ .name }}}}"
        command = f"echo ran >> {ran}; echo {check} ran $(wc -l < {ran}) times; exit 1"
        spec = {"command": command, "interval": 3600, "subscriptions": ["again"], "publish": False}
        metadata = {"name": check, "namespace": "default"}
        world.create({"type": "CheckConfig", "api_version": "core/v2", "metadata": metadata, "spec": spec})
    for agent in ("again-1", "again-2"):
        world.start_agent(agent, "again")
    for check in ("first", "second"):
        world.api("POST", f"/api/core/v2/namespaces/default/checks/{check}/execute", {"check": check})
    everything = "/api/sensu/v1/namespaces/default/events/rows?word=again-"
    world.wait_for(everything, lambda answer: sum(row["check"] != "keepalive" for row in answer["rows"]) == 4)
    page = open_events(visits, f"{EVENTS}?q=again-1")
    expect(row(page, "again-1", "second")).to_be_visible()
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("t")
    expect(page.get_by_role("status", name="Messages")).to_contain_text("2 events run again.")
    for check in ("first", "second"):
        expect(row(page, "again-1", check)).to_contain_text(f"{check} ran 2 times")
    ran = {path.name: path.read_text().count("ran") for path in tmp_path.iterdir()}
    assert ran == {"first-again-1": 2, "second-again-1": 2, "first-again-2": 1, "second-again-2": 1}
    for agent in ("again-1", "again-2"):
        world.kill_agent(agent)


def test_changes_are_said_one_sentence_at_a_time(visits: Visits, world: World) -> None:
    """A screen reader hears what changed as a sentence, and five seconds later what changed since."""
    page = visits.visit(None)
    page.clock.install()
    visits.sign_in(page, USER, PASSWORD)
    page.goto(EVENTS)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    said = page.locator(".visually-hidden[aria-live=polite]")
    world.report("said-1", "socket", 2)
    expect(said).to_have_text("1 new incident, the worst critical")
    world.report("said-2", "socket", 1)
    expect(row(page, "said-2", "socket")).to_be_visible()
    world.report("said-3", "socket", 1)
    expect(row(page, "said-3", "socket")).to_be_visible()
    expect(said).to_have_text("1 new incident, the worst critical")
    page.clock.fast_forward(5000)
    expect(said).to_have_text("2 new incidents, the worst warning")
