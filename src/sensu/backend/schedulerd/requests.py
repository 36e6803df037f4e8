"""Check requests: a check with the assets and hooks that it names.

Source: recorded scenario request-full (names match exactly, what is missing is left out, secrets are not sent).
"""

from collections.abc import Iterable

import msgspec

from sensu.resources.asset import Asset
from sensu.resources.check import CheckConfig
from sensu.resources.check_request import AssetList, CheckRequest
from sensu.resources.hook import HookConfig
from sensu.resources.kinds import ASSET, HOOK
from sensu.store.resource_cache import ResourceCache


def request_for(check: CheckConfig, cache: ResourceCache, issued: int) -> CheckRequest:
    """The request to run a check now."""
    namespace = check.metadata.namespace
    hooks = _hooks(check, cache)
    return CheckRequest(
        config=check,
        assets=_assets(check.runtime_assets, namespace, cache) or None,
        hooks=hooks or None,
        issued=issued,
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
    """The check as it is asked of other subscriptions than its own; its own where none are given."""
    return msgspec.structs.replace(check, subscriptions=subscriptions) if subscriptions else check
