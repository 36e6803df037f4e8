"""TLS to the backends."""

import ssl

from sensu.agent.settings import AgentSettings
from sensu.errors import ConfigurationError


def client_context(settings: AgentSettings) -> ssl.SSLContext | None:
    """What wss connections trust and prove themselves with, or None where no backend is wss.

    Raises ConfigurationError for a file that cannot be used.
    """
    if not any(url.startswith("wss:") for url in settings.backend_url):
        return None
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.trusted_ca_file:
        try:
            context.load_verify_locations(settings.trusted_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(f"--trusted-ca-file {settings.trusted_ca_file}: {_why(error)}") from error
    if settings.with_certificate:
        try:
            context.load_cert_chain(settings.cert_file, settings.key_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(f"--cert-file {settings.cert_file}: {_why(error)}") from error
    if settings.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _why(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
