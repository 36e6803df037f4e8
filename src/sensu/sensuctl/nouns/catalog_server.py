"""`sensuctl catalog server` and `preview`: serve a repository of integrations while it is developed.

Source: docs, "Catalog integrations reference", server subcommand, preview subcommand.
"""

import http.server
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sensu.client.catalog import FolderFiles
from sensu.sensuctl.catalog_source import PublishedCatalog
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.nouns.catalog_generate import publish, watch

CONNECTIONS_MAX = 64
"""Further connections are closed."""
TIMEOUT_S = 30.0
_INTEGRATIONS = "/integrations/"


def serve(context: Context) -> None:
    """`sensuctl catalog server`: the files of the Catalog API, for any page."""
    _run(context, _Handler, watches=bool(context.flag("watch")))


def preview(context: Context) -> None:
    """`sensuctl catalog preview`: the files of the Catalog API, and pages to look at."""
    _run(context, _PreviewHandler, watches=not context.flag("without-watch"))


def _run(context: Context, handler: "type[_Handler]", *, watches: bool) -> None:
    """Build a release in a folder that is deleted at the end, and serve it until SIGINT or SIGTERM."""
    snapshot = not context.flag("without-snapshot")
    temporary = context.text("temp-dir")
    try:
        folder = Path(tempfile.mkdtemp(prefix="catalog-", dir=temporary or None))
    except OSError as err:
        raise CommandFailed(f"{temporary}: {(err.strerror or str(err)).lower()}") from err
    is_over = threading.Event()
    try:
        publish(context, folder, snapshot=snapshot)
        address = (context.text("address"), int(context.flag("port") or 0))
        with _listening(address, folder, handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            _end_at_signals(is_over)
            host, port = server.server_address[:2]
            shown = f"[{host!s}]" if ":" in str(host) else str(host)
            context.say(f"serving the catalog at http://{shown}:{port}/")
            context.stderr.flush()
            if watches:
                watch(context, lambda: publish(context, folder, snapshot=snapshot), is_over)
            else:
                is_over.wait()
            server.shutdown()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_at_signals(is_over: threading.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: is_over.set())


def _listening(address: tuple[str, int], folder: Path, handler: "type[_Handler]") -> "_Server":
    try:
        return _Server(address, lambda *words: handler(*words, directory=str(folder)))
    except (OSError, OverflowError) as err:
        reason = getattr(err, "strerror", None) or str(err)
        raise CommandFailed(f"cannot listen on {address[0]}:{address[1]}: {reason.lower()}") from err


class _Server(http.server.ThreadingHTTPServer):
    """A server with a bounded number of connections at a time."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: Callable[..., Any]) -> None:
        self._free = threading.BoundedSemaphore(CONNECTIONS_MAX)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection in a thread, or close it if there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files and listings of folders; pages of other hosts may read them."""

    timeout = TIMEOUT_S

    def version_string(self) -> str:
        """The name in the header Server."""
        return "sensuctl"

    def end_headers(self) -> None:
        """Add the headers of every answer."""
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


class _PreviewHandler(_Handler):
    """The same, and pages with the integrations."""

    def do_GET(self) -> None:
        """Answer with a page or a file."""
        path = self.path.partition("?")[0]
        if path != "/" and not path.startswith(_INTEGRATIONS):
            super().do_GET()
            return
        from sensu.sensuctl.catalog_pages import POLICY, integration_page, list_page  # noqa: PLC0415

        try:
            catalog = PublishedCatalog(FolderFiles(Path(self.directory)))
            page = list_page(catalog) if path == "/" else integration_page(catalog, path.removeprefix(_INTEGRATIONS))
        except CommandFailed as err:
            self.send_error(HTTPStatus.NOT_FOUND, explain=str(err))
            return
        content = page.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(content)
