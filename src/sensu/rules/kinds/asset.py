"""The rules of assets.

Source: recorded scenario assets-invalid.
"""

from collections.abc import Iterator, Sequence

from sensu.resources.asset import Asset
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules, at_most_one
from sensu.rules.names import asset_name_problem
from sensu.rules.selectors.selectable import PLACE, Selectable, as_list, own

SHA512_LENGTH_MIN = 128


def problems(asset: Asset) -> Iterator[FieldProblem]:
    """The rules that an asset breaks. If it has builds, only these are checked."""
    yield from at_most_one("metadata.name", asset_name_problem(asset.metadata.name))
    if not asset.metadata.namespace:
        yield FieldProblem("metadata.namespace", "namespace cannot be empty")
    if not asset.builds:
        yield from _source_problems("", asset.url, asset.sha512)
    for number, build in enumerate(asset.builds or ()):
        yield from _source_problems(f"builds[{number}].", build.url, build.sha512)


def _source_problems(path: str, url: str, sha512: str) -> Iterator[FieldProblem]:
    if not sha512:
        yield FieldProblem(f"{path}sha512", "SHA-512 checksum cannot be empty")
    elif len(sha512) < SHA512_LENGTH_MIN:
        message = f"SHA-512 checksum must be at least {SHA512_LENGTH_MIN} characters"
        yield FieldProblem(f"{path}sha512", message)
    if not url:
        yield FieldProblem(f"{path}url", "URL cannot be empty")


def expressions(asset: Asset) -> Sequence[str]:
    """The expressions that select the hosts of an asset, of all builds in order."""
    return [text for build in asset.builds or (asset,) for text in build.filters or ()]


RULES = KindRules(
    problems=problems,
    expressions=expressions,
    selectable=Selectable("asset", {**PLACE, **own(as_list, "filters")}),
    keeps_namespace=True,
    suggested=("filters",),
)
