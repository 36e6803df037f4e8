"""What the browsers of a test notice: without this, the other tests of the web UI would promise less than they say."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser import Visits


@pytest.fixture
def page(visits: Visits) -> Page:
    """A page that complains of nothing."""
    page = visits.visit("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert visits.complaints() == []
    return page


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("console.error('broken')", "console: broken"),
        ("setTimeout(() => { throw new Error('lost') })", "exception: lost"),
        ("new Image().src = 'http://127.0.0.1:9/pixel'", "request to another host|content security policy: img-src"),
        ("document.body.setAttribute('style', 'color: red')", "content security policy: style-src"),
        ("document.body.append(document.createElement('input'))", "axe label"),
    ],
    ids=["console", "exception", "host", "policy", "barrier"],
)
def test_harm_is_noticed(visits: Visits, page: Page, harm: str, complaint: str) -> None:
    """A page that fails, breaks its policy, loads from elsewhere or shuts people out fails the test that opened it."""
    page.evaluate(f"() => {{ {harm} }}")
    page.wait_for_timeout(100)
    found = visits.complaints()
    assert [each for each in found if re.search(complaint, each)] != [], found
    page.close()
    visits.noticed.clear()
