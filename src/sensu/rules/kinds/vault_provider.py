"""The rules of the secrets provider `VaultProvider`.

Source: docs, "Secrets providers reference" (required fields, defaults); Ansible collection (`timeout` as Go writes it).
"""

from collections.abc import Callable, Iterator

import msgspec

from sensu.resources.secret_providers import VaultClient, VaultProvider
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.kinds.secret_provider import (
    OF_A_TYPE,
    TIMEOUT,
    as_go_writes,
    duration_problems,
    name_problems,
    plain_text_notice,
    tls_problems,
    url_problems,
)
from sensu.rules.redaction import REDACTED

RETRIES_MAX = 10
VERSIONS = ("v1", "v2")


def url_of(client: VaultClient) -> str:
    """The URL that is asked: that of the Vault Agent, or of the server."""
    return client.agent_address or client.address


def completed(provider: VaultProvider, username: str, now: float) -> VaultProvider:
    """The provider with the documented defaults."""
    client = provider.client
    client = msgspec.structs.replace(client, timeout=as_go_writes(client.timeout or TIMEOUT))
    return msgspec.structs.replace(provider, client=client)


def problems(provider: VaultProvider) -> Iterator[FieldProblem]:
    """The rules that a provider breaks."""
    client = provider.client
    yield from name_problems(provider.metadata.name)
    yield from url_problems("client.agent_address" if client.agent_address else "client.address", url_of(client))
    has_certificate = client.tls is not None and bool(client.tls.client_cert)
    if not client.token and not client.agent_address and not has_certificate:
        message = "client.token must be set, or client.tls.client_cert to log in with a certificate"
        yield FieldProblem("client.token", message)
    if not _is_header(client.token):
        yield FieldProblem("client.token", "client.token must be printable ASCII without spaces")
    if not _is_header(client.namespace):
        yield FieldProblem("client.namespace", "client.namespace must be printable ASCII without spaces")
    if client.version not in VERSIONS:
        yield FieldProblem("client.version", f"client.version must be one of {', '.join(VERSIONS)}")
    if not 0 <= client.max_retries <= RETRIES_MAX:
        yield FieldProblem("client.max_retries", f"client.max_retries must be from 0 to {RETRIES_MAX}")
    yield from duration_problems("client.timeout", client.timeout)
    limiter = client.rate_limiter
    if limiter is not None and not (0 < limiter.limit <= 1e6 and 0 < limiter.burst <= 1_000_000):
        message = "client.rate_limiter needs a limit and a burst of more than 0; leave it out for no limit"
        yield FieldProblem("client.rate_limiter", message)
    yield from tls_problems(client.tls)


def _is_header(text: str) -> bool:
    """Whether a text can be the value of an HTTP header."""
    return text.isascii() and text.isprintable() and " " not in text


def secrets(provider: VaultProvider, change: Callable[[str, str], str]) -> VaultProvider:
    """The provider with `change(place, token)` instead of its token."""
    client = provider.client
    if not client.token:
        return provider
    token = change(f"the token for {url_of(client)}", client.token)
    return msgspec.structs.replace(provider, client=msgspec.structs.replace(client, token=token))


RULES = KindRules(
    notice=lambda provider: plain_text_notice(url_of(provider.client)),
    problems=problems,
    completed=completed,
    shown=lambda provider: secrets(provider, lambda place, token: REDACTED),
    secrets=secrets,
    selectable=OF_A_TYPE,
)
