"""Pages in HTML that need neither the web UI nor scripts."""

import base64
from hashlib import sha256
from html import escape

_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}pre{overflow:auto}"
_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
PLAIN_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'".encode()
"""The Content-Security-Policy of these pages."""


def plain_page(title: str, body: str, head: str = "") -> bytes:
    """A page with a title, which is escaped; `body` and `head` are HTML."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">{head}'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    ).encode()
