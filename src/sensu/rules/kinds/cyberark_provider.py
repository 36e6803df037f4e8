"""The rules of the secrets provider `CyberArkProvider`.

Source: docs, "Secrets providers reference" (required fields).
"""

from collections.abc import Callable, Iterator

import msgspec

from sensu.resources.secret_providers import CyberArkProvider
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.kinds.secret_provider import (
    OF_A_TYPE,
    TIMEOUT,
    as_go_writes,
    duration_problems,
    name_problems,
    plain_text_notice,
    required,
    tls_problems,
    url_problems,
)
from sensu.rules.redaction import REDACTED

TTL, TTL_MAX_S = "30s", 86_400.0


def completed(provider: CyberArkProvider, username: str, now: float) -> CyberArkProvider:
    """The provider with the durations that were left out."""
    client = provider.client
    timeout, ttl = as_go_writes(client.timeout or TIMEOUT), as_go_writes(client.ttl or TTL)
    return msgspec.structs.replace(provider, client=msgspec.structs.replace(client, timeout=timeout, ttl=ttl))


def problems(provider: CyberArkProvider) -> Iterator[FieldProblem]:
    """The rules that a provider breaks."""
    client = provider.client
    yield from name_problems(provider.metadata.name)
    yield from url_problems("client.appliance_url", client.appliance_url)
    for name in ("account", "login", "api_key"):
        yield from required(f"client.{name}", getattr(client, name))
    yield from duration_problems("client.timeout", client.timeout)
    yield from duration_problems("client.ttl", client.ttl, TTL_MAX_S)
    yield from tls_problems(client.tls)


def secrets(provider: CyberArkProvider, change: Callable[[str, str], str]) -> CyberArkProvider:
    """The provider with `change(place, key)` instead of its API key."""
    client = provider.client
    if not client.api_key:
        return provider
    api_key = change(f"the API key of {client.login} at {client.appliance_url}", client.api_key)
    return msgspec.structs.replace(provider, client=msgspec.structs.replace(client, api_key=api_key))


RULES = KindRules(
    notice=lambda provider: plain_text_notice(provider.client.appliance_url),
    problems=problems,
    completed=completed,
    shown=lambda provider: secrets(provider, lambda place, key: REDACTED),
    secrets=secrets,
    selectable=OF_A_TYPE,
)
