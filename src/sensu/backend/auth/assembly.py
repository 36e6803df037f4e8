"""Assembles authentication and access control."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sensu.backend.auth.access import Access
from sensu.backend.auth.api_keys import APIKeys
from sensu.backend.auth.authenticator import Authenticator
from sensu.backend.auth.basic_provider import BasicProvider
from sensu.backend.auth.cluster_secret import cluster_secret
from sensu.backend.auth.configured import Configured
from sensu.backend.auth.directory.provider import Directory
from sensu.backend.auth.key_uses import KeyUses
from sensu.backend.auth.oidc.connection import ProviderConnection
from sensu.backend.auth.oidc.flow import SignOn
from sensu.backend.auth.oidc.provider import OIDC
from sensu.backend.auth.passwords import Passwords
from sensu.backend.auth.providers import ConfiguredProvider, Providers
from sensu.backend.auth.sealing import Sealing
from sensu.backend.auth.signing import read_private_key, read_public_key
from sensu.backend.auth.tokens import TokenLifetimes, Tokens
from sensu.backend.basics import Basics
from sensu.backend.cluster_id import cluster_id
from sensu.resources.kinds import AD_PROVIDER, AUTH_PROVIDER, LDAP_PROVIDER, OIDC_PROVIDER, Kind
from sensu.tls import client_context


@dataclass(frozen=True, slots=True)
class Auth:
    """Authentication and access control of a backend."""

    passwords: Passwords
    tokens: Tokens
    authenticator: Authenticator
    access: Access
    sealing: Sealing
    providers: Providers
    sign_on: SignOn


async def assembled(basics: Basics, stack: contextlib.AsyncExitStack) -> Auth:
    """Assemble both; raises ConfigurationError if a signing key cannot be used, and StoreError."""
    settings, records = basics.settings, basics.records
    private, public = settings.jwt_private_key_file, settings.jwt_public_key_file
    passwords = Passwords(basics.clock)
    stack.callback(passwords.close)
    sealing = Sealing(await cluster_secret(basics.store))
    trusts = partial(client_context, settings.trusted_ca_file)
    makers: Mapping[Kind, Callable[[Any], ConfiguredProvider]] = {
        LDAP_PROVIDER: partial(Directory, records=records, clock=basics.clock),
        AD_PROVIDER: partial(Directory, records=records, clock=basics.clock),
        OIDC_PROVIDER: lambda resource: OIDC(
            resource, records, basics.clock, sealing, ProviderConnection(trusts, basics.clock)
        ),
    }
    providers = Providers(BasicProvider(records, passwords), Configured(records, sealing, AUTH_PROVIDER, makers))
    tokens = Tokens(
        basics.store,
        providers,
        basics.clock,
        TokenLifetimes(access_s=settings.access_token_expiry, session_s=settings.refresh_token_expiry),
        read_private_key(private) if private else None,
        read_public_key(public) if public else None,
        await cluster_id(basics.store),
    )
    await tokens.open()
    stack.callback(tokens.close)
    sign_on = SignOn(basics.store, providers, sealing, basics.clock)
    uses = KeyUses(basics.store, records, basics.clock)
    authenticator = Authenticator(records, providers, tokens, APIKeys(records), uses)
    return Auth(passwords, tokens, authenticator, Access(records), sealing, providers, sign_on)
