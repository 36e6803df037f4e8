"""Puts the lookup of secrets together."""

from collections.abc import Callable, Mapping
from typing import Any

from sensu.backend.auth.configured import Configured
from sensu.backend.auth.sealing import Sealing
from sensu.backend.basics import Basics
from sensu.backend.secrets.aws import AWSSecrets
from sensu.backend.secrets.cache import SecretCache
from sensu.backend.secrets.conjur import ConjurSecrets
from sensu.backend.secrets.env import EnvSecrets
from sensu.backend.secrets.files import FileSecrets
from sensu.backend.secrets.provider import SecretProvider
from sensu.backend.secrets.resolver import Secrets
from sensu.backend.secrets.vault import VaultSecrets
from sensu.resources.kinds import (
    AWS_PROVIDER,
    CYBERARK_PROVIDER,
    ENV_PROVIDER,
    FILE_PROVIDER,
    SECRET_PROVIDER,
    VAULT_PROVIDER,
    Kind,
)


def assembled(basics: Basics, sealing: Sealing) -> Secrets:
    """The secrets of a backend, whose providers are configured as resources."""
    settings, records = basics.settings, basics.records
    cache = SecretCache(basics.clock)
    makers: Mapping[Kind, Callable[[Any], SecretProvider]] = {
        ENV_PROVIDER: lambda _: EnvSecrets(prefix=settings.secrets_env_prefix),
        FILE_PROVIDER: lambda resource: FileSecrets(resource, settings.secrets_directories),
        CYBERARK_PROVIDER: lambda resource: ConjurSecrets(resource, settings.trusted_ca_file, basics.clock),
        AWS_PROVIDER: lambda resource: AWSSecrets(resource, settings.trusted_ca_file, basics.clock),
        VAULT_PROVIDER: lambda resource: VaultSecrets(resource, settings.trusted_ca_file, basics.clock),
    }
    providers = Configured(records, sealing, SECRET_PROVIDER, makers, cache.forget)
    secrets = Secrets(records, cache, providers)
    records.subscribe(SECRET_PROVIDER, lambda *_: secrets.refresh())
    return secrets
