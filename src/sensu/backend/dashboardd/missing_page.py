"""The page that a browser gets where the web UI was not built."""

import base64
from hashlib import sha256
from html import escape

from sensu.backend.api.responses import Header
from sensu.backend.dashboardd.headers import POLICY

_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}pre{overflow:auto}"
_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
MISSING_POLICY: Header = (
    POLICY,
    f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'".encode(),
)


def missing_page(problem: str) -> bytes:
    """The page in HTML; `problem` is what went wrong, empty if nothing did."""
    why = f"<p>What went wrong:</p><pre>{escape(problem)}</pre>" if problem else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">'
        f"<title>Sensu: no web UI</title><style>{_STYLE}</style></head><body><h1>The web UI is not built</h1>"
        "<p>The web UI is not part of this installation. Everything else runs, and the API answers here too.</p>"
        "<p>To build it, run <code>make web</code> in the checkout, or install a released package. "
        f"This page then shows the web UI by itself.</p>{why}</body></html>"
    ).encode()
