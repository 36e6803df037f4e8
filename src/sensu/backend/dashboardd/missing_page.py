"""The page that a browser gets where the web UI was not built."""

from html import escape

from sensu.backend.api.plain_page import PLAIN_POLICY, plain_page
from sensu.backend.api.responses import Header
from sensu.backend.dashboardd.headers import POLICY

MISSING_POLICY: Header = (POLICY, PLAIN_POLICY)


def missing_page(problem: str) -> bytes:
    """The page in HTML; `problem` is what went wrong, empty if nothing did."""
    why = f"<p>What went wrong:</p><pre>{escape(problem)}</pre>" if problem else ""
    body = (
        "<h1>The web UI is not built</h1>"
        "<p>The web UI is not part of this installation. Everything else runs, and the API answers here too.</p>"
        "<p>To build it, run <code>make web</code> in the checkout, or install a released package. "
        f"This page then shows the web UI by itself.</p>{why}"
    )
    return plain_page("Sensu: no web UI", body, '<meta http-equiv="refresh" content="10">')
