"""The rules of assets.

Source: recorded scenario assets-invalid.
"""

from collections.abc import Sequence

from sensu.resources.asset import Asset
from sensu.rules.kinds.kind_rules import KindRules
from sensu.rules.names import asset_name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, own

SHA512_LENGTH_MIN = 128


def problem(asset: Asset) -> str | None:
    """The first rule that an asset breaks, or None. If it has builds, only these are checked."""
    why = asset_name_problem(asset.metadata.name)
    if why is not None:
        return why
    if not asset.metadata.namespace:
        return "namespace cannot be empty"
    for build in asset.builds or (asset,):
        why = _source_problem(build.url, build.sha512)
        if why is not None:
            return why
    return None


def _source_problem(url: str, sha512: str) -> str | None:
    if not sha512:
        return "SHA-512 checksum cannot be empty"
    if len(sha512) < SHA512_LENGTH_MIN:
        return f"SHA-512 checksum must be at least {SHA512_LENGTH_MIN} characters"
    return None if url else "URL cannot be empty"


def expressions(asset: Asset) -> Sequence[str]:
    """The expressions that select the hosts of an asset, of all builds in order."""
    return [text for build in asset.builds or (asset,) for text in build.filters or ()]


RULES = KindRules(
    problem=problem,
    expressions=expressions,
    selectable=Selectable("asset", {**PLACE, **own(as_list, "filters")}),
    keeps_namespace=True,
    suggested=("filters",),
)
