"""The rules of the secrets provider `AWSProvider`.

Source: docs, "Secrets providers reference" (required fields, defaults).
"""

import re
from collections.abc import Callable, Iterator

import msgspec

from sensu.resources.secret_providers import AWSProvider
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.kinds.secret_provider import OF_A_TYPE, TIMEOUT_MAX_S, name_problems, required
from sensu.rules.redaction import REDACTED

_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_ACCESS_KEY = re.compile(r"\w+", re.ASCII)


def problems(provider: AWSProvider) -> Iterator[FieldProblem]:
    """The rules that a provider breaks."""
    client = provider.client
    yield from name_problems(provider.metadata.name)
    if not _REGION.fullmatch(client.region):
        yield FieldProblem("client.region", "client.region must be the name of an AWS region, such as eu-central-1")
    if not _ACCESS_KEY.fullmatch(client.access_key) and client.access_key != REDACTED:
        yield FieldProblem("client.access_key", "client.access_key must be set, in letters and digits")
    yield from required("client.secret_key", client.secret_key)
    if not 0 < client.timeout <= TIMEOUT_MAX_S:
        message = f"client.timeout must be a number of seconds from 1 to {TIMEOUT_MAX_S:g}"
        yield FieldProblem("client.timeout", message)


def secrets(provider: AWSProvider, change: Callable[[str, str], str]) -> AWSProvider:
    """The provider with `change(place, key)` instead of each of its keys."""
    client = provider.client
    for name in ("access_key", "secret_key"):
        key: str = getattr(client, name)
        if key:
            kept = {name: change(f"the {name} for {client.region}", key)}
            client = msgspec.structs.replace(client, **kept)
    return msgspec.structs.replace(provider, client=client)


RULES = KindRules(
    problems=problems,
    shown=lambda provider: secrets(provider, lambda place, key: REDACTED),
    secrets=secrets,
    selectable=OF_A_TYPE,
)
