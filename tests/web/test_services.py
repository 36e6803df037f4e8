"""Business services: how each is, the components that it depends on, and their form."""

import re

from playwright.sync_api import expect

from tests.web.browser import Visits
from tests.web.world import World

BSM = "/api/enterprise/bsm/v1/namespaces/default"


def test_services_are_listed_with_their_worst_rule_and_made_with_a_form(visits: Visits, world: World) -> None:
    """A component is made with the form, its arguments are typed values, and the list shows how its service is."""
    for name, status in (("store1", 2), ("store2", 0)):
        world.report(name, "stock", status, "as it is")
    page = visits.opened("/n/default/services")
    expect(page.get_by_text("No service yet.")).to_be_visible()
    page.get_by_role("link", name="New service component").click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    page.get_by_label("Name", exact=True).fill("stocks")
    page.get_by_label("Services", exact=True).fill("shop")
    page.get_by_label("Services", exact=True).press("Enter")
    page.get_by_role("button", name="Add a selector").click()
    page.get_by_label("Type", exact=True).select_option("fieldSelector")
    page.get_by_label("Selector", exact=True).fill("event.check.name == stock")
    page.get_by_label("Interval", exact=True).fill("1")
    page.get_by_label("Unit of Interval").select_option("s")
    page.get_by_role("button", name="Add a rule").click()
    rule = page.get_by_role("group", name="rule 1")
    rule.get_by_label("Name", exact=True).fill("stock-60")
    rule.get_by_label("Template", exact=True).fill("aggregate")
    rule.get_by_label("Name of a new entry in arguments").fill("critical_threshold")
    rule.get_by_label("Value of a new entry in arguments").fill("60")
    rule.get_by_role("button", name="Add to arguments").click()
    expect(page.get_by_role("textbox", name="YAML")).to_have_value(re.compile("critical_threshold: 60\n"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile("/n/default/service-components/stocks$"))
    expect(page.get_by_text("aggregate")).to_be_visible()
    stored = world.api("GET", f"{BSM}/service-components/stocks").body
    assert stored["spec"]["rules"] == [
        {"name": "stock-60", "template": "aggregate", "arguments": {"critical_threshold": 60}}
    ]
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Services").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="shop", exact=True))
    expect(row).to_contain_text("stock-60: CRITICAL: Less than 60% of selected events are OK (50%)", timeout=20_000)
    expect(row).to_contain_text("1 rule, 1 failing")
    world.report("store1", "stock", 0, "mended")
    expect(row).to_contain_text("Everything looks good (100% OK)", timeout=20_000)


def test_templates_are_listed_and_the_built_in_one_stays(visits: Visits, world: World) -> None:
    """The built-in template is shown like others, and nothing offers to change or delete it; a copy can be made."""
    page = visits.opened("/n/default/rule-templates")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="aggregate", exact=True))
    expect(row).to_contain_text("Monitor a distributed service")
    row.get_by_role("link", name="aggregate").click()
    expect(page.get_by_text("sensu.PercentageBySeverity").first).to_be_visible()
    expect(page.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
    page.get_by_role("button", name="More actions").click()
    expect(page.get_by_role("menuitem", name="Delete")).to_have_count(0)
    page.get_by_role("menuitem", name="Copy").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("mine")
    dialog.get_by_role("button", name="Copy").click()
    expect(page).to_have_url(re.compile("/n/default/rule-templates/mine$"))
    expect(page.get_by_role("link", name="Edit", exact=True)).to_be_visible()
