"""Check requests, which a backend sends to agents to run checks."""

from sensu.resources.asset import Asset
from sensu.resources.check import CheckConfig
from sensu.resources.hook import HookConfig
from sensu.resources.wire import Wire, always_int, always_null
from sensu.resources.wire_numbers import I64


class AssetList(Wire, frozen=True):
    """The assets that one hook needs."""

    assets: tuple[Asset, ...] | None = always_null()


class CheckRequest(Wire, frozen=True):
    """A check to run now, with the assets and hooks that it names; `issued` in Unix seconds."""

    config: CheckConfig | None = always_null()
    assets: tuple[Asset, ...] | None = always_null()
    hooks: tuple[HookConfig, ...] | None = always_null()
    issued: I64 = always_int()
    hook_assets: dict[str, AssetList] | None = always_null()
    secrets: tuple[str, ...] = ()
