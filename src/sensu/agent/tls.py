"""TLS connections to backends: the client context, and explanations of failed connections."""

import asyncio
import ssl
from urllib.parse import urlsplit

from sensu import tls
from sensu.agent.settings import AgentSettings
from sensu.clock import Clock
from sensu.errors import ConfigurationError
from sensu.tls_diagnosis import Endpoint, explain, speaks_tls_words
from sensu.transport.agent_socket import HandshakeRefused, Unreachable, proxy_for

EXPLAINED_S = 300.0
"""How long an explanation is reused for failures of the same kind, so that retries do not probe the backend."""
WANTS_TLS = "HTTP request to an HTTPS server"


def client_context(settings: AgentSettings) -> ssl.SSLContext | None:
    """The TLS context for wss connections, or None if no backend URL is wss.

    Raises ConfigurationError if a certificate file cannot be used.
    """
    if not any(url.startswith("wss:") for url in settings.backend_url):
        return None
    try:
        context = tls.client_context(settings.trusted_ca_file, insecure_skip_verify=settings.insecure_skip_tls_verify)
    except OSError as error:
        raise ConfigurationError(f"--trusted-ca-file {settings.trusted_ca_file}: {tls.file_problem(error)}") from error
    if settings.with_certificate:
        try:
            context.load_cert_chain(settings.cert_file, settings.key_file)
        except OSError as error:
            raise ConfigurationError(f"--cert-file {settings.cert_file}: {tls.file_problem(error)}") from error
    return context


class Explanations:
    """Explains failed connections to the backends."""

    def __init__(self, settings: AgentSettings, clock: Clock) -> None:
        self._shows_certificate, self._clock = settings.with_certificate, clock
        self._known: dict[str, tuple[str, str, float]] = {}

    def of_refusal(self, url: str, refused: HandshakeRefused) -> str:
        """Why a backend refused the handshake."""
        if WANTS_TLS in refused.body:
            return speaks_tls_words(endpoint(url))
        return f"handshake failed with status {refused.status}: {refused.body}"

    async def of_failure(self, url: str, failed: Unreachable, context: ssl.SSLContext | None) -> str:
        """Why a backend could not be reached; probes the backend once for failures of the same kind."""
        if failed.error is None:
            return failed.why
        why, words, at = self._known.get(url, ("", "", 0.0))
        now = self._clock.monotonic()
        if why != failed.why or now - at > EXPLAINED_S:
            words = await asyncio.to_thread(
                explain,
                failed.error,
                endpoint(url),
                context,
                probes=proxy_for(url) is None,
                shows_certificate=self._shows_certificate,
            )
            self._known[url] = (failed.why, words, now)
        return words or failed.why

    def forget(self, url: str) -> None:
        """Forget the explanation for a URL: the connection succeeded."""
        self._known.pop(url, None)


def endpoint(url: str) -> Endpoint:
    """The backend at a URL."""
    parts = urlsplit(url)
    return Endpoint(parts.hostname or "", parts.port or 0, parts.scheme == "wss", ("wss", "ws"))
