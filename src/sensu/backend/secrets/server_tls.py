"""The TLS contexts for the servers of providers."""

import ssl

from sensu.resources.secret_providers import ServerTLS
from sensu.tls import client_context


def name_of(tls: ServerTLS | None) -> dict[str, str]:
    """The argument of aiohttp for a certificate with another name than that of the URL."""
    return {"server_hostname": tls.cname} if tls is not None and tls.cname else {}


def context_of(tls: ServerTLS | None, trusted_ca_file: str) -> ssl.SSLContext:
    """A context that trusts the authorities of the provider, or else those of the backend; raises OSError."""
    if tls is None:
        return client_context(trusted_ca_file)
    context = client_context(tls.ca_cert or trusted_ca_file)
    if tls.client_cert:
        context.load_cert_chain(tls.client_cert, tls.client_key)
    return context
