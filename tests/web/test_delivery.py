"""The web UI as a browser gets it from the backend."""

from playwright.sync_api import expect

from tests.web.browser import PHONE, Visits


def test_the_page_is_served_by_the_backend(visits: Visits) -> None:
    """Somebody who opens the address of the backend sees the web UI, on a desktop and on a phone."""
    for page in (visits.visit("/"), visits.visit("/", size=PHONE, theme="dark")):
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_link_to_a_view_opens_the_page(visits: Visits) -> None:
    """A link to any view, as alert texts hold it, opens the web UI."""
    page = visits.visit("/n/default/events?status=critical")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
