"""Hosts and services: the list, and one of them with its checks."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.web.browser import PHONE, Visits
from tests.web.world import EVENTS, World


def test_an_entity_is_found_and_shows_its_checks(visits: Visits, world: World) -> None:
    """The list leads to a host, whose checks are there, the worst first, and change without a reload."""
    world.report("web1", "http", 0, "HTTP 200")
    world.report("web1", "disk", 2, "/ is 97 % full")
    world.report("db1", "disk", 0, "fine")
    page = visits.opened("/n/default/entities?q=web")
    expect(page.get_by_role("link", name="db1")).to_have_count(0)
    page.get_by_role("link", name="web1").click()
    expect(page).to_have_url(re.compile("/n/default/entities/web1$"))
    rows = page.get_by_role("list", name="Checks").get_by_role("listitem")
    expect(rows.first).to_contain_text("/ is 97 % full")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    world.report("web1", "http", 1, "HTTP 503")
    expect(rows.nth(1)).to_contain_text("HTTP 503", timeout=4000)


def test_only_web_addresses_in_labels_are_links(visits: Visits, world: World) -> None:
    """A label that is a web address is a link that tells the other site nothing; other addresses are text."""
    labels = {"wiki": "https://wiki.example/web1", "bad": "javascript:alert(1)", "data": "data:text/html,x"}
    world.report("labelled", "http", 0, labels=labels)
    page = visits.opened("/n/default/entities/labelled?tab=labels")
    wiki = page.get_by_role("link", name="https://wiki.example/web1")
    expect(wiki).to_have_attribute("rel", "noopener noreferrer")
    expect(page.get_by_text("javascript:alert(1)")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("javascript|data"))).to_have_count(0)


def test_an_entity_that_does_not_exist_leads_to_the_list(visits: Visits) -> None:
    """A link to a host that is gone says so and shows the way on."""
    visits.expected_errors.append("status of 404")
    page = visits.opened("/n/default/entities/nothing", size=PHONE)
    expect(page.get_by_text("Entity nothing does not exist, or no longer exists.")).to_be_visible()
    expect(page.get_by_role("link", name="All entities")).to_be_visible()


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_an_agent_that_is_killed_is_away(visits: Visits, world: World) -> None:
    """The list shows that an agent is connected, and that it is away after it was killed; counts are filters.

    That is one incident: the TTL of its checks waits until it is back, and their pages say so.
    """
    spec = {"command": "true", "interval": 1, "ttl": 5, "subscriptions": ["ttl"], "publish": True}
    metadata = {"name": "beat", "namespace": "default"}
    world.create({"type": "CheckConfig", "api_version": "core/v2", "metadata": metadata, "spec": spec})
    world.start_agent("agent-1", "ttl", flags=["--keepalive-interval", "1", "--keepalive-warning-timeout", "5"])
    world.wait_for(EVENTS, lambda events: any(event["check"]["metadata"]["name"] == "beat" for event in events))
    page = visits.opened("/n/default/entities")
    expect(row(page, "agent-1")).to_contain_text("connected")
    page.get_by_role("button", name="1 agent").click()
    expect(page).to_have_url(re.compile("class=agent"))
    expect(page.get_by_role("link", name="web1", exact=True)).to_have_count(0)
    world.kill_agent("agent-1")
    page.goto("/n/default/entities?class=agent&connected=false")
    expect(row(page, "agent-1")).to_contain_text("away", timeout=15_000)
    page.goto("/n/default/events/agent-1/beat")
    away = "The agent is away, its last keepalive came .* the TTL of the check waits until it is back."
    expect(page.get_by_text(re.compile(away))).to_be_visible()
    page.goto("/n/default/events?q=agent-1")
    expect(row(page, "agent-1")).to_have_count(1)
    expect(row(page, "agent-1")).to_contain_text("keepalive")


def test_entities_are_deleted_with_their_events(visits: Visits, world: World) -> None:
    """The confirmation says how many entities and events go; afterwards both are gone."""
    for name in ("old-1", "old-2"):
        world.report(name, "http", 2)
    world.report("old-1", "disk", 0)
    page = visits.opened("/n/default/entities?q=old-")
    expect(row(page, "old-2")).to_be_visible()
    page.keyboard.press("a")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 2 entities and 3 events in default?")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status", name="Messages")).to_contain_text("2 entities are deleted.")
    expect(page.get_by_role("heading", name="No entity matches.")).to_be_visible()
    assert not world.exists("/api/core/v2/namespaces/default/events/old-1/disk")


def test_an_entity_is_silenced_from_the_list(visits: Visits, world: World) -> None:
    """Two keys silence everything of a selected entity."""
    world.report("noisy-1", "http", 2)
    page = visits.opened("/n/default/entities?q=noisy")
    expect(row(page, "noisy-1")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.get_by_role("menuitem", name="for 15 min")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status", name="Messages")).to_contain_text("noisy-1 is silent for 15 min.")
    assert world.exists("/api/core/v2/namespaces/default/silenced/entity:noisy-1:*")


def test_a_moment_of_the_past_is_shown_to_everybody_with_its_link(visits: Visits, world: World) -> None:
    """The ribbon leads to the moment before a failure; its link shows a colleague the same, and there is a way back."""
    world.report("traveller", "disk", 0, "9 % full")
    page = visits.opened("/n/default/entities/traveller?from=1h")
    checks = page.get_by_role("list", name="Checks")
    expect(checks).to_contain_text("9 % full")
    page.wait_for_timeout(1100)  # moments of histories are whole seconds
    world.report("traveller", "disk", 2, "97 % full")
    expect(checks).to_contain_text("97 % full")
    expect(page.get_by_role("img", name=re.compile("^disk: 1 incident in the last hour"))).to_be_visible()
    earlier = page.get_by_role("button", name="To the change before")
    while "9 % full" not in checks.inner_text() or "97 % full" in checks.inner_text():
        before = page.url
        earlier.click()
        page.wait_for_url(lambda url, before=before: url != before)
        page.wait_for_timeout(300)
    expect(page).to_have_url(re.compile(r"at=\d+"))
    expect(page.get_by_role("slider", name="Moment")).to_have_attribute("aria-valuetext", re.compile("1 passing"))
    other = visits.opened(page.url.removeprefix(world.url))
    expect(other.get_by_role("list", name="Checks")).to_contain_text("9 % full")
    other.get_by_role("button", name="Back to now").click()
    expect(other.get_by_role("list", name="Checks")).to_contain_text("97 % full")
    page.get_by_role("slider", name="Moment").press("Home")
    expect(checks).to_contain_text("No check had reported by then.")
    page.get_by_role("slider", name="Moment").press("End")
    expect(checks).to_contain_text("97 % full")


def test_the_tabs_tell_what_is_known_of_an_entity(visits: Visits, world: World) -> None:
    """Timeline, facts, subscriptions with the checks they bring, and the entity itself have a tab each."""
    spec = {"command": "true", "interval": 60, "subscriptions": ["storage"], "publish": True}
    metadata = {"name": "raid", "namespace": "default"}
    world.create({"type": "CheckConfig", "api_version": "core/v2", "metadata": metadata, "spec": spec})
    world.start_agent("tabbed", "storage")
    page = visits.opened("/n/default/entities/tabbed")
    expect(page.get_by_role("list", name="Checks")).to_contain_text("keepalive")
    page.get_by_role("tab", name="Timeline").click()
    expect(page.get_by_role("list", name="What happened")).to_contain_text("keepalive became passing")
    page.get_by_role("tab", name="Facts").click()
    expect(page.get_by_text("hostname")).to_be_visible()
    page.get_by_role("tab", name="Subscriptions").click()
    expect(page.get_by_role("link", name="raid")).to_be_visible()
    page.get_by_role("tab", name="Raw").click()
    expect(page.get_by_role("region", name="YAML")).to_contain_text("entity_class: agent")
    world.kill_agent("tabbed")


def test_the_timeline_says_when_an_agent_connected_and_why_it_went(visits: Visits, world: World) -> None:
    """An agent that was killed has its connection and the end of it in the timeline, with the name of the backend."""
    world.start_agent("came-and-went")
    path = "/api/sensu/v1/namespaces/default/entities/came-and-went"
    world.wait_for(f"{path}/timeline", lambda found: found["marks"] != [])
    world.kill_agent("came-and-went")
    world.wait_for(f"{path}/timeline", lambda found: "disconnected" in [mark["sort"] for mark in found["marks"]])
    page = visits.opened("/n/default/entities/came-and-went?tab=timeline")
    happened = page.get_by_role("list", name="What happened")
    expect(happened).to_contain_text(re.compile(r"Agent: connected to \S+"))
    expect(happened).to_contain_text(re.compile(r"Agent: disconnected from \S+: the connection was lost"))


def test_an_entity_that_its_agent_manages_says_so(visits: Visits, world: World) -> None:
    """Where the agent would overwrite a change, the page says where to make it instead."""
    world.report("managed", "http", 0, labels={"sensu.io/managed_by": "sensu-agent"})
    page = visits.opened("/n/default/entities/managed")
    expect(page.get_by_text("The agent on this host manages labels")).to_be_visible()


def test_an_entity_with_500_checks(visits: Visits, world: World) -> None:
    """All checks of an entity are there, the failing one first, and the page stays as narrow as a phone."""
    names = [f"check-{number:03}-of-all-that-run-on-this-host" for number in range(500)]
    world.report_at_once([("many", name, 2 if number == 250 else 0) for number, name in enumerate(names)])
    page = visits.opened("/n/default/entities/many", size=(320, 640))
    checks = page.get_by_role("list", name="Checks").get_by_role("listitem")
    expect(checks).to_have_count(500, timeout=20_000)
    expect(checks.first).to_contain_text("check-250")
    expect(page.get_by_role("button", name="Show all 500 checks")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_an_entity_is_deleted_with_what_it_has(visits: Visits, world: World) -> None:
    """Delete says how many events go with the entity, and leads back to the list."""
    world.report("goner", "http", 1)
    page = visits.opened("/n/default/entities/goner")
    expect(page.get_by_role("list", name="Checks")).to_contain_text("http")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete this entity?")
    expect(dialog).to_contain_text("goner is deleted with its 1 event")
    dialog.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/entities$"))
    assert not world.exists("/api/core/v2/namespaces/default/entities/goner")
