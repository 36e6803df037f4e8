"""Builds check requests: a check with the assets, hooks and secrets that it names.

Source: recorded scenario request-full (names match exactly; missing assets and hooks are left out). agentd passes
secrets only to agents that authenticated with a certificate.
"""

import logging
from collections.abc import Iterable

import msgspec

from sensu.backend.secrets.provider import NoSecret
from sensu.backend.secrets.resolver import Secrets
from sensu.log import fields
from sensu.resources.asset import Asset
from sensu.resources.check import CheckConfig
from sensu.resources.check_request import AssetList, CheckRequest
from sensu.resources.hook import HookConfig
from sensu.resources.kinds import ASSET, HOOK
from sensu.store.resource_cache import ResourceCache

log = logging.getLogger("sensu.schedulerd")


async def request_for(
    check: CheckConfig, cache: ResourceCache, secrets: Secrets, issued: int
) -> CheckRequest | NoSecret:
    """The request to run a check now; none if one of its secrets has no value.

    If no Secret has that name, the check runs without any. Source: recorded scenario request-full.
    """
    namespace = check.metadata.namespace
    values = await secrets.variables(namespace, check.secrets)
    if isinstance(values, NoSecret):
        if not values.is_unknown:
            return values
        place = fields(namespace=namespace, check=check.metadata.name, error=values.why)
        log.error("a check runs without its secrets", extra=place)
        values = []
    hooks = _hooks(check, cache)
    return CheckRequest(
        config=check,
        assets=_assets(check.runtime_assets, namespace, cache) or None,
        hooks=hooks or None,
        issued=issued,
        secrets=tuple(f"{name}={value.reveal()}" for name, value in values),
        hook_assets={
            hook.metadata.name: AssetList(assets=_assets(hook.runtime_assets, namespace, cache) or None)
            for hook in hooks
            if hook.runtime_assets
        },
    )


def _hooks(check: CheckConfig, cache: ResourceCache) -> tuple[HookConfig, ...]:
    names = {name for group in check.check_hooks or () for hooks in group.values() for name in hooks or ()}
    found = (cache.get(HOOK, check.metadata.namespace, name) for name in sorted(names))
    return tuple(hook for hook in found if hook is not None)


def _assets(names: Iterable[str] | None, namespace: str, cache: ResourceCache) -> tuple[Asset, ...]:
    found = (cache.get(ASSET, namespace, name) for name in sorted(set(names or ())))
    return tuple(asset for asset in found if asset is not None)


def for_subscriptions(check: CheckConfig, subscriptions: tuple[str, ...]) -> CheckConfig:
    """The check with `subscriptions` in place of its own, if any are given."""
    return msgspec.structs.replace(check, subscriptions=subscriptions) if subscriptions else check
