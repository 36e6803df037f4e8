"""A log-in in the user's browser: at an identity provider, and back to this computer with a code."""

import hmac
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from sensu.rules.oidc import challenge_of
from sensu.sensuctl.failure import CommandFailed

WAIT_S = 600.0
"""How long a user may take; the backend waits no longer either."""
REQUEST_S = 5.0
AUTHORIZE = "/api/enterprise/authentication/v2/oidc/authorize"
_DONE = "<h1>You are logged in</h1><p>Close this page, and go on in the terminal.</p>"
_UNKNOWN = "<h1>Nothing is here</h1><p>This page is not part of the log-in that sensuctl began.</p>"
_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>sensuctl</title></head><body>{}</body></html>'
)


class BrowserLogin:
    """Waits on a port of this computer for a browser that comes back; use it as a context manager."""

    def __init__(self, api_url: str, port: int, provider: str = "") -> None:
        """`provider` is needed only where there are several; raises CommandFailed if the port is taken."""
        self.verifier, self._state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        try:
            self._server = _Server(("127.0.0.1", port), self._state)
        except (OSError, OverflowError) as err:
            why = getattr(err, "strerror", None) or str(err)
            raise CommandFailed(f"cannot listen on port {port} for the browser: {why.lower()}; use --port") from err
        callback = f"http://localhost:{self._server.server_port}/callback?state={self._state}"
        query = {"callback": callback, "code_challenge": challenge_of(self.verifier)}
        query |= {"provider": provider} if provider else {}
        self.url = f"{api_url.rstrip('/')}{AUTHORIZE}?{urlencode(query)}"

    def __enter__(self) -> "BrowserLogin":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def code(self) -> str:
        """The code that the browser brings; raises CommandFailed if it does not come."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            if not self._server.came.wait(WAIT_S):
                raise CommandFailed(f"the browser did not come back within {WAIT_S / 60:g} minutes: try again")
        finally:
            self._server.shutdown()
            thread.join()
        return self._server.code


class _Server(HTTPServer):
    """Takes the code from the browser; everything else is not found."""

    def __init__(self, address: tuple[str, int], state: str) -> None:
        super().__init__(address, _Handler)
        self.state = state
        self.code = ""
        self.came = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a connection that ends early: the browser opens another one."""


class _Handler(BaseHTTPRequestHandler):
    """One request of a browser."""

    server: _Server
    timeout = REQUEST_S

    def do_GET(self) -> None:
        """Take the code, if the request is of the log-in that this program began."""
        parts = urlsplit(self.path)
        sent = {name: values[0] for name, values in parse_qs(parts.query).items()}
        own = hmac.compare_digest(sent.get("state", "").encode(), self.server.state.encode())
        accepted = parts.path == "/callback" and own and bool(sent.get("code"))
        body = _PAGE.format(_DONE if accepted else _UNKNOWN).encode()
        self.send_response(200 if accepted else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if accepted:
            self.server.code = sent["code"]
            self.server.came.set()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the path has the code."""


def open_browser(url: str, environment: Mapping[str, str]) -> None:
    """Open a URL in the browser of the desktop, if there is one; never in the terminal."""
    desktop = sys.platform in ("darwin", "win32") or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    if not desktop:
        return
    # A browser's own messages must not appear among those of the command.
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - pathlib would be imported for this alone
            os.dup2(nowhere.fileno(), 2)
        webbrowser.open(url)
    finally:
        os.dup2(saved, 2)
        os.close(saved)
