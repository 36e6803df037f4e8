"""Puts the lookup of secrets together."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sensu.backend.auth.configured import Configured
from sensu.backend.auth.sealing import Sealing
from sensu.backend.basics import Basics
from sensu.backend.secrets.aws import AWSSecrets
from sensu.backend.secrets.cache import SecretCache
from sensu.backend.secrets.conjur import ConjurSecrets
from sensu.backend.secrets.core_dumps import forbid_core_dumps
from sensu.backend.secrets.env import EnvSecrets
from sensu.backend.secrets.failures import ProviderFailures
from sensu.backend.secrets.files import FileSecrets
from sensu.backend.secrets.provider import NoSecret, SecretProvider
from sensu.backend.secrets.resolver import Secrets
from sensu.backend.secrets.vault import VaultSecrets
from sensu.resources.entity import Entity
from sensu.resources.kinds import (
    AWS_PROVIDER,
    CYBERARK_PROVIDER,
    ENV_PROVIDER,
    FILE_PROVIDER,
    SECRET_PROVIDER,
    VAULT_PROVIDER,
    Kind,
)
from sensu.resources.secret_providers import VaultProvider


class SecretParts(NamedTuple):
    """The secrets of a backend, and what is known of providers that fail."""

    secrets: Secrets
    failures: ProviderFailures


def assembled(
    basics: Basics,
    sealing: Sealing,
    own: Entity,
    stack: contextlib.AsyncExitStack,
    forbid_dumps: Callable[[], None] = forbid_core_dumps,
) -> SecretParts:
    """The secrets, whose providers are configured as resources; `own` is the entity of the backend.

    `forbid_dumps` is called when there is a provider whose values are kept in memory.
    """
    settings, records, clock = basics.settings, basics.records, basics.clock
    cache, failures = SecretCache(clock), ProviderFailures(basics.store, own, clock)
    trusted = settings.trusted_ca_file

    def vault(resource: VaultProvider) -> SecretProvider:
        def report(found: NoSecret | None) -> None:
            """The token is valid for a while still: whether the provider fails, reading tells."""
            failures.note(resource.metadata.name, "its token", found and NoSecret(found.why, is_missing=True))

        return VaultSecrets(resource, trusted, clock, report)

    makers: Mapping[Kind, Callable[[Any], SecretProvider]] = {
        ENV_PROVIDER: lambda _: EnvSecrets(prefix=settings.secrets_env_prefix),
        FILE_PROVIDER: lambda resource: FileSecrets(resource, settings.secrets_directories),
        CYBERARK_PROVIDER: lambda resource: ConjurSecrets(resource, trusted, clock),
        AWS_PROVIDER: lambda resource: AWSSecrets(resource, trusted, clock),
        VAULT_PROVIDER: vault,
    }
    providers = Configured(records, sealing, SECRET_PROVIDER, makers, cache.forget)
    secrets = Secrets(records, cache, providers, failures.note)

    def refresh(*_: object) -> None:
        secrets.refresh()
        if not all(provider.is_local for provider in providers().values()):
            forbid_dumps()

    records.subscribe(SECRET_PROVIDER, refresh)
    refresh()
    stack.callback(failures.close)
    stack.callback(secrets.close)
    return SecretParts(secrets, failures)
