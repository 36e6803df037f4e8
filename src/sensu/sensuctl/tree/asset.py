"""`sensuctl asset …`; `nouns/asset_bonsai.py` has the commands that use Bonsai."""

from collections.abc import Sequence
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import ASSET
from sensu.sensuctl.asset_text import short_digest, short_url
from sensu.sensuctl.command import Context
from sensu.sensuctl.declare import INTERACTIVE, ONE, change, creation, deletion, info, listing, update
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import FormField
from sensu.sensuctl.resource_commands import Noun, joined, name_of, namespace_of
from sensu.sensuctl.table import Column

FIELDS = (
    FormField("url", "URL:"),
    FormField("sha512", "SHA-512 Checksum:"),
    FormField("filters", "Filters:", "list", asked_only=True),
)

COLUMNS = (
    Column("Name", lambda row: row["name"], key=True),
    Column("URL", lambda row: short_url(row["url"])),
    Column("Hash", lambda row: short_digest(row["sha512"])),
)


def builds(asset: Any) -> Sequence[dict[str, Any]]:
    """The rows of an asset in a table, one for each build."""
    name = name_of(asset)
    return [
        {"name": name, "url": build.get("url", ""), "sha512": build.get("sha512", "")}
        for build in asset.get("builds") or (asset,)
    ]


def details(asset: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `asset info`."""
    rows = [("Name", name_of(asset)), ("Namespace", namespace_of(asset))]
    if not asset.get("builds"):
        return (*rows, *_build_rows(asset, ""))
    rows.append(("Builds", ""))
    for number, build in enumerate(asset["builds"]):
        rows += [(f"  Build {number}", ""), *_build_rows(build, "    ")]
    return rows


def _build_rows(build: Any, indent: str) -> list[tuple[str, Any]]:
    return [
        (f"{indent}URL", build.get("url", "")),
        (f"{indent}SHA-512 Checksum", build.get("sha512", "")),
        (f"{indent}Filters", joined(build.get("filters"), ", ")),
    ]


class AssetNoun(Noun):
    """Assets, whose filters are a flag that may be repeated."""

    def given(self, context: Context) -> dict[str, Any]:
        """The fields from flags."""
        return {**super().given(context), "filters": context.flag("filter")}

    def completed(self, content: dict[str, Any]) -> dict[str, Any]:
        """The asset to create; raises CommandFailed if it has no name."""
        if not content["metadata"]["name"]:
            raise CommandFailed("Bad inputs: please provide a name.")
        return content


NOUN = AssetNoun(ASSET, COLUMNS, details, FIELDS, rows=builds)
COMMANDS = (
    change(
        "asset",
        "add",
        "nouns.asset_bonsai:add_asset",
        "[NAME]",
        ONE,
        "Add an asset from Bonsai",
        "sensu/monitoring-plugins:2.6.0",
        Flag("rename", short="r", help="name of the new asset"),
    ),
    creation(
        "asset",
        "plugins --url https://example.com/plugins.tar.gz --sha512 DIGEST",
        Flag("filter", "strings", help="expressions that select the hosts for this asset"),
        INTERACTIVE,
        Flag("sha512", required=True, help="SHA-512 checksum of the archive"),
        Flag("url", short="u", required=True, help="URL of the archive"),
    ),
    deletion("asset"),
    info("asset"),
    listing("asset"),
    listing(
        "asset",
        run="nouns.asset_bonsai:list_outdated",
        name="outdated",
        summary="List assets that have newer versions on Bonsai",
    ),
    update("asset"),
)
