"""`sensuctl asset add` and `asset outdated`: assets from Bonsai.

Source: docs "Use assets to install plugins"; recorded sensuctl session asset-bonsai.
"""

from typing import Any

from sensu.resources.kinds import ASSET
from sensu.sensuctl.bonsai import Bonsai, BonsaiName, newest, parse_name, version_order
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.output import show_table, show_value
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.resource_commands import checked, name_of
from sensu.sensuctl.table import Column

ANNOTATIONS = "io.sensu.bonsai."
COLUMNS = (
    Column("Asset Name", lambda row: row["asset_name"], key=True),
    Column("Bonsai Asset", lambda row: f"{row['bonsai_namespace']}/{row['bonsai_name']}"),
    Column("Current Version", lambda row: row["current_version"]),
    Column("Latest Version", lambda row: row["latest_version"]),
)


def chosen_version(context: Context, bonsai: Bonsai, asked: BonsaiName) -> BonsaiName:
    """The asset with the requested version or the newest, which is then printed; raises CommandFailed."""
    versions = bonsai.versions(asked)
    if not asked.version:
        version = newest(versions)
        if not version:
            raise CommandFailed(f"{asked.full} has no versions")
        context.print(f"no version specified, using latest: {version}")
        return BonsaiName(asked.namespace, asked.name, version)
    found = next((one for one in versions if one.removeprefix("v") == asked.version), None)
    if found is None:
        known = ", ".join(versions[:10]) or "none"
        raise CommandFailed(f'version "{asked.version}" of asset {asked.full} does not exist; there are: {known}')
    return BonsaiName(asked.namespace, asked.name, found)


def add_asset(context: Context) -> None:
    """`sensuctl asset add NAME[:VERSION]`."""
    bonsai = Bonsai(context)
    asset = chosen_version(context, bonsai, parse_name(context.words[0]))
    context.print(f"fetching bonsai asset: {asset.full}:{asset.version}")
    content = bonsai.release(asset)
    name = context.text("rename") or asset.full
    metadata = {**(content.get("metadata") or {}), "name": name, "namespace": context.namespace}
    body = checked(ASSET, {**content["spec"], "metadata": metadata})
    context.session.call("PUT", resource_path(ASSET, context.namespace, name), body)
    context.print(f"added asset: {name}:{asset.version}")
    context.print()
    context.print("You have successfully added the Sensu asset resource, but the asset will not get downloaded until")
    context.print("it's invoked by another Sensu resource (ex. check). To add this runtime asset to the appropriate")
    context.print(f'resource, populate the "runtime_assets" field with ["{name}"].')


def list_outdated(context: Context) -> None:
    """`sensuctl asset outdated`: the assets from Bonsai that are older than its newest version."""
    namespace = "" if context.flag("all-namespaces") else context.namespace
    found = context.session.listing(resource_path(ASSET, namespace), {}, context.flag("chunk-size") or 0)
    rows = [row for asset in found.items if (row := _outdated(context, asset)) is not None]
    if not rows and context.format in ("yaml", "wrapped-json"):
        return  # like other lists of nothing in these formats
    if not show_value(context, rows):
        show_table(context, COLUMNS, rows)


def _outdated(context: Context, asset: Any) -> dict[str, Any] | None:
    """The row of an asset that has a newer version."""
    annotations = asset["metadata"].get("annotations") or {}
    url, namespace, name, current = (
        annotations.get(ANNOTATIONS + key, "") for key in ("api_url", "namespace", "name", "version")
    )
    if not (namespace and name and current):
        return None
    latest = newest(Bonsai(context, _base_of(url)).versions(BonsaiName(namespace, name)))
    if not latest or version_order(latest) <= version_order(current):
        return None
    return {
        "bonsai_name": name,
        "bonsai_namespace": namespace,
        "asset_name": name_of(asset),
        "current_version": current,
        "latest_version": latest,
    }


def _base_of(api_url: str) -> str:
    """The site of a URL like `https://bonsai.sensu.io/api/v1/assets/…`, empty for no URL."""
    return api_url.partition("/api/")[0] if "://" in api_url else ""
